import FoundationEssentials
import Glibc
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("A supervisor that waits for the word to begin")
struct StandbyTests {
  @Test("Let go, it ends without having touched anything, and leaves no dead child")
  func letGo() async throws {
    let bench = try Bench(hasRepository: false)
    let folder = SupervisedFolder(path: bench.folder)
    try write("touch '\(bench.folder)/ran'", to: folder)
    var standby: Standby? = try await Bench.launcher.standBy(folder, environment: ["PATH": "/usr/bin:/bin"])
    let supervisor = try #require(standby).pid
    #expect(kill(supervisor, 0) == 0)
    standby = nil
    try await until("the supervisor is gone") { kill(supervisor, 0) != 0 && errno == ESRCH }
    #expect(!Files.exists(folder.lock) && !Files.exists(folder.output) && !Files.exists(bench.folder + "/ran"))
  }

  @Test("Told to begin, it does what is asked of it by then")
  func begins() async throws {
    let bench = try Bench(hasRepository: false)
    let folder = SupervisedFolder(path: bench.folder)
    let standby = try await Bench.launcher.standBy(folder, environment: ["PATH": "/usr/bin:/bin"])
    try write("cat > '\(bench.folder)/ran'; echo ended >> '\(bench.folder)/ran'", to: folder)
    let supervisor = try await Bench.launcher.begin(standby, in: folder)
    try await until("the exit record is there") { Files.exists(folder.exit) }
    await reap(supervisor)
    #expect(try folder.exitRecord()?.exitCode == 0)
    #expect(bench.read(bench.folder + "/ran") == "ended\n")
  }

  @Test("Killed while it waits, it is told as one that ended before it had started the command")
  func killed() async throws {
    let bench = try Bench(hasRepository: false)
    let folder = SupervisedFolder(path: bench.folder)
    try write("true", to: folder)
    let standby = try await Bench.launcher.standBy(folder, environment: ["PATH": "/usr/bin:/bin"])
    kill(standby.pid, SIGKILL)
    await #expect(throws: Problem.self) { _ = try await Bench.launcher.begin(standby, in: folder) }
    #expect(!Files.exists(folder.lock))
  }

  private func write(_ script: String, to folder: SupervisedFolder) throws {
    let spec = SupervisorSpec(
      command: ["/bin/sh", "-c", script], directory: "/", input: .none, graceMilliseconds: 1000,
      strayGraceMilliseconds: 1000)
    var json = JSONWriter()
    json.object { spec.writeMembers(to: &$0) }
    try Files.write(json.bytes, to: folder.spec)
  }
}
