import FoundationEssentials
import Glibc
import RunModel

/// A program that puts its standard input on the clipboard, for terminals that do not.
struct ClipboardTool: Sendable, Equatable {
  /// As a person calls it.
  let name: String
  let words: [String]

  /// The first that fits this session; nil when there is none.
  static func find(_ variable: (String) -> String?) -> ClipboardTool? {
    var wanted: [(String, [String])] = []
    if variable("WAYLAND_DISPLAY") != nil { wanted.append(("wl-copy", ["wl-copy"])) }
    if variable("DISPLAY") != nil { wanted.append(("xclip", ["xclip", "-selection", "clipboard"])) }
    wanted.append(("pbcopy", ["pbcopy"]))
    if variable("TMUX") != nil { wanted.append(("tmux load-buffer", ["tmux", "load-buffer", "-"])) }
    let folders = (variable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    for (name, words) in wanted {
      let isThere = folders.contains { access("\($0)/\(words[0])", X_OK) == 0 }
      if isThere { return ClipboardTool(name: name, words: words) }
    }
    return nil
  }

  func copy(_ text: String) async throws {
    let status = try await ChildProcess.run(words, input: Array(text.utf8))
    if status != 0 { throw Problem(.unavailable, "\(name) could not copy: it ended with status \(status).") }
  }
}
