import RunModel
import TerminalKit

/// An orchestrator that the dashboard can turn to, and what was last seen of it.
package struct OrchestratorSight: Sendable, Equatable {
  package enum Link: Sendable, Equatable {
    case unknown, asking, answers
    case silent(String)
  }

  package var name: String
  package var address: String
  package var link = Link.unknown
  /// Runs that are running, and those that need someone.
  package var running: Int?
  package var attention: Int?

  package init(name: String, address: String) {
    self.name = name
    self.address = address
  }
}

struct SwitcherDialog: Sendable {
  var cursor = 0
}

/// Turning from one orchestrator to another.
extension DashboardState {
  mutating func openSwitcher() {
    for place in orchestrators.indices where orchestrators[place].name != self.place {
      orchestrators[place].link = .asking
    }
    let here = orchestrators.firstIndex { $0.name == place } ?? 0
    layers.append(.switcher(SwitcherDialog(cursor: here)))
    emit(.lookAround)
  }

  /// What was seen of one of them.
  mutating func take(_ sight: OrchestratorSight) {
    guard let place = orchestrators.firstIndex(where: { $0.name == sight.name }) else { return }
    orchestrators[place] = sight
  }

  /// By name or by address.
  mutating func connect(_ wanted: String) {
    guard !wanted.isEmpty else { return openSwitcher() }
    guard replay != nil || wanted != place else {
      toast("This is \(place) already", .info)
      return
    }
    emit(.connect(wanted))
  }

  mutating func takeInSwitcher(_ key: Key, _ dialog: SwitcherDialog) {
    var dialog = dialog
    switch keys.action(for: key, in: [.dialog, .moving]) {
    case .back: layers.removeLast()
    case .submit:
      layers.removeLast()
      if let chosen = orchestrators[safe: dialog.cursor] { connect(chosen.name) }
    case .up, .down, .top, .bottom:
      let action = keys.action(for: key, in: [.dialog, .moving]) ?? .down
      dialog.cursor = Self.moved(dialog.cursor, action, page: 5, count: orchestrators.count)
      setLayer(.switcher(dialog))
    default:
      if key == .character("q") { layers.removeLast() }
      if case .character(let character) = key, let number = character.wholeNumberValue,
        let chosen = orchestrators[safe: number - 1]
      {
        layers.removeLast()
        connect(chosen.name)
      }
    }
  }
}
