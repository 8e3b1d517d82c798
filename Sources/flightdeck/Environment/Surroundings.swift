import FoundationEssentials
import Glibc

/// What a terminal or a pipe at the other end can show.
struct Surroundings: Sendable, Equatable {
  var environment: [String: String]
  var outputIsTerminal: Bool
  var errorIsTerminal: Bool
  /// Columns and rows, when standard output is a terminal.
  var columns: Int?
  var rows: Int?

  static var present: Surroundings {
    let environment = ProcessInfo.processInfo.environment
    let outputIsTerminal = isatty(STDOUT_FILENO) == 1
    var size = winsize()
    let known = outputIsTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Surroundings(
      environment: environment, outputIsTerminal: outputIsTerminal, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      columns: known ? Int(size.ws_col) : nil, rows: known ? Int(size.ws_row) : nil)
  }

  /// Colour only for a person at a terminal who has not refused it (no-color.org).
  var wantsColour: Bool {
    outputIsTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
      && environment["TERM"] != nil
  }

  /// The character set of the locale, as setlocale would find it.
  var isUTF8: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    // A pipe carries UTF-8 whatever the locale; a terminal shows what its locale says. Without one, glibc has C.UTF-8.
    if !outputIsTerminal || locale.isEmpty { return true }
    let folded = locale.lowercased()
    return folded.hasSuffix("utf-8") || folded.hasSuffix("utf8") || folded.contains("utf-8@")
      || folded.contains("utf8@")
  }

  func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
