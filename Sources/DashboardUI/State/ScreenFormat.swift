/// How a screen is saved, and how `--once` prints it.
package enum ScreenFormat: String, CaseIterable, Sendable {
  case text, ansi, svg, html

  /// The end of a saved file's name.
  package var suffix: String {
    switch self {
    case .text: "txt"
    case .ansi: "ans"
    case .svg: "svg"
    case .html: "html"
    }
  }
}
