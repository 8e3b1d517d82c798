/// Why a terminal cannot be used, and what to do about it.
package enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
  case notATerminal
  case tooSimple(String)
  case unknown(String)
  case alreadyOpen
  case noMemory

  package var code: String {
    switch self {
    case .notATerminal: "not_a_terminal"
    case .tooSimple, .unknown: "terminal_unsupported"
    case .alreadyOpen: "terminal_busy"
    case .noMemory: "terminal_failed"
    }
  }

  package var description: String {
    switch self {
    case .notATerminal:
      "The dashboard needs a terminal, and input or output is none here. Use `flightdeck --once` or `flightdeck runs`."
    case .tooSimple(let term):
      "The terminal \(Self.quoted(term)) cannot place text on the screen. Set TERM to what you have (for most: "
        + "xterm-256color), or use `flightdeck --once` or `flightdeck runs`."
    case .unknown(let term):
      "Nothing is known about the terminal \(Self.quoted(term)). Set TERM to what you have (for most: xterm-256color), or "
        + "install its terminfo entry (Debian: ncurses-term)."
    case .alreadyOpen: "The terminal is in use by this process already."
    case .noMemory: "The terminal could not be set up: no memory or no file descriptors left."
    }
  }

  private static func quoted(_ term: String) -> String {
    term.isEmpty ? "(TERM is not set)" : "“\(DisplayText.plain(term))” (TERM)"
  }
}
