import RunModel
import Testing

@Suite struct RunJSONTests {
  /// A run that says all that a run can say.
  private var full: Run {
    var run = Run(runId: Sample.run, contractId: Sample.contract, title: "T \"é\"", createdAt: Sample.time, seq: 3)
    run.status = .canceled
    run.progress = 0.25
    run.progressKnown = true
    run.runtimeId = "local"
    run.pin = "local"
    run.runtimeSessionId = "s"
    run.attention = Attention(attentionId: "a", question: "?", options: ["y"], kind: "permission", since: Sample.time)
    run.attention?.detail = AttentionDetail(tool: .execute, command: "ls", choices: [.allowOnce])
    run.plan = [PlanEntry("a", .completed), PlanEntry("b")]
    run.remembered = [PermissionRule(.allow, commands: ["ls"])]
    run.cancellation = Cancellation(
      by: "me", reason: "r", force: true, requestedAt: Sample.time, stopSentAt: Sample.time)
    run.proof = CancelProof(stopSentAt: Sample.time, confirmedAt: nil, processes: 2, killed: 1, commit: "c")
    run.priority = 5
    run.attempt = 2
    run.retryOf = Sample.other
    run.batch = Sample.other
    run.startedAt = Sample.time
    run.endedAt = Sample.time
    run.lastEventAt = Sample.time + .seconds(1)
    run.filesChanged = 1
    run.added = 2
    run.removed = 3
    run.testsPassed = 4
    run.testsTotal = 5
    run.reason = "r"
    run.exitCode = -15
    run.activity = "x"
    run.isVerifying = true
    run.waitsFor = ["GH-1"]
    run.branch = "b"
    run.worktree = "/w"
    run.base = "d"
    run.pullRequest = PullRequest(url: "https://example.org/1", reason: "r", command: "c")
    run.commit = "e"
    run.externalRef = "GH-2"
    run.labels = ["l"]
    run.inputTokens = 1
    run.outputTokens = 2
    run.costUSD = 0.1
    run.outputDropped = 6
    run.outputCut = OutputCut(lines: 4, limit: 1000)
    run.verdict = .passWithNotes
    run.score = Score(d1: 18, d2: 25, d3: 10, d4: 25)
    run.conflicts = [Conflict(run: Sample.other, path: "src/a.swift")]
    run.conflictingFiles = 21
    run.approval = Approval(
      risk: .critical, taskClass: "auth_policy", needed: 2, requestedBy: "me", requestedAt: Sample.time)
    run.approval?.given = [.init(by: "ada", why: "urgent", at: Sample.time)]
    run.approval?.rejection = .init(by: "bob", why: "no", at: Sample.time)
    run.uncommitted = Uncommitted(path: "/w", why: "the disk is full")
    run.lastSeq = 99
    return run
  }

  private func read(_ text: String) throws(JSONError) -> Run {
    try Array(text.utf8).readJSON { reader throws(JSONError) in try Run(from: &reader) }
  }

  @Test("A run that says everything reads back as it was")
  func fullRoundTrip() throws {
    #expect(try read(full.jsonText) == full)
  }

  @Test("A run that says nothing has the listed keys all the same, null where unknown")
  func emptyRun() throws {
    let run = Run(runId: Sample.run, contractId: Sample.contract, title: "T", createdAt: Sample.time, seq: 1)
    let json = try JSONValue(parsing: run.jsonBytes)
    let listed = [
      "runId", "contractId", "title", "status", "progress", "runtimeId", "runtimeSessionId", "attention", "createdAt",
      "startedAt", "endedAt", "filesChanged", "added", "removed", "testsPassed", "testsTotal", "verdict", "score",
    ]
    for key in listed { #expect(json[key] != nil, "\(key)") }
    for key in listed.dropFirst(5) where key != "createdAt" { #expect(json[key] == .null, "\(key)") }
    #expect(json["progress"] == 0)
    #expect(try read(run.jsonText) == run)
  }

  @Test("Keys from a newer program are skipped")
  func unknownKeys() throws {
    let text = full.jsonText.dropLast() + #","newer":{"a":[1,{"b":null}]}}"#
    #expect(try read(String(text)) == full)
  }

  @Test(
    "What is no run is refused, and no status is invented",
    arguments: [
      "{}", "[]", #"{"runId":"x"}"#, #"{"runId":null}"#, #"{"title":"T"}"#,
      #"{"runId":"\#(Sample.run)","status":"unknown"}"#, #"{"runId":"\#(Sample.run)","contractId":"x"}"#,
      #"{"runId":"\#(Sample.run)","progress":"half"}"#, #"{"runId":"\#(Sample.run)","createdAt":"now"}"#,
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try read(text) }
  }

  @Test("A detail reads back whole")
  func detail() throws {
    var contract = Contract(title: "T")
    contract.acceptanceCriteria = [.init(id: "AC-1", text: "works")]
    let decision = RoutingDecision(
      runtimeId: "local", considered: [.init(runtimeId: "mock", eligible: false, reasons: ["busy"])], waitsFor: ["x"])
    let detail = RunDetail(run: full, contract: contract, decision: decision, mergeCommand: "git merge b")
    let back = try RunDetail(parsing: detail.jsonBytes)
    #expect(back.run == full && back.contract == contract && back.decision == decision)
    #expect(back.mergeCommand == "git merge b")
    #expect(
      try JSONValue(parsing: detail.jsonBytes)["criteria"] == [["id": "AC-1", "text": "works", "proof": "unproven"]])
  }

  @Test("Figures beyond all, from a server that is none, end within what a screen can draw")
  func beyondAll() throws {
    for (told, kept) in [("1e308", 1.0), ("-5", 0), ("0.5", 0.5)] {
      let text = "{\"runId\":\"\(Sample.run)\",\"title\":\"x\",\"progress\":\(told)}"
      let run = try Array(text.utf8).readJSON { reader throws(JSONError) in try Run(from: &reader) }
      #expect(run.progress == kept)
    }
    var summary = RuntimeSummary(runtimeId: "r", kind: "local", capabilities: RuntimeCapabilities(maxParallelTasks: 1))
    summary.quietSeconds = 1e300
    var run = Run(runId: Sample.run, contractId: Sample.contract, title: "x", createdAt: Sample.time)
    run.status = .running
    #expect(!summary.isStalled(run, at: Sample.time + .seconds(60)))
    let dropped = RunEvent(
      seq: 1, type: .output, run: Sample.run, time: Sample.time, data: ["text": "x", "dropped": .int(.max)])
    for _ in 0..<2 { run.apply(dropped) }
  }
}
