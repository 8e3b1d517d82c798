package import RunModel
package import TerminalKit

/// One row of the key table.
package struct Binding: Sendable {
  package var context: KeyContext
  package var action: Action
  package var keys: [Key]
  /// For the help.
  package var help: String
  /// For the footer; nil keeps it out.
  package var short: String?
}

/// The key table: handler, help, footer and palette all read it, and a user's own keys change it.
package struct KeyMap: Sendable {
  package private(set) var bindings: [Binding]
  private var actions: [KeyContext: [Key: Action]] = [:]

  package static let standard = KeyMap(bindings: Self.table)

  private init(bindings: [Binding]) {
    self.bindings = bindings
    for binding in bindings {
      for key in binding.keys where actions[binding.context]?[key] == nil {
        actions[binding.context, default: [:]][key] = binding.action
      }
    }
  }

  /// What is wrong with a user's keys, and at which action they wrote it.
  package struct Complaint: Sendable, Equatable {
    package var action: String
    package var text: String
  }

  /// The standard table with the keys of some actions changed: action → keys, parted by spaces. Throws
  /// `Problem(.invalid)` that names every unknown action, unknown key and key given twice.
  package init(overrides: [String: String]) throws(Problem) {
    let (keys, complaints) = Self.read(overrides)
    guard complaints.isEmpty else { throw Problem(.invalid, complaints.map(\.text).joined(separator: " ")) }
    self = keys
  }

  /// The same, with each complaint apart, for who knows the line of each action.
  package static func read(_ overrides: [String: String]) -> (keys: KeyMap, complaints: [Complaint]) {
    var bindings = Self.table
    var complaints: [Complaint] = []
    for (name, text) in overrides.sorted(by: { $0.key < $1.key }) {
      guard let action = Action(rawValue: name) else {
        let hint = Nearest.hint(for: name, among: Action.allCases.map(\.rawValue))
        complaints.append(
          Complaint(
            action: name,
            text: "There is no action \"\(name)\".\(hint.isEmpty ? " See: flightdeck keys" : hint)"))
        continue
      }
      var keys: [Key] = []
      for word in text.split(separator: " ") {
        if let key = Key(name: String(word)) {
          keys.append(key)
        } else {
          complaints.append(
            Complaint(
              action: name,
              text: "There is no key \"\(word)\" (for \(name)); keys are written x, X, ctrl-d, space, enter, f5."))
        }
      }
      for place in bindings.indices where bindings[place].action == action { bindings[place].keys = keys }
    }
    let keys = KeyMap(bindings: bindings)
    if overrides.isEmpty { return (keys, complaints) }
    for conflict in keys.conflicts() + keys.newlyHidden() {
      // Of two, the one that the user wrote is where to mend it.
      let place = [conflict.second, conflict.first].first { overrides[$0.rawValue] != nil } ?? conflict.second
      complaints.append(Complaint(action: place.rawValue, text: conflict.text))
    }
    return (keys, complaints)
  }

  package func action(for key: Key, in contexts: [KeyContext]) -> Action? {
    for context in contexts { if let action = actions[context]?[key] { return action } }
    return nil
  }

  func keys(for action: Action, in contexts: [KeyContext]) -> [Key] {
    bindings.first { $0.action == action && contexts.contains($0.context) }?.keys ?? []
  }

  /// A key that does one thing and hides another, which is in force in the same place.
  private struct HiddenKey: Hashable {
    var key: Key
    var first: Action
    var second: Action
  }

  /// Where each first hides its second.
  private func hidden() -> [(hidden: HiddenKey, nearer: KeyContext, farther: KeyContext)] {
    var found: [(hidden: HiddenKey, nearer: KeyContext, farther: KeyContext)] = []
    for binding in bindings {
      let farther = binding.context.isOver
      for other in bindings where farther.contains(other.context) && other.action != binding.action {
        for key in binding.keys where other.keys.contains(key) {
          found.append(
            (HiddenKey(key: key, first: binding.action, second: other.action), binding.context, other.context))
        }
      }
    }
    return found
  }

  /// What is hidden by a person's own keys; some keys of the table hide another with purpose.
  private func newlyHidden() -> [(first: Action, second: Action, text: String)] {
    var seen = Set(KeyMap.standard.hidden().map(\.hidden))
    return hidden().filter { seen.insert($0.hidden).inserted }.map { found in
      let (first, second) = (found.hidden.first, found.hidden.second)
      return (
        first, second,
        "The key \(found.hidden.key.name) means both \(first.rawValue) (\(found.nearer.title)) and \(second.rawValue) "
          + "(\(found.farther.title)): give one of them another."
      )
    }
  }

  /// Keys that stand for two actions in one context.
  func conflicts() -> [(first: Action, second: Action, text: String)] {
    var seen: [KeyContext: [Key: Action]] = [:]
    var found: [(first: Action, second: Action, text: String)] = []
    for binding in bindings {
      for key in binding.keys {
        if let other = seen[binding.context]?[key], other != binding.action {
          found.append(
            (
              other, binding.action,
              "The key \(key.name) means both \(other.rawValue) and \(binding.action.rawValue) (\(binding.context.title))."
            ))
        }
        seen[binding.context, default: [:]][key] = binding.action
      }
    }
    return found
  }
}

extension Key {
  /// Reads the form that `name` gives.
  package init?(name: String) {
    let named: [String: Key] = [
      "space": .character(" "), "enter": .enter, "tab": .tab, "shift-tab": .shiftTab, "esc": .escape,
      "backspace": .backspace, "delete": .delete, "up": .up, "down": .down, "left": .left, "right": .right,
      "home": .home, "end": .end, "pgup": .pageUp, "pgdn": .pageDown, "ctrl-left": .wordLeft, "ctrl-right": .wordRight,
      "alt-backspace": .wordBackspace, "ctrl-delete": .wordDelete, "ctrl-home": .textStart, "ctrl-end": .textEnd,
      "alt-enter": .altEnter,
    ]
    if let key = named[name] {
      self = key
    } else if name.hasPrefix("ctrl-"), name.count == 6, let character = name.lowercased().last {
      self = .ctrl(character)
    } else if name.hasPrefix("alt-"), name.count == 5, let character = name.last {
      self = .alt(character)
    } else if name.hasPrefix("f"), let number = Int(name.dropFirst()), (1...24).contains(number) {
      self = .function(number)
    } else if name.count == 1, let character = name.first {
      self = .character(character)
    } else {
      return nil
    }
  }

  /// For footer and help: arrows as arrows.
  var label: String {
    switch self {
    case .up: "↑"
    case .down: "↓"
    case .left: "←"
    case .right: "→"
    default: name
    }
  }
}
