import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct PulseTests {
  private let size = Size(width: 120, height: 40)

  @Test("Counted event by event, the pulse is what counting all runs anew gives", arguments: 1...6)
  func incremental(seed: Int) {
    var random = Seeded(UInt64(seed))
    var state = DashboardState(size: size, now: Sample.now)
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: Sample.runs, runtimes: Sample.runtimes)))
    var seq: UInt64 = 1000
    let types: [EventType] = [
      .queued, .started, .succeeded, .failed, .canceled, .usage, .output, .progress, .attention,
    ]
    for step in 0..<400 {
      seq += 1
      let number = Int.random(in: 1...60, using: &random)
      let data: JSONObject = [
        "contractId": .string(Sample.contract(number).description), "title": "A run",
        "runtimeId": Bool.random(using: &random) ? "local" : "vibe", "inputTokens": .int(Int64(step)),
        "costUSD": .double(Double(step) / 7),
      ]
      let type = types.randomElement(using: &random) ?? .queued
      _ = state.update(.events([Sample.event(seq, type, Sample.id(number), step * 3, data)]))
    }
    let fresh = Pulse(state.board, end: state.history.end)
    func bare(_ ring: PulseRing) -> [PulseBucket] {
      ring.buckets.map { bucket in
        var bucket = bucket
        bucket.events = 0
        return bucket
      }
    }
    #expect(bare(state.history.fine) == fresh.fine.buckets)
    #expect(bare(state.history.middle) == fresh.middle.buckets)
    #expect(bare(state.history.coarse) == fresh.coarse.buckets)
    #expect(state.history.running == state.board.count(.running))
    #expect(state.history.queued == state.board.count(.queued))
    #expect(state.history.fine.buckets.reduce(0) { $0 + $1.ended } > 0)
  }

  @Test("A day passes in the size of a minute, and what is too old is gone")
  func bounded() {
    var pulse = Pulse(end: Sample.start)
    let sizes = (pulse.fine.buckets.count, pulse.middle.buckets.count, pulse.coarse.buckets.count)
    for minute in 0..<2000 {
      let at = Sample.start + .seconds(60 * minute)
      pulse.advance(to: at)
      var run = Sample.run(1, "x")
      run.createdAt = at
      run.startedAt = at
      run.endedAt = at
      run.status = .succeeded
      pulse.changed(from: nil, to: RunMoments(run))
    }
    #expect((pulse.fine.buckets.count, pulse.middle.buckets.count, pulse.coarse.buckets.count) == sizes)
    #expect((1500...1505).contains(pulse.coarse.buckets.reduce(0) { $0 + $1.ended }))
    #expect(pulse.fine.buckets.reduce(0) { $0 + $1.ended } == 17)
  }

  @Test("Levels go back in time from the numbers of now")
  func levels() {
    var pulse = Pulse(end: Sample.start)
    var run = Sample.run(1, "x")
    run.createdAt = Sample.start
    pulse.changed(from: nil, to: RunMoments(run))
    let queued = RunMoments(run)
    run.status = .running
    run.startedAt = Sample.start + .seconds(60)
    pulse.advance(to: Sample.start + .seconds(120))
    pulse.changed(from: queued, to: RunMoments(run))
    let picture = PulsePicture(pulse, .fiveMinutes)
    #expect(picture.running.suffix(12).allSatisfy { $0 == 1 })
    #expect(picture.queued.last == 0)
    #expect(picture.queued[60 - 14] == 1)
    #expect(picture.running.first == 0 && picture.queued.first == 0)
    #expect(picture.median.allSatisfy { $0 == nil })
  }

  @Test(
    "Durations are kept within an eighth of what they were",
    arguments: [1, 2, 7, 8, 9, 1000, 1023, 1024, 4200, 61_000, 3_600_000] as [Int64])
  func durations(milliseconds: Int64) throws {
    var counts = DurationCounts()
    counts.add(milliseconds, 1)
    let value = try #require(counts.quantile(0.5))
    #expect(abs(value - Double(milliseconds)) <= max(1, Double(milliseconds) / 8))
    counts.add(milliseconds, -1)
    #expect(counts == DurationCounts())
  }

  @Test("The median and the 90th percentile of many")
  func quantiles() throws {
    var counts = DurationCounts()
    for second in 1...100 { counts.add(Int64(second) * 1000, 1) }
    #expect(try #require(counts.quantile(0.5)) / 50_000 > 0.9)
    #expect(try #require(counts.quantile(0.5)) / 50_000 < 1.1)
    #expect(try #require(counts.quantile(0.9)) / 90_000 > 0.9)
    #expect(try #require(counts.quantile(0.9)) / 90_000 < 1.1)
    #expect(DurationCounts().quantile(0.5) == nil)
  }

  @Test("The timeline holds the live runs and the latest that ended, newest start first")
  func timeline() {
    var state = Sample.state(size)
    state.press("5")
    let started = state.pulse.rows.compactMap { state.board[$0]?.startedAt }
    #expect(started == started.sorted(by: >))
    #expect(Set(state.pulse.rows).isSuperset(of: state.timeline.live))
    #expect(state.timeline.live.count == state.board.count(.running))
  }
}
