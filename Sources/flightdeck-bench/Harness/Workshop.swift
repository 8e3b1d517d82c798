import FoundationEssentials
import Glibc
import RunModel

/// A folder of its own for everything that the programs under test write, and the way to the programs.
struct Workshop {
  let folder: String
  let program: String

  init() throws {
    // Short, as the path of a socket has at most 108 bytes.
    var template = Array("/tmp/fd-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Problem(.unavailable, "No folder can be made in /tmp.") }
    folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    let own = CommandLine.arguments[0]
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = length > 0 ? String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : own
    program = path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/flightdeck"
  }

  /// A new folder inside, private as state folders are.
  func makeFolder(_ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return path
  }

  func write(_ text: String, to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A git repository with one commit.
  func makeRepository(_ name: String) throws -> String {
    let path = try makeFolder(name)
    // Whoever works in a repository has told git who they are.
    let steps = [
      ["init", "-q"], ["config", "user.name", "bench"], ["config", "user.email", "bench@localhost"],
      ["commit", "-q", "--allow-empty", "-m", "Begin"],
    ]
    for words in steps {
      var pid: pid_t = 0
      let failure = withCStrings(["git", "-C", path] + words) { arguments in
        withCStrings(environment) { posix_spawnp(&pid, "git", nil, nil, arguments, $0) }
      }
      var status: Int32 = 0
      guard failure == 0, waitpid(pid, &status, 0) == pid, status == 0 else {
        throw Problem(.unavailable, "git could not make a repository in \(path). Is it installed?")
      }
    }
    return path
  }

  /// A git repository with so many commits, the last called "change N-1".
  func makeHistory(_ name: String, commits: Int) throws -> String {
    let path = try makeFolder(name)
    var stream = ""
    for place in 0..<commits {
      let message = "change \(place)"
      stream += "commit refs/heads/main\ncommitter bench <bench@localhost> \(1_700_000_000 + place * 60) +0000\n"
      stream += "data \(message.utf8.count)\n\(message)\n"
    }
    let input = try write(stream + "done\n", to: name + ".import")
    try shell("git init -q -b main . && git fast-import --quiet --done < '\(input)'", in: path)
    return path
  }

  private func shell(_ command: String, in folder: String) throws {
    var pid: pid_t = 0
    let failure = withCStrings(["sh", "-c", "cd '\(folder)' && \(command)"]) { arguments in
      withCStrings(environment) { posix_spawn(&pid, "/bin/sh", nil, nil, arguments, $0) }
    }
    var status: Int32 = 0
    guard failure == 0, waitpid(pid, &status, 0) == pid, status == 0 else {
      throw Problem(.unavailable, "This failed: \(command)")
    }
  }

  /// What every program starts with: nothing of the user's own settings.
  var environment: [String] {
    var variables = [
      "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "TERM=xterm-256color", "HOME=\(folder)",
      "XDG_RUNTIME_DIR=\(folder)",
    ]
    // Where the Swift runtime is, when it is not where the linker said.
    if let path = getenv("LD_LIBRARY_PATH") { variables.append("LD_LIBRARY_PATH=" + String(cString: path)) }
    return variables
  }

  func remove() {
    // What stays behind in /tmp harms no measurement.
    try? FileManager.default.removeItem(atPath: folder)
  }
}
