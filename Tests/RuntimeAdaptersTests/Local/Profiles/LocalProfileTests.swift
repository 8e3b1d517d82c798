import FoundationEssentials
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters
@testable import flightdeck

@Suite("Runs whose agents are read by a profile", .serialized, .timeLimit(.minutes(20)))
struct LocalProfileTests {
  private let results = """
    objects:
      - when: {type: result, ok: false}
        result: {outcome: failed, reason: why}
      - when: {type: result, ok: true}
        result: {outcome: succeeded}
        note: text
    """

  private func run(_ script: String, _ profile: String, _ bench: Bench) async throws -> (TaskEnd, LocalRuntime, RunID) {
    let parsed = try ProfileFile.parse(profile, name: "test")
    let runtime = try bench.local(script) { $0.profile = parsed }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    return (try await recorder.end(of: id), runtime, id)
  }

  @Test(
    "The exit code and the agent's word decide together, and the reason says which said what",
    arguments: [
      (#"echo '{"type":"result","ok":false,"why":"no key"}'"#, false, "bash exited 0, but reported a failure: no key"),
      (#"echo '{"type":"result","ok":true}'; exit 3"#, false, "bash exited 3, though it reported success"),
      (#"echo '{"type":"result","ok":false,"why":"no key"}'; exit 1"#, false, "bash exited 1: no key"),
      (#"echo '{"type":"result","ok":true}'"#, true, nil), ("echo plain", true, nil),
    ])
  func outcome(script: String, succeeds: Bool, reason: String?) async throws {
    let bench = try Bench()
    let (end, _, _) = try await run(script, results, bench)
    #expect(end.outcome == (succeeds ? .succeeded : .failed))
    #expect(end.reason == reason)
  }

  @Test("Its last word is the handoff note where it leaves no other, also for another orchestrator")
  func note() async throws {
    let bench = try Bench()
    let (_, runtime, id) = try await run(#"echo '{"type":"result","ok":true,"text":"All is done."}'"#, results, bench)
    #expect(try await runtime.getArtifacts(id).handoffNote == "All is done.")
    let next = try bench.local("unused")
    #expect(try await next.getArtifacts(id).handoffNote == "All is done.")
  }

  @Test("A terminal's prompt waits for a person, and what the profile says goes to it as a line")
  func prompt() async throws {
    let bench = try Bench()
    let profile = try ProfileFile.parse(
      """
      stdin: answers
      prompts:
        - match: 'Go on\\? \\[y/N\\] $'
          answers: {yes: "y", no: "n", just enter: ""}
      """, name: "test")
    let runtime = try bench.local(
      "printf 'Go on? [y/N] '; read a; echo \"got <$a>\"; printf 'Go on? [y/N] '; read b; echo \"and <$b>\""
    ) {
      $0.profile = profile
      $0.input = .answers
    }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    for (number, answer) in [(1, "yes"), (2, "just enter")] {
      try await recorder.first("question \(number)") { event in
        if case .attention("p\(number)", _, ["yes", "no", "just enter"], "question", _) = event.kind {
          true
        } else {
          false
        }
      }
      await #expect(throws: Problem.self) {
        try await runtime.answer(id, attentionId: "p\(number)", answer: "perhaps")
      }
      try await runtime.answer(id, attentionId: "p\(number)", answer: answer)
      try await recorder.first("answer \(number)") { event in
        event.kind == .resolved(id: "p\(number)", answer: answer, by: "operator")
      }
    }
    try await recorder.end(of: id)
    #expect(recorder.lines(of: id).contains { $0.hasSuffix("got <y>") })
    #expect(recorder.lines(of: id).contains { $0.hasSuffix("and <>") })
  }

  @Test("From any report on, exactly those that follow are told, though the profile has changed since")
  func adoption() async throws {
    let bench = try Bench()
    let profile = try ProfileFile.parse(
      """
      objects:
        - when: {type: say}
          output: text
        - when: {type: tool}
          tool: {name: name, target: path}
          usage: {input: tokens, delta: true}
      """, name: "test")
    let runtime = try bench.local(
      #"""
      echo '{"type":"say","text":"one\ntwo\nthree"}'; echo plain; echo '{"type":"tool","name":"edit","path":"a","tokens":7}'
      echo '{"type":"tool","name":"edit","path":"b","tokens":8}'; echo '{"type":"other"}'
      """#
    ) { $0.profile = profile }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let id = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.end(of: id)
    let told = recorder.events(of: id).filter { $0.position != nil }
    #expect(told.count == 9)
    #expect(
      told.last { if case .usage = $0.kind { true } else { false } }?.kind
        == .usage(RuntimeEvent.Usage(inputTokens: 15)))
    for count in 0...told.count {
      let next = try bench.local("unused") { $0.profile = nil }
      let seen = RuntimeEventRecorder(next)
      var run = Run(runId: id, contractId: ContractID(bench.ids.next()), title: contract.title, createdAt: .now)
      run.status = .running
      for event in told.prefix(count) { if case .usage(let usage) = event.kind { run.inputTokens = usage.inputTokens } }
      let position = count == 0 ? nil : told[count - 1].position
      #expect(try await next.adopt(contract, run: run, Adoption(position: position)))
      try await seen.end(of: id)
      #expect(seen.events(of: id).filter { $0.position != nil } == Array(told.dropFirst(count)), "after \(count)")
    }
  }
}
