/// How many colours a terminal shows.
package enum ColorDepth: Hashable, Sendable, Comparable {
  case none, eight, sixteen, palette256, trueColor

  /// What the environment says without asking the terminal: `NO_COLOR` (when not empty), `COLORTERM`, `TERM`.
  package static func fromEnvironment(_ variable: (String) -> String?) -> ColorDepth {
    if let no = variable("NO_COLOR"), !no.isEmpty { return .none }
    let term = variable("TERM") ?? ""
    if term.isEmpty || term == "dumb" || term.hasPrefix("vt1") || term.hasPrefix("vt2") { return .none }
    if promisesTrueColor(variable) { return .trueColor }
    if term.contains("256color") { return .palette256 }
    if term.contains("16color") { return .sixteen }
    return .eight
  }

  /// Whether the terminal says that it takes 24-bit colours.
  package static func promisesTrueColor(_ variable: (String) -> String?) -> Bool {
    switch variable("COLORTERM") {
    case "truecolor", "24bit": true
    default: variable("TERM")?.hasSuffix("-direct") ?? false
    }
  }
}
