import Foundation
import Glibc

/// The built program as a process of its own, in surroundings that hold nothing of the user's.
struct Program {
  struct Ending: Sendable {
    var status: Int32
    var output: String
    var diagnostic: String
  }

  /// A folder for everything; removed by whoever made it.
  let folder: String

  init() {
    var template = Array("/tmp/fdp-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template))
  }

  func remove() {
    // A folder that is gone already is as good.
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Beside the test program.
  static var path: String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("flightdeck").path
  }

  /// Streams are files and a thread of its own waits, so that no number of these can hold up the tests' tasks.
  func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "", program: String = Program.path
  ) async throws -> Ending {
    let files = ["in", "out", "err"].map { "\(folder)/\($0)" }
    try input.write(toFile: files[0], atomically: true, encoding: .utf8)
    let surroundings = ["HOME": folder, "XDG_RUNTIME_DIR": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
      .merging(environment) { $1 }
    let status = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(returning: Self.wait(program, arguments, surroundings, files))
      }
    }
    return Ending(
      status: status, output: try String(contentsOfFile: files[1], encoding: .utf8),
      diagnostic: try String(contentsOfFile: files[2], encoding: .utf8))
  }

  private static func wait(
    _ program: String, _ arguments: [String], _ environment: [String: String], _ files: [String]
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = 0
    guard posix_spawn(&child, program, &actions, nil, &argv, &envp) == 0 else { return -1 }
    // A command that hangs is a failure, and no reason for all tests to hang.
    return Reaper.wait(child, patience: 120)
  }
}
