/// What a person does at the terminal.
package enum Input: Hashable, Sendable {
  case key(Key)
  /// A bracketed paste, as it came but for its line ends, which are `\n`; never taken as keys.
  case paste(String)
  case mouse(Mouse)
  case resize(Size)
  /// The terminal's answer to what its background is, 0xRRGGBB; it may come at any time after the question.
  case background(UInt32)

  package struct Mouse: Hashable, Sendable {
    package enum Action: Hashable, Sendable { case press, doubleClick, wheelUp, wheelDown }
    package var action: Action
    package var at: Point
    package init(_ action: Action, at: Point) {
      self.action = action
      self.at = at
    }
  }
}

/// A key press. `name` gives the form used in help, footer and configuration: `j`, `X`, `ctrl-d`, `enter`, `pgup`.
package enum Key: Hashable, Sendable {
  case character(Character)
  /// `ctrl("d")`, lower case.
  case ctrl(Character)
  case alt(Character)
  case enter, tab, shiftTab, escape, backspace, delete, up, down, left, right, home, end, pageUp, pageDown
  case function(Int)

  package var name: String {
    switch self {
    case .character(" "): "space"
    case .character(let character): String(character)
    case .ctrl(let character): "ctrl-\(character)"
    case .alt(let character): "alt-\(character)"
    case .enter: "enter"
    case .tab: "tab"
    case .shiftTab: "shift-tab"
    case .escape: "esc"
    case .backspace: "backspace"
    case .delete: "delete"
    case .up: "up"
    case .down: "down"
    case .left: "left"
    case .right: "right"
    case .home: "home"
    case .end: "end"
    case .pageUp: "pgup"
    case .pageDown: "pgdn"
    case .function(let number): "f\(number)"
    }
  }
}
