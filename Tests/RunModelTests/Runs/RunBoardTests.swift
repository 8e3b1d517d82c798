import RunModel
import Testing

@Suite struct RunBoardTests {
  @Test("Counts follow every change")
  func counts() {
    var board = RunBoard()
    #expect(board.apply(Sample.queued(1)) == 0)
    #expect(board.apply(Sample.queued(2, run: Sample.other)) == 1)
    #expect(board.count(.queued) == 2)
    #expect(board.apply(Sample.event(3, .started)) == 0)
    #expect(board.apply(Sample.event(4, .attention, ["attentionId": "a"])) == 0)
    #expect(board.count(.queued) == 1 && board.count(.running) == 1 && board.needingAttention == 1)
    board.apply(Sample.event(5, .resolved, ["attentionId": "a"]))
    #expect(board.needingAttention == 0)
    board.apply(Sample.event(6, .attention, ["attentionId": "b"]))
    board.apply(Sample.event(7, .succeeded))
    #expect(board.count(.running) == 0 && board.count(.succeeded) == 1 && board.needingAttention == 0)
    #expect(RunStatus.allCases.reduce(0) { $0 + board.count($1) } == 2)
    #expect(board.seq == 7)
  }

  @Test("An event seen before, or of no known run, changes nothing but the seq")
  func ignored() {
    var board = RunBoard()
    board.apply(Sample.queued(5))
    #expect(board.apply(Sample.event(5, .started)) == nil)
    #expect(board.apply(Sample.event(4, .started)) == nil)
    #expect(board[Sample.run]?.status == .queued)
    #expect(board.apply(Sample.event(6, .started, run: Sample.other)) == nil)
    #expect(board.apply(Sample.event(7, .runtimeLost, run: nil)) == nil)
    #expect(board.seq == 7 && board.runs.count == 1)
  }

  @Test("A board from a snapshot goes on as the one it was taken of")
  func snapshot() throws {
    let events = [
      Sample.queued(1), Sample.event(2, .started), Sample.queued(3, run: Sample.other),
      Sample.event(4, .attention, ["attentionId": "a"]), Sample.event(5, .failed),
      Sample.event(6, .started, run: Sample.other),
    ]
    var whole = RunBoard()
    for event in events { whole.apply(event) }
    for cut in 0...events.count {
      var first = RunBoard()
      for event in events[..<cut] { first.apply(event) }
      let snapshot = Snapshot(seq: first.seq, runs: first.runs, runtimes: [])
      let read = try snapshot.jsonBytes.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
      var second = RunBoard(runs: read.runs, seq: read.seq)
      for event in events { second.apply(event) }
      #expect(second.runs == whole.runs && second.seq == whole.seq)
      #expect(second.needingAttention == whole.needingAttention)
      for status in RunStatus.allCases { #expect(second.count(status) == whole.count(status)) }
    }
  }

  @Test("A run is found by any end of its id, in either case, newest first")
  func endings() {
    var board = RunBoard()
    board.apply(Sample.queued(1))
    board.apply(Sample.queued(2, run: Sample.other))
    #expect(board.runs(endingIn: Sample.run.description).map(\.runId) == [Sample.run])
    #expect(board.runs(endingIn: Sample.run.description.lowercased()).map(\.runId) == [Sample.run])
    #expect(board.runs(endingIn: "2").map(\.runId) == [Sample.other])
    #expect(board.runs(endingIn: "K9") == [])
    #expect(board.runs(endingIn: "") == [])
    #expect(board.runs(endingIn: Sample.contract.description) == [])
    #expect(board.place(of: Sample.other) == 1 && board.place(of: RunID(ULID(high: 1, low: 1))) == nil)
  }

  @Test("A snapshot's runtimes read back")
  func runtimes() throws {
    var summary = RuntimeSummary(
      runtimeId: "local", kind: "local",
      capabilities: RuntimeCapabilities(canCreateBranch: true, supportsStreaming: true, maxParallelTasks: 4),
      health: .degraded, healthReason: "no git", slotsUsed: 2)
    summary.succeeded = 1
    summary.failed = 2
    summary.canceled = 3
    summary.medianMilliseconds = 4
    let plain = RuntimeSummary(runtimeId: "x", kind: "mock", capabilities: .init(maxParallelTasks: 1), health: .lost)
    let snapshot = Snapshot(seq: 9, runs: [], runtimes: [summary, plain])
    let read = try snapshot.jsonBytes.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
    #expect(read.runtimes == [summary, plain] && read.seq == 9)
    #expect(
      RuntimeCapabilities(maxParallelTasks: 3).jsonText
        == #"{"canCreateBranch":false,"canCreatePR":false,"supportsWebhooks":false,"supportsStreaming":false,"maxParallelTasks":3}"#
    )
  }
}
