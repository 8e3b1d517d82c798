import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

/// Whatever comes, in whatever order and at whatever size: nothing traps, and every frame is whole.
@Suite struct AnythingTests {
  @Test("Random keys, sizes, events and results never trap, and no control gets into a cell", arguments: 1...12)
  func random(seed: Int) {
    var things = Anything(seed: seed, size: Size(width: 100, height: 30))
    for step in 0..<250 {
      things.step(sizes: 1...200, 1...60)
      let state = things.state
      let frame = drawDashboard(state)
      #expect(frame.size == state.size)
      #expect(state.selection == nil || state.board.runs.isEmpty == false)
      if state.list.rowCount > 0 {
        #expect(state.list.row(state.cursor) != nil, "seed \(seed) step \(step)")
      }
      if let cursor = frame.cursor { #expect(frame.bounds.contains(cursor), "seed \(seed) step \(step)") }
      let isClean = frame.cells.allSatisfy { cell in
        cell.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && !isSteering($0) }
      }
      #expect(isClean, "seed \(seed) step \(step)")
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
  }
}
