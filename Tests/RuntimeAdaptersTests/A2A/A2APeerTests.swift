import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// `PEERS_BASE=FOLDER`, with a2a-sdk 1.3.0 in the virtual environment `FOLDER/venvs/a2a`.
private enum SDK {
  static let python = (ProcessInfo.processInfo.environment["PEERS_BASE"] ?? "/nowhere") + "/venvs/a2a/bin/python"
  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: python) }

  /// Its address, and what ends with it.
  static func server(_ arguments: [String]) throws -> (url: String, process: ScriptProcess) {
    let process = try ScriptProcess(
      python, [A2AServer.agents.appendingPathComponent("a2a-peer.py").path] + arguments)
    guard let port = Int(process.line()) else { throw ConformanceFailure("the server named no port") }
    return ("http://127.0.0.1:\(port)/", process)
  }
}

@Suite(
  "An agent made with a2a-sdk, which nobody here wrote", .timeLimit(.minutes(10)),
  .enabled(if: SDK.isInstalled, "install a2a-sdk and set PEERS_BASE to have these tests run"))
struct A2APeerTests {
  private static let ways = [["1.0,0.3"], ["0.3"], ["1.0", "--no-streaming"], ["0.3", "--no-streaming"]]

  @Test("It keeps the contract of every adapter", arguments: ["1.0,0.3", "0.3"])
  func conformance(_ versions: String) async throws {
    let (bench, server) = (try A2ABench(), try SDK.server([versions]))
    for check in RuntimeConformance.Check.allCases {
      try await RuntimeConformance(
        bench.runtime(server.url), ending: { _ in Contract(title: "hello") },
        endless: { _ in Contract(title: "[[endless]]") }
      ).run(check)
    }
    withExtendedLifetime(server) {}
  }

  @Test("It is followed, answered, canceled and its artifacts are read", arguments: ways)
  func together(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try SDK.server(way))
    let runtime = bench.runtime(server.url)
    defer { withExtendedLifetime(server) {} }
    #expect(try await runtime.check().protocolVersion == (way[0].contains("1.0") ? "1.0" : "0.3"))

    let tokens = try await A2AStarted(runtime, bench, "[[tokens]]")
    #expect(try await tokens.end().outcome == .succeeded)
    #expect(try await runtime.getArtifacts(tokens.run).handoffNote == "One two three\nfour")
    #expect(tokens.lines == ["Processing your question...", "One two three", "four"])

    let asks = try await A2AStarted(runtime, bench, "[[ask]]")
    try await runtime.answer(asks.run, attentionId: asks.question().id, answer: "blue")
    #expect(try await asks.end().outcome == .succeeded)
    #expect(try await runtime.getArtifacts(asks.run).handoffNote == "It is blue now")

    let files = try await A2AStarted(runtime, bench, "[[files]]")
    #expect(try await files.end().outcome == .succeeded)
    #expect(try await runtime.getArtifacts(files.run).filesChanged == ["report.txt"])
    #expect(try Files.text(bench.folder(files.run) + "/files/report.txt") == "content")

    let bare = try await A2AStarted(runtime, bench, "[[bare]]")
    #expect(try await bare.end().outcome == .succeeded && bare.remarks == ["no_task"])

    let endless = try await A2AStarted(runtime, bench, "[[endless]]")
    try await endless.line("Processing your question...")
    try await runtime.cancelTask(endless.run, reason: "enough")
    let end = try await endless.end()
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
  }
  @Test("A task whose name was lost is found again where it lists its tasks, and said to be lost where not")
  func lostName() async throws {
    for version in ["1.0", "0.3"] {
      let (bench, server) = (try A2ABench(), try SDK.server([version]))
      defer { withExtendedLifetime(server) {} }
      let started = try await A2AStarted(bench.runtime(server.url), bench, "[[tokens]]")
      _ = try await started.end()
      // As after a kill between the message and the first word of the task.
      try Files.write([], to: bench.folder(started.run) + "/updates.jsonl")
      Files.removeTree(bench.folder(started.run) + "/end.json")
      let next = bench.runtime(server.url)
      let seen = RuntimeEventRecorder(next)
      #expect(try await next.adopt(started.contract, run: bench.recorded(started.contract), Adoption()))
      let end = try await seen.end(of: started.run)
      #expect(end.outcome == (version == "1.0" ? .succeeded : .failed))
      #expect((end.reason?.contains("A2A 0.3 lists no tasks") ?? false) == (version == "0.3"))
    }
  }
}
