import FoundationEssentials
import Glibc
import Subprocess
import Testing

@testable import RuntimeAdapters

@Suite("Programs that run to their end", .timeLimit(.minutes(20)))
struct ProgramTests {
  /// More than a pipe holds, so that it is written only as far as it is read.
  private static let input = [UInt8](repeating: 0x78, count: 1 << 20)

  init() {
    // As the program does: else writing to a program that has ended is the writer's end.
    signal(SIGPIPE, SIG_IGN)
  }

  private func run(_ script: String, limit: Int = 4 << 20, input: [UInt8] = ProgramTests.input) async throws
    -> Program.Ending
  {
    try await Program.run("sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], limit: limit, input: input)
  }

  @Test("All of the input arrives, and its end too")
  func whole() async throws {
    let copied = try await run("cat")
    #expect(copied.status == 0 && copied.output == Self.input)
    #expect(try await run("cat; echo end", input: []).output == Array("end\n".utf8))
  }

  @Test(
    "A program that ends, or closes its input, without having read it ends as it says", arguments: ["", "exec <&-; "])
  func unread(first: String) async throws {
    for _ in 0..<20 {
      let ending = try await run(first + "echo out; echo err >&2; exit 3")
      #expect(ending.status == 3 && ending.output == Array("out\n".utf8) && ending.diagnostics == Array("err\n".utf8))
    }
  }

  @Test("A program that prints too much while it has not read its input is an error")
  func tooMuch() async throws {
    await #expect(throws: (any Error).self) { try await run("while :; do echo yyyyyyyyyyyyyyyy; done", limit: 4096) }
  }

  /// The writer cannot have finished at any of these moments, and stopping there must stop that program alone.
  @Test(
    "Canceling before, while and after a program is started, its input unwritten, ends that program and nothing else")
  func canceled() async throws {
    let folder = "/tmp/flightdeck-program-\(getpid())-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // what is left is the system's to sweep
    for round in 0..<120 {
      let mark = "\(folder)/\(round)"
      let program = Task { try await run("echo $$ > \(mark).new; mv \(mark).new \(mark); exec sleep 600") }
      switch round % 4 {
      case 0: break
      case 1: for _ in 0..<round { await Task.yield() }
      default: while !FileManager.default.fileExists(atPath: mark) { await Task.yield() }
      }
      program.cancel()
      switch await program.result {
      case .success(let ending): #expect(ending.status == 128 + Int(SIGTERM))
      case .failure: break
      }
      guard let text = FileManager.default.contents(atPath: mark) else { continue }
      let pid = try #require(pid_t(String(decoding: text, as: UTF8.self).dropLast()))
      #expect(kill(pid, 0) < 0)
    }
  }
}
