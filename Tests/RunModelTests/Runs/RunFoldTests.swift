import RunModel
import Testing

@Suite struct RunFoldTests {
  private func run(_ events: RunEvent...) throws -> Run {
    var run = try #require(Run(queuedBy: Sample.queued()))
    for event in events { run.apply(event) }
    return run
  }

  @Test("A run begins with its queued event and with no other")
  func queued() throws {
    let run = try #require(
      Run(
        queuedBy: Sample.event(
          5, .queued,
          [
            "contractId": .string(Sample.contract.description), "title": "T", "runtimeId": "local", "priority": 3,
            "attempt": 2, "retryOf": .string(Sample.other.description),
            "batch": .string(Sample.other.description), "externalRef": "GH-1", "labels": ["a", "b"],
            "waitsFor": ["GH-2"],
          ])))
    #expect(run.runId == Sample.run)
    #expect(run.contractId == Sample.contract)
    #expect(run.status == .queued)
    #expect(run.progress == 0 && !run.progressKnown)
    #expect(run.title == "T" && run.runtimeId == "local" && run.priority == 3 && run.attempt == 2)
    #expect(run.batch == Sample.other)
    #expect(run.retryOf == Sample.other && run.externalRef == "GH-1" && run.labels == ["a", "b"])
    #expect(run.waitsFor == ["GH-2"] && run.firstSeq == 5 && run.lastSeq == 5 && run.createdAt == Sample.time)
    #expect(Run(queuedBy: Sample.event(1, .started)) == nil)
    #expect(Run(queuedBy: Sample.event(1, .queued, ["title": "T"])) == nil)
    #expect(
      Run(queuedBy: Sample.event(1, .queued, ["contractId": .string(Sample.contract.description)], run: nil)) == nil)
  }

  @Test("A start tells where the run works")
  func started() throws {
    let run = try run(
      Sample.event(2, .waiting, ["waitsFor": ["2 of 2 slots in use"]]),
      Sample.event(
        3, .started,
        ["runtimeId": "mock", "runtimeSessionId": "s", "worktree": "/w", "branch": "b", "base": "c"], after: 5))
    #expect(run.status == .running && run.startedAt == Sample.time + .milliseconds(5) && run.waitsFor == [])
    #expect(run.runtimeId == "mock" && run.runtimeSessionId == "s" && run.worktree == "/w")
    #expect(run.branch == "b" && run.base == "c")
  }

  @Test("Waiting says for what")
  func waiting() throws {
    #expect(try run(Sample.event(2, .waiting, ["waitsFor": ["GH-1", "a slot"]])).waitsFor == ["GH-1", "a slot"])
    #expect(try run(Sample.event(2, .waiting, ["waitsFor": ["x"]]), Sample.event(3, .waiting)).waitsFor == [])
  }

  @Test(
    "Progress only rises, stays in its range, and is known once reported",
    arguments: [
      ([0.5], 0.5, true), ([0.5, 0.25], 0.5, true), ([0.5, 0.75, 0.6], 0.75, true), ([0], 0, true), ([1.5], 0, false),
      ([-0.1], 0, false), ([0.2, 2, 0.3], 0.3, true), ([1], 1, true), ([], 0, false),
    ] as [([Double], Double, Bool)])
  func progress(reports: [Double], progress: Double, isKnown: Bool) throws {
    var run = try run()
    for (place, report) in reports.enumerated() {
      run.apply(Sample.event(UInt64(place) + 2, .progress, ["progress": .double(report)]))
    }
    #expect(run.progress == progress)
    #expect(run.progressKnown == isKnown)
  }

  @Test("The latest word is a progress message, a tool call or what is verified")
  func activity() throws {
    #expect(try run(Sample.event(2, .progress, ["message": "reading"])).activity == "reading")
    #expect(try run(Sample.event(2, .tool, ["name": "edit", "target": "a.swift"])).activity == "edit a.swift")
    #expect(try run(Sample.event(2, .tool, ["name": "edit"]), Sample.event(3, .tool)).activity == "edit")
    let verifying = try run(Sample.event(2, .verifying, ["command": "make test", "index": 0, "count": 1]))
    #expect(verifying.isVerifying && verifying.activity == "verify: make test")
    #expect(try run(Sample.event(2, .output, ["text": "x"])).activity == nil)
  }

  @Test("Output that is lost for good is told apart from what no event has")
  func outputCut() throws {
    let run = try run(
      Sample.event(2, .output, ["dropped": 3]), Sample.event(3, .outputCut, ["lines": 1, "limit": 1_000_000]),
      Sample.event(4, .outputCut, ["lines": 1199]))
    #expect(run.outputDropped == 1203)
    #expect(run.outputCut?.words == "1200 lines of output beyond limits.output (1 MB) are gone")
    #expect(OutputCut(lines: 1).words == "1 line of output could not be written and is gone")
  }

  @Test("Dropped output is counted and usage is the latest total")
  func counts() throws {
    let run = try run(
      Sample.event(2, .output, ["dropped": 3]), Sample.event(3, .output, ["text": "x"]),
      Sample.event(4, .output, ["dropped": 4]),
      Sample.event(5, .usage, ["inputTokens": 1, "outputTokens": 2, "costUSD": 0.5]),
      Sample.event(6, .usage, ["outputTokens": 9]))
    #expect(run.outputDropped == 7 && run.outputCut == nil)
    #expect(run.inputTokens == 1 && run.outputTokens == 9 && run.costUSD == 0.5)
  }

  @Test("A question needs attention until that question is resolved or the run ends")
  func attention() throws {
    let question = Sample.event(
      2, .attention, ["attentionId": "a1", "question": "Go on?", "options": ["yes", "no"], "kind": "permission"])
    var run = try run(question)
    #expect(
      run.attention
        == Attention(
          attentionId: "a1", question: "Go on?", options: ["yes", "no"], kind: "permission", since: Sample.time))
    #expect(run.needsAttention)
    run.apply(Sample.event(3, .resolved, ["attentionId": "a2"]))
    #expect(run.needsAttention)
    run.apply(Sample.event(4, .resolved, ["attentionId": "a1", "answer": "yes", "by": "me"]))
    #expect(run.attention == nil && !run.needsAttention)
    #expect(try self.run(question, Sample.event(3, .failed)).attention == nil)
  }

  @Test("A cancel shows how far it has come, to the proof")
  func cancel() throws {
    var run = try run(
      Sample.event(2, .started),
      Sample.event(3, .cancelRequested, ["by": "me", "reason": "wrong", "force": false], after: 10))
    #expect(run.status == .running)
    #expect(
      run.cancellation
        == Cancellation(by: "me", reason: "wrong", force: false, requestedAt: Sample.time + .milliseconds(10)))
    run.apply(Sample.event(4, .stopSent, after: 20))
    #expect(run.cancellation?.stopSentAt == Sample.time + .milliseconds(20))
    run.apply(Sample.event(5, .cancelRequested, ["by": "you", "reason": "now", "force": true], after: 30))
    #expect(run.cancellation?.requestedAt == Sample.time + .milliseconds(10))
    #expect(run.cancellation?.stopSentAt == Sample.time + .milliseconds(20))
    #expect(run.cancellation?.force == true)
    let proof = CancelProof(
      stopSentAt: Sample.time, confirmedAt: Sample.time, processes: 3, killed: 1, commit: "abc")
    run.apply(
      Sample.event(
        6, .canceled, ["by": "me", "reason": "wrong", "proof": try JSONValue(parsing: proof.jsonBytes)], after: 40))
    #expect(run.status == .canceled && run.proof == proof && run.commit == "abc" && run.reason == "wrong")
    #expect(run.endedAt == Sample.time + .milliseconds(40))
  }

  @Test("Success has all its progress; the others keep the last")
  func ends() throws {
    let half = Sample.event(2, .progress, ["progress": 0.5])
    let good = try run(half, Sample.event(3, .verifying), Sample.event(4, .succeeded, ["exitCode": 0, "commit": "c"]))
    #expect(good.status == .succeeded && good.progress == 1 && good.progressKnown && !good.isVerifying)
    #expect(good.exitCode == 0 && good.commit == "c" && good.endedAt == Sample.time && good.reason == nil)
    let bad = try run(half, Sample.event(3, .failed, ["exitCode": 2, "reason": "make test failed"]))
    #expect(bad.status == .failed && bad.progress == 0.5 && bad.exitCode == 2 && bad.reason == "make test failed")
  }

  @Test("Counts of the artifacts are kept, each until a later one")
  func artifacts() throws {
    let run = try run(
      Sample.event(2, .artifacts, ["files": 2, "added": 10, "removed": 1]),
      Sample.event(3, .artifacts, ["files": 3, "testsPassed": 4, "testsTotal": 5]))
    #expect(run.filesChanged == 3 && run.added == 10 && run.removed == 1)
    #expect(run.testsPassed == 4 && run.testsTotal == 5)
  }

  @Test("An event that is not newer than the last changes nothing")
  func old() throws {
    let run = try run(Sample.event(5, .started))
    var same = run
    same.apply(Sample.event(5, .failed))
    same.apply(Sample.event(4, .succeeded))
    #expect(same == run)
  }

  @Test("An unknown event moves the time and the seq, nothing else")
  func unknown() throws {
    var run = try run()
    var expected = run
    run.apply(Sample.event(9, "awf.runtime.local.odd", ["status": "failed"], after: 7))
    expected.lastSeq = 9
    expected.lastEventAt = Sample.time + .milliseconds(7)
    #expect(run == expected)
  }

  @Test("An event with data of other types is taken without harm")
  func oddData() throws {
    let odd: JSONObject = [
      "progress": "half", "waitsFor": 1, "options": "none", "attentionId": 4, "proof": "none", "exitCode": "0",
      "files": [], "dropped": "x", "by": nil,
    ]
    var run = try run()
    let types: [EventType] = [
      .progress, .waiting, .attention, .resolved, .output, .tool, .usage, .cancelRequested, .stopSent, .verifying,
      .artifacts, .started, .canceled,
    ]
    for (place, type) in types.enumerated() { run.apply(Sample.event(UInt64(place) + 2, type, odd)) }
    #expect(run.status == .canceled && run.progress == 0 && run.outputDropped == 0)
  }
}
