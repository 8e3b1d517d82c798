import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("An ACP session that another orchestrator takes up", .serialized, .timeLimit(.minutes(20)))
struct ACPAdoptionTests {
  enum Ask: String {
    /// The request was on record when the orchestrator ended, and nothing had come of it.
    case before
    /// By a person, just as the run is taken up.
    case atOnce
    /// Once all is known.
    case later
  }

  enum Doing: String { case text, permission, terminal, deaf }

  @Test(
    "A cancel tells the session and answers what is pending before the supervisor stops anything",
    arguments: [
      (Ask.before, Doing.permission), (.before, .deaf), (.atOnce, .text), (.atOnce, .terminal), (.later, .permission),
      (.later, .deaf),
    ])
  func cancel(_ ask: Ask, _ doing: Doing) async throws {
    let bench = try Bench()
    let log = bench.folder + "/told"
    let mark = "\(73_000_000 + Int.random(in: 0..<9_000_000))"
    func runtime() -> ACPRuntime { bench.acp(["ACP_LOG": log]) { $0.stopGrace = .seconds(doing == .deaf ? 1 : 60) } }
    let first = runtime()
    let gate = Gate()
    first.pace { await gate.pass() }
    let recorder = RuntimeEventRecorder(first)
    let prompt =
      switch doing {
      case .text: "write:half.txt say:up wait"
      case .permission: "write:half.txt say:up ask"
      case .terminal: "write:half.txt say:up open:\(mark)"
      case .deaf: "deaf write:half.txt say:up hang"
      }
    let contract = bench.prompt(prompt)
    let id = try #require(contract.runId)
    _ = try await first.startTask(contract)
    try await recorder.waitForLine("up", of: id)
    if doing == .permission { _ = try await recorder.waitForQuestion(of: id) }
    if doing == .terminal { try await recorder.waitForLine("opened", of: id) }

    // From here on the first reads nothing and says nothing any more, as one that has died.
    await gate.close()
    let second = runtime()
    let seen = RuntimeEventRecorder(second)
    var known = bench.recorded(contract)
    if ask == .before { known.cancellation = Cancellation(by: "me", reason: "enough", force: false, requestedAt: .now) }
    #expect(try await second.adopt(contract, run: known, Adoption()))
    if ask == .later { try await seen.waitForLine("up", of: id) }
    if ask != .before { try await second.cancelTask(id, reason: "enough") }
    let end = try await seen.end(of: id)
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
    #expect(try bench.shell("git show \(end.commit ?? "none"):half.txt") == "made by the agent\n")
    let told = (bench.read(log) ?? "").split(separator: "\n").map(String.init)
    let cancels = told.indices.filter { told[$0].contains("session/cancel") }
    #expect(cancels.count == 1, "\(told)")
    if doing == .permission {
      let answer = told.firstIndex { $0.contains(#""outcome":"cancelled""#) }
      #expect(answer ?? .max < cancels.first ?? 0, "\(told)")
      #expect(seen.events(of: id).map(\.kind).contains(.resolved(id: "p1", answer: "cancelled", by: "cancel")))
    }
    if doing == .terminal { #expect(ProcessTable.running(withArgument: mark) == []) }
    let types = seen.events(of: id).map(\.type)
    #expect(types.contains("cancel_unanswered") == (doing == .deaf))
    #expect(types.count { $0 == "session_canceled" } == 1 && types.count { $0 == "stop_sent" } == 1)
    #expect(ProcessTable().marked(by: RunFolder.mark(of: id)).isEmpty)
    await gate.open()
    try await recorder.end(of: id)
  }

  @Test("A session whose log of what it was told is damaged cannot be taken up: it ends and says why, its work is kept")
  func damaged() async throws {
    let bench = try Bench()
    let first = bench.acp()
    let gate = Gate()
    first.pace { await gate.pass() }
    let recorder = RuntimeEventRecorder(first)
    let contract = bench.prompt("write:half.txt ask")
    let id = try #require(contract.runId)
    _ = try await first.startTask(contract)
    _ = try await recorder.waitForQuestion(of: id)
    await gate.close()
    let path = bench.runFolder(id) + "/input"
    var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
    bytes[0] = UInt8(ascii: "?")
    try Data(bytes).write(to: URL(filePath: path))
    let second = bench.acp()
    let seen = RuntimeEventRecorder(second)
    #expect(try await second.adopt(contract, run: bench.recorded(contract), Adoption()))
    let end = try await seen.end(of: id)
    #expect(end.outcome == .failed)
    #expect(
      end.reason
        == "python3 could not be told anything more: \(path) is damaged at byte 0, so what it was told is not known.")
    #expect(try bench.shell("git show \(end.commit ?? "none"):half.txt") == "made by the agent\n")
    await gate.open()
    try await recorder.end(of: id)
  }

  @Test("An answer that somebody else's words stand before is refused, and the run ends and says why")
  func changed() async throws {
    let bench = try Bench()
    let runtime = bench.acp()
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.prompt("ask")
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let asked = try await recorder.waitForQuestion(of: id)
    try bench.shell("printf 'n 1 1 x\\nx\\n' >> '\(bench.runFolder(id))/input'")
    await #expect(throws: Problem.self) { try await runtime.answer(id, attentionId: asked.id, answer: "Allow once") }
    let end = try await recorder.end(of: id)
    #expect(end.outcome == .failed && end.reason?.contains("was changed by somebody else") == true)
  }
}

/// Lets through, or holds until it is opened.
private actor Gate {
  private var isClosed = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func pass() async { if isClosed { await withCheckedContinuation { waiting.append($0) } } }
  func close() { isClosed = true }

  func open() {
    isClosed = false
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}
