import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

/// Whatever comes, in whatever order and at whatever size: nothing traps, and every frame is whole.
@Suite struct AnythingTests {
  private static let keys: [Key] =
    "jkhlgGqxXraydDsI<>vU/:?TfpwtFnN{}()[]123456789yY~!abemuUEeo|+-WczvPSH= ".map { Key.character($0) } + [
      .enter, .enter, .tab, .shiftTab, .escape, .escape, .backspace, .delete, .up, .down, .left, .right, .home, .end,
      .pageUp,
      .pageDown, .ctrl("d"), .ctrl("u"), .ctrl("o"), .ctrl("l"), .ctrl("s"), .ctrl("z"), .ctrl("k"), .ctrl("w"),
      .alt("x"),
      .function(5),
    ]

  @Test("Random keys, sizes, events and results never trap", arguments: 1...12)
  func random(seed: Int) {
    var random = Seeded(UInt64(seed))
    var state = Sample.state(Size(width: 100, height: 30))
    var now = Sample.now
    var seq: UInt64 = 5000
    for step in 0..<250 {
      let run = Sample.id(Int.random(in: 1...12, using: &random))
      let message: Message
      switch Int.random(in: 0..<24, using: &random) {
      case 0:
        message = .input(
          .resize(Size(width: Int.random(in: 1...200, using: &random), height: Int.random(in: 1...60, using: &random))))
      case 1: message = .input(.paste("a\nb\t\u{1B}[31m~(x"))
      case 2:
        let at = Point(x: Int.random(in: 0..<200, using: &random), y: Int.random(in: 0..<60, using: &random))
        message = .input(
          .mouse(
            Input.Mouse([.press, .doubleClick, .wheelUp, .wheelDown].randomElement(using: &random) ?? .press, at: at)))
      case 3:
        now = now + .milliseconds(Int.random(in: 0...2000, using: &random))
        message = .tick(now)
      case 4, 5:
        let types: [EventType] = [
          .queued, .started, .progress, .output, .tool, .attention, .resolved, .cancelRequested, .stopSent, .canceled,
          .failed, .artifacts, "x.y",
        ]
        message = .events(
          (0..<5).map { _ in
            seq += 1
            return RunEvent(
              seq: seq, type: types.randomElement(using: &random) ?? .output, run: run, time: now,
              data: [
                "text": "hello", "contractId": .string(Sample.contract(40).description), "title": "",
                "attentionId": "q", "progress": 0.5,
              ])
          })
      case 6:
        var artifacts = Sample.artifacts
        artifacts.evidence = [nil, Sample.evidence].randomElement(using: &random) ?? nil
        message =
          [.artifacts(run, artifacts), .runAudit(run, Sample.trail)].randomElement(using: &random) ?? .link(.live)
      case 7: message = .patch(run, Array(Sample.patch.utf8.prefix(Int.random(in: 0...1500, using: &random))))
      case 8: message = .backlog(run, Sample.backlog(run))
      case 9: message = [.runtimes(Sample.runtimes), .runtimes([])].randomElement(using: &random) ?? .runtimes([])
      case 10:
        let runs = Array(Sample.runs.prefix(Int.random(in: 0...10, using: &random)))
        message = .snapshot(Snapshot(seq: seq, runs: runs, runtimes: Sample.runtimes))
      case 11:
        message =
          [.link(.live), .link(.connecting), .link(.lost(since: now, nextTry: nil))].randomElement(using: &random)
          ?? .link(.live)
      case 12: message = .detail(run, Sample.detail(Sample.runs[4]))
      case 13: message = .failed(Problem(.internal, "Something \u{1B}[2J broke"), .here)
      default: message = .input(.key(Self.keys.randomElement(using: &random) ?? .enter))
      }
      _ = state.update(message)
      let frame = drawDashboard(state)
      #expect(frame.size == state.size)
      #expect(state.selection == nil || state.board.runs.isEmpty == false)
      if !state.list.visible.isEmpty {
        #expect(state.list.visible.indices.contains(state.cursor), "seed \(seed) step \(step)")
      }
      if let cursor = frame.cursor { #expect(frame.bounds.contains(cursor), "seed \(seed) step \(step)") }
    }
  }

  @Test("Numbers that no honest orchestrator sends are shown, and never trap", arguments: SortColumn.allCases)
  func hostileNumbers(column: SortColumn) {
    var run = Sample.run(1, "Hostile") { run in
      run.status = .running
      run.progress = 1e300
      run.progressKnown = true
      run.priority = .min
      run.startedAt = Timestamp(milliseconds: -62_000_000_000_000)
      run.filesChanged = .max
      run.added = .max
      run.removed = .max
      run.testsPassed = .max
      run.testsTotal = 1
      run.inputTokens = .min
      run.costUSD = -1e300
    }
    var runtime = Sample.runtimes[0]
    runtime.succeeded = .max
    runtime.failed = .max
    runtime.slotsUsed = .min
    runtime.capabilities.maxParallelTasks = .max
    var state = Sample.state(Size(width: 200, height: 50))
    var queued = run
    queued.status = .queued
    for run in [run, queued] {
      _ = state.update(.snapshot(Snapshot(seq: 1, runs: [run], runtimes: [runtime])))
      state.setSort(RunSort(column: column))
      state.openRun(run.runId, .overview)
      _ = drawDashboard(state)
      state.press("esc")
      _ = drawDashboard(state)
      state.press("2")
      _ = drawDashboard(state)
      state.press("1")
    }
    run.status = .failed
    for seq in [UInt64(10), 11] {
      _ = state.update(.events([Sample.event(seq, .progress, run.runId, 0, ["progress": 1e300])]))
    }
    #expect(LogLine(Sample.event(12, .progress, run.runId, 0, ["progress": -1e300])).text == "0%")
  }

  @Test("Every screen draws at every size", arguments: ScreenSnapshotTests.screens.map(\.name))
  func sizes(name: String) throws {
    let make = try #require(ScreenSnapshotTests.screens.first { $0.name == name }?.make)
    var state = make(Size(width: 120, height: 40))
    for size in [
      (1, 1), (2, 1), (1, 50), (59, 12), (60, 11), (60, 12), (61, 13), (80, 16), (99, 24), (100, 24), (131, 20),
      (160, 12), (500, 200),
    ] {
      _ = state.update(.input(.resize(Size(width: size.0, height: size.1))))
      let frame = drawDashboard(state)
      #expect(frame.size == Size(width: size.0, height: size.1))
    }
  }

  @Test("With ASCII alone every cell is ASCII", arguments: ScreenSnapshotTests.screens.map(\.name))
  func ascii(name: String) throws {
    let make = try #require(ScreenSnapshotTests.screens.first { $0.name == name }?.make)
    var state = make(Size(width: 120, height: 40))
    state.asciiOnly = true
    #expect(drawDashboard(state).text.utf8.allSatisfy { $0 < 0x80 })
    #expect(!drawDashboard(state).text.contains("?????"))
  }
}
