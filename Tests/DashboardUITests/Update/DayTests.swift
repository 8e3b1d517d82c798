import Glibc
import RunModel
import TerminalKit
import Testing

@testable import DashboardUI

/// A day at work in fast time, in a process of its own, so that its memory is its own too.
@Suite struct DayTests {
  @Test("After 24 hours and 30,000 runs memory is what the runs themselves take, and then it stays where it is")
  func day() async {
    await #expect(processExitsWith: .success) {
      var day = Day()
      day.work(runs: 2000)
      let warm = residentBytes()
      day.work(runs: 28_000)
      let after = residentBytes()
      #expect(day.state.board.runs.count == 30_000)
      #expect(day.hours >= 24)
      // What is kept of a run that has ended.
      let each = (after - warm) / 28_000
      #expect(each < 3000, "\(each) bytes a run")
      day.expectNothingPilesUp()
      // The same runs go on talking: nothing more is kept of them.
      day.talk(events: 20_000)
      let quiet = residentBytes()
      day.talk(events: 60_000)
      let grown = residentBytes() - quiet
      #expect(grown < 3 << 20, "\(grown) bytes more")
      day.expectNothingPilesUp()
    }
  }
}

private func residentBytes() -> Int {
  var bytes = [UInt8](repeating: 0, count: 256)
  let descriptor = open("/proc/self/statm", O_RDONLY)
  let count = max(0, read(descriptor, &bytes, bytes.count))
  close(descriptor)
  let words = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
  return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * 4096
}

private struct Day {
  var state = DashboardState(size: Size(width: 160, height: 45), now: Sample.now)
  private var seq: UInt64 = 0
  private var number = 0
  private var now = Sample.now
  private var batches = 0

  init() {
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: Sample.runtimes)))
  }

  var hours: Int64 { (now - Sample.now).milliseconds / 3_600_000 }

  private mutating func event(_ type: EventType, _ run: RunID, _ data: JSONObject) -> RunEvent {
    seq += 1
    return RunEvent(seq: seq, type: type, run: run, time: now, data: data)
  }

  /// Runs begin, talk and end, one after the other, as a day brings them: 2.9 s apart.
  mutating func work(runs: Int) {
    var waiting: [RunEvent] = []
    for _ in 0..<runs {
      number += 1
      let run = Sample.id(number)
      var events = [
        event(
          .queued, run,
          ["contractId": .string(Sample.contract(number).description), "title": .string("Run number \(number)")]),
        event(.started, run, ["runtimeId": "local", "branch": .string("awf/run-\(number)"), "attempt": 1]),
        event(.progress, run, ["progress": 0.5, "message": "half way"]),
        event(.output, run, ["stream": "stdout", "text": .string("line of run \(number)")]),
        event(.tool, run, ["name": "edit", "target": "a.swift", "summary": "+4 -1"]),
      ]
      if number % 50 == 0 { events.append(event(.attention, run, ["attentionId": "q", "question": "Go on?"])) }
      events.append(
        number % 9 == 0
          ? event(.failed, run, ["exitCode": 1, "reason": "verify failed: make test exited 1"])
          : event(.succeeded, run, ["exitCode": 0]))
      waiting += events
      // What comes in a minute is taken in together, or the test would take as long as its day.
      if number % 20 == 0 {
        take(waiting, after: .milliseconds(58_000))
        waiting = []
      }
    }
  }

  /// Runs that are known say more.
  mutating func talk(events count: Int) {
    for turn in 0..<(count / 20) {
      var events: [RunEvent] = []
      for place in 0..<20 {
        let run = Sample.id((turn * 20 + place) % 300 + 1)
        events.append(event(.output, run, ["stream": "stdout", "text": "and another line of output"]))
      }
      take(events, after: .milliseconds(100))
    }
  }

  private mutating func take(_ events: [RunEvent], after wait: Duration) {
    now = now + wait
    answer(state.update(.events(events)))
    answer(state.update(.tick(now)))
    batches += 1
    if batches % 20 == 0 {
      answer(state.press(["down", "up", "enter", "esc", "2", "1", "T"][batches / 20 % 7]))
      _ = drawDashboard(state)
    }
  }

  private mutating func answer(_ effects: [Effect]) {
    for effect in effects {
      if case .fetchBacklog(let run, _) = effect { _ = state.update(.backlog(run, [])) }
    }
  }

  func expectNothingPilesUp() {
    #expect(state.outbox.isEmpty && state.toasts.count <= 3 && state.layers.isEmpty && state.screens.count <= 3)
    #expect((state.log?.count ?? 0) <= 20_000)
    #expect(state.marks.isEmpty)
    #expect(state.list.visible.count == state.board.runs.count)
    #expect(state.preferences.filters.count <= 50 && state.preferences.reasons.count <= 50)
  }
}
