import DashboardUI
import Orchestration
import RunClient
import RunModel
import TerminalKit

private func dashboard(_ runs: [Run], size: Size = Size(width: 160, height: 50)) -> DashboardState {
  var state = DashboardState(size: size, now: .now)
  _ = state.update(.link(.live))
  _ = state.update(.snapshot(Snapshot(seq: (runs.map(\.lastSeq).max() ?? 0) + 1, runs: runs, runtimes: [])))
  return state
}

/// The slowest keystroke while words are typed into the filter over 100,000 runs, drawing included.
func filterKeystroke() -> Row {
  var state = dashboard(SampleRuns.runs(100_000))
  var slowest: [Double] = []
  for word in ["cart total", "!fix search", "status:failed csv", "title:report 77", "zzz"] {
    // The median of three for each key, as the machine may be busy with something else.
    var times: [[Double]] = Array(repeating: [], count: word.count)
    for _ in 0..<3 {
      _ = state.update(.input(.key(.character("/"))))
      for (place, letter) in word.enumerated() {
        times[place].append(
          milliseconds {
            _ = state.update(.input(.key(.character(letter))))
            _ = drawDashboard(state)
          })
      }
      // The first drops the field, the second the filter.
      _ = state.update(.input(.key(.escape)))
      _ = state.update(.input(.key(.escape)))
      _ = state.update(.tick(.now))
    }
    slowest.append(times.map(\.median).max() ?? 0)
  }
  return Row("filter-keystroke", slowest.max() ?? 0, .atMost, 30, "ms")
}

/// From the bytes of a million-line diff to its first frame.
func diffFirstPaint() throws -> Row {
  let runs = SampleRuns.runs(10)
  let run = runs[9].runId
  let bytes = millionLines()
  let times = try (0..<7).map { _ in
    var state = dashboard(runs)
    _ = try state.go(to: .run(run.description, .diff))
    return milliseconds {
      _ = state.update(.patch(run, bytes))
      _ = drawDashboard(state)
    }
  }
  return Row("diff-first-paint", times.median, .atMost, 30, "ms")
}

func millionLines() -> [UInt8] {
  var patch: [UInt8] = []
  for file in 0..<1000 {
    let path = "Sources/Module\(file % 40)/File\(file).swift"
    patch += Array("diff --git a/\(path) b/\(path)\n--- a/\(path)\n+++ b/\(path)\n@@ -1,498 +1,498 @@\n".utf8)
    for line in 0..<498 {
      patch += Array("-  let value\(line) = compute(\(line), with: old)\n".utf8)
      patch += Array("+  let value\(line) = compute(\(line), with: new)\n".utf8)
    }
  }
  return patch
}

/// What the dashboard can take in: the bytes of the stream, as they come off the socket, to the folded state.
func ingest() throws -> Row {
  let runs = SampleRuns.runs(500, live: 500)
  let source = EventSource(runs: runs.map(\.runId))
  let first = (runs.map(\.lastSeq).max() ?? 0) + 1
  let count: UInt64 = 100_000
  let frames = source.chunk(after: first, through: first + count).frames
  let rates = try (0..<5).map { _ in
    var state = dashboard(runs)
    var batches = EventBatches(expected: first + 1) { _ in false }
    let time = try milliseconds {
      try frames.withUnsafeBytes { frames in
        for start in stride(from: 0, to: frames.count, by: 65_536) {
          let portion = UnsafeRawBufferPointer(rebasing: frames[start..<min(frames.count, start + 65_536)])
          _ = state.update(.events(try batches.feed(portion)))
        }
      }
    }
    guard state.board.seq == first + count else { throw Problem(.internal, "Not all events were taken in.") }
    return Double(count) / time * 1000
  }
  return Row("ingest", rates.median, .atLeast, 100_000, "events/s")
}
