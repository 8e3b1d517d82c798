import Foundation
import Glibc
import RunModel
import Testing

@testable import flightdeck

@Suite("logs", .timeLimit(.minutes(20)))
struct LogsCommandTests {
  private static let run = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
  private static func line(_ time: String, _ level: String, _ message: String, _ more: String = "") -> String {
    #"{"time":"\#(time)","level":"\#(level)","label":"flightdeck","message":"\#(message)"\#(more)}"# + "\n"
  }

  private static func write(_ program: Program) throws {
    let folder = program.folder + "/s/log"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try (line("2026-01-01T00:00:00.000Z", "error", "oldest") + line("2026-01-02T00:00:00.000Z", "info", "old"))
      .write(toFile: folder + "/flightdeck.log.1", atomically: true, encoding: .utf8)
    try
      (line(
        "2026-01-03T00:00:00.000Z", "warning", #"a\u001b[31mb"#,
        #","runId":"\#(run)","metadata":{"n":"1","why":"op test"}"#)
      + "2026-01-04T00:00:00.000Z error in text\n"
      + line("2026-01-05T00:00:00.000Z", "info", "last"))
      .write(toFile: folder + "/flightdeck.log", atomically: true, encoding: .utf8)
  }

  @Test("The lines come in order from all files, filtered, and nothing in them reaches the terminal raw")
  func shows() async throws {
    let program = Program()
    defer { program.remove() }
    try Self.write(program)
    func logs(_ arguments: String...) async throws -> [Substring] {
      let ending = try await program.run(["logs", "--state", program.folder + "/s"] + arguments)
      #expect(ending.status == 0, "\(ending.diagnostic)")
      return ending.output.split(separator: "\n")
    }
    let all = try await logs()
    #expect(all.count == 5)
    #expect(all[0] == "2026-01-01T00:00:00.000Z error    oldest")
    #expect(all[2].contains("warning") && all[2].hasSuffix(" run=\(Self.run) n=1 why=\"op test\""))
    #expect(!all.joined().unicodeScalars.contains("\u{1B}"))
    #expect(all[3] == "2026-01-04T00:00:00.000Z error in text")
    #expect(try await logs("--level", "error").count == 2)
    #expect(try await logs("--since", "2026-01-03T00:00:00Z").count == 3)
    #expect(try await logs("--run", "q69g5fav").count == 1)
    #expect(try JSONValue(parsing: String(try await logs("--json", "--level", "warning")[1]))["message"] != nil)
  }

  @Test("Without a log it says where one would be, and a wrong age is a usage error")
  func none() async throws {
    let program = Program()
    defer { program.remove() }
    let ending = try await program.run(["logs", "--state", program.folder + "/s"])
    #expect(ending.status == 1 && ending.diagnostic.contains("/s/log/flightdeck.log"))
    #expect(try await program.run(["logs", "--since", "soon"]).status == 2)
    #expect(try await program.run(["logs", "--level", "loud"]).status == 2)
  }

  @Test("The orchestrator writes its log beside the store: one object a line, mode 0600, and SIGHUP opens it anew")
  func written() async throws {
    let configuration = { (_: String) in
      "runtimes: [{id: sim, kind: simulated, medianSeconds: 0.2, maxSeconds: 0.5, failureRate: 0, attentionRate: 0}]\n"
    }
    try await OrchestratorProcess.with(configuration) { here in
      let run = try await here.dispatch("One")
      _ = try await here.wait("the end", of: run) { $0.status.isTerminal }
      let path = here.state + "/log/flightdeck.log"
      try await here.shell("mv '\(path)' '\(path).moved'")
      here.signal(SIGHUP)
      let second = try await here.dispatch("Two")
      _ = try await here.wait("the end", of: second) { $0.status.isTerminal }
      here.signal(SIGTERM)
      #expect(await here.waitExit() == 0)
      func records(_ path: String) throws -> [JSONValue] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
          try JSONValue(parsing: String($0))
        }
      }
      let first = try records(path + ".moved")
      #expect(first.first?["message"] == "ready")
      #expect(first.contains { $0["message"] == "run ended" && $0["runId"]?.string == run.description })
      let then = try records(path)
      #expect(then.contains { $0["message"] == "run started" && $0["runId"]?.string == second.description })
      #expect(then.last?["message"] == "stopping")
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }
  }
}

@Suite("Ages and sizes")
struct AgeTests {
  @Test("Ages are read and written as people write them")
  func ages() {
    for (text, seconds) in [
      ("30d", 2_592_000), ("12h", 43_200), ("90m", 5400), ("45s", 45), ("2w", 1_209_600), ("0s", 0),
    ] as [(String, Int64)] {
      #expect(Age.parse(text) == .seconds(seconds), "\(text)")
    }
    for text in ["", "d", "-1d", "1", "1y", "1.5h", "99999999999w", "1 d"] {
      #expect(Age.parse(text) == nil, "\(text)")
    }
    for text in ["30d", "12h", "90m", "45s"] { #expect(Age.parse(text).map(Age.text) == text) }
    #expect(Age.text(.seconds(0)) == "0s")
    let now = Timestamp(milliseconds: 86_400_000)
    #expect(Age.moment("1d", before: now) == Timestamp(milliseconds: 0))
    #expect(Age.moment("1970-01-01T00:00:01Z", before: now) == Timestamp(milliseconds: 1000))
  }

  @Test("Sizes are read and written as people write them")
  func sizes() {
    #expect(ByteCount.parse("10MB") == 10 << 20 && ByteCount.parse("512 kb") == 512 << 10)
    #expect(ByteCount.parse("1048576") == 1 << 20 && ByteCount.parse("4K") == 4096 && ByteCount.parse("1GB") == 1 << 30)
    for text in ["", "MB", "-1", "1XB", "9999999999999TB"] { #expect(ByteCount.parse(text) == nil, "\(text)") }
    #expect(ByteCount.text(0) == "0 B" && ByteCount.text(999) == "999 B" && ByteCount.text(1536) == "1.5 KB")
    #expect(ByteCount.text(10 << 20) == "10 MB" && ByteCount.text(5 << 40) == "5.0 TB")
  }
}
