import Foundation
import Glibc
import RunClient
import RunModel
import Testing

@testable import flightdeck

@Suite("Starting the orchestrator in the background", .timeLimit(.minutes(10))) struct BackgroundOrchestratorTests {
  /// A process that looks like an orchestrator to whoever asks who holds the store; it ends when its input does.
  private static func holder() throws -> (pid: pid_t, input: Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    let texts: [String] = ["sh", "-c", "read line; exit 0", "sh", "serve"]
    var words = texts.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let failed = posix_spawn(&child, "/bin/sh", &actions, nil, &words, environ)
    close(ends[0])
    guard failed == 0 else { throw POSIXError(.ENOEXEC) }
    return (child, ends[1])
  }

  @Test("Where another is just ending or starting, it waits for that one instead of failing on its store")
  func passing() async throws {
    var template = Array("/tmp/fdb-XXXXXX".utf8CString)
    let folder = String(cString: mkdtemp(&template))
    let holder = try Self.holder()
    defer {
      close(holder.input)
      var status: Int32 = 0
      waitpid(holder.pid, &status, 0)
      // The folder is the test's own; what is gone is gone.
      try? FileManager.default.removeItem(atPath: folder)
    }
    let paths = try Paths(environment: ["HOME": folder, "XDG_RUNTIME_DIR": folder], state: folder + "/state")
    try FileManager.default.createDirectory(atPath: paths.state, withIntermediateDirectories: true)
    try "\(holder.pid)\n".write(toFile: paths.state + "/lock", atomically: true, encoding: .utf8)
    let server = ScriptedServer { _, answer in
      answer.json("{\"status\":\"ok\",\"version\":\"x\",\"pid\":1,\"seq\":1}")
    }
    server.stop()
    let client = RunClient(.unix(path: server.path))
    var waits = 0
    let orchestrator = BackgroundOrchestrator(
      paths: paths,
      onWait: {
        waits += 1
        if waits == 2 { server.start() }
      },
      // What it waits for comes; how long that takes is the machine's.
      patience: .seconds(300), patienceWithLast: .seconds(300))
    let started: Result<Bool, any Error>
    do { started = .success(try await orchestrator.ensure(client)) } catch { started = .failure(error) }
    await client.shutdown()
    server.stop()
    let hasStarted = try started.get()
    #expect(!hasStarted && waits >= 2)
  }
}
