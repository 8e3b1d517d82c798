import FoundationEssentials
import Glibc
import RunModel
import TerminalKit

/// The person's own editor, on a file that is gone afterwards.
enum Editor {
  static func edit(_ text: String) async throws -> String {
    let editor = command
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("flightdeck-\(UUID().uuidString).md").path
    let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Problem(.unavailable, "Cannot write \(path): \(String(cString: strerror(errno))).")
    }
    defer { unlink(path) }
    let bytes = Array(text.utf8)
    let written = write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count else { throw Problem(.unavailable, "Cannot write \(path): the disk is full.") }
    try launch(editor, [path])
    return String(decoding: try WholeFile.read(path), as: UTF8.self)
  }

  /// Opens a file at a line.
  static func visit(_ path: String, line: Int) async throws {
    let editor = command
    try launch(editor, arguments(for: editor, path, line: line))
  }

  /// The path of a file in a worktree. Throws `Problem(.notFound)` that says what is gone.
  static func file(_ path: String, in worktree: String) throws(Problem) -> String {
    let files = FileManager.default
    guard files.fileExists(atPath: worktree) else {
      throw Problem(
        .notFound, "The worktree \(worktree) is not on this machine any more; the run's branch holds the work.")
    }
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard names.allSatisfy({ !["", ".", "..", ".git"].contains($0.lowercased()) && !$0.utf8.contains(0) }) else {
      throw Problem(.forbidden, "\(path) is no path of the worktree.")
    }
    var place = worktree
    for (number, name) in names.enumerated() {
      place += "/" + name
      var status = stat()
      guard lstat(place, &status) == 0 else {
        throw Problem(.notFound, "\(path) is not in the worktree: the run has deleted it, or has moved on.")
      }
      switch status.st_mode & S_IFMT {
      case S_IFLNK: throw Problem(.forbidden, "\(place) is a link, which may lead out of the worktree: not opened.")
      case S_IFREG where number == names.count - 1: return place
      case S_IFDIR where number < names.count - 1: break
      default: throw Problem(.forbidden, "\(place) is no file: not opened.")
      }
    }
    return place
  }

  /// How an editor is told the line: most take `+N FILE`, some `FILE:N`.
  static func arguments(for editor: String, _ path: String, line: Int) -> [String] {
    let program = editor.split(separator: " ").first?.split(separator: "/").last.map(String.init) ?? editor
    switch program {
    case "vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "joe", "jed", "mg", "ne", "kak",
      "kate", "gedit", "mcedit", "ex", "vis":
      return ["+\(line)", path]
    case "hx", "helix", "zed", "subl": return ["\(path):\(line)"]
    case "code", "codium", "code-insiders", "cursor", "windsurf": return ["-g", "\(path):\(line)"]
    default: return [path]
    }
  }

  private static var command: String {
    let environment = ProcessInfo.processInfo.environment
    return [environment["VISUAL"], environment["EDITOR"], "vi"].compactMap { $0 }.first { !$0.isEmpty } ?? "vi"
  }

  /// Blocks the terminal's thread: the editor has the terminal, and nothing is to be drawn.
  private static func launch(_ editor: String, _ arguments: [String]) throws(Problem) {
    let words = ["sh", "-c", "\(editor) \"$@\"", "flightdeck"] + arguments
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ)
    guard result == 0 else {
      throw Problem(.unavailable, "Cannot start \(editor): \(String(cString: strerror(result))). Set EDITOR to yours.")
    }
    guard Self.wait(for: child, whenStopped: Terminal.stop) == 0 else {
      throw Problem(.conflict, "\(editor) ended with an error.")
    }
  }

  /// Returns the status that it ended with. An editor that stops, as on ctrl-z, has `whenStopped` stop this process too, so
  /// that the shell takes the terminal; whatever continues this one continues the editor.
  static func wait(for child: pid_t, whenStopped: () -> Void) -> Int32 {
    var status: Int32 = 0
    while true {
      let found = waitpid(child, &status, WUNTRACED)
      if found < 0 {
        if errno == EINTR { continue }
        return -1
      }
      // The low byte of one that is stopped, as WIFSTOPPED reads it.
      guard status & 0xFF == 0x7F else { return status }
      whenStopped()
      // The shell that started it has stopped with it, and nobody may have continued the group.
      kill(0, SIGCONT)
    }
  }
}
