import FoundationEssentials
import Glibc
import RunModel

/// The person's own editor, on a file that is gone afterwards.
enum Editor {
  static func edit(_ text: String) async throws -> String {
    let environment = ProcessInfo.processInfo.environment
    let editor = [environment["VISUAL"], environment["EDITOR"], "vi"].compactMap { $0 }.first { !$0.isEmpty } ?? "vi"
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
    try launch(editor, path)
    return String(decoding: try WholeFile.read(path), as: UTF8.self)
  }

  /// Blocks the terminal's thread: the editor has the terminal, and nothing is to be drawn.
  private static func launch(_ editor: String, _ path: String) throws(Problem) {
    let words = ["sh", "-c", "\(editor) \"$1\"", "flightdeck", path]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ)
    guard result == 0 else {
      throw Problem(.unavailable, "Cannot start \(editor): \(String(cString: strerror(result))). Set EDITOR to yours.")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw Problem(.conflict, "\(editor) ended with an error; the text is as it was.") }
  }
}
