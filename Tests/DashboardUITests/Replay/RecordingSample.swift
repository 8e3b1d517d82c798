import RunModel

@testable import DashboardUI

/// A recording that is made up, always the same for one seed.
enum RecordingSample {
  /// `runs` runs that live for a while each; one event every half second or so.
  static func events(_ count: Int, runs: Int = 12, seed: Int = 1) -> [RunEvent] {
    var random = Seeded(UInt64(seed))
    var events: [RunEvent] = []
    var started: Set<Int> = []
    var seq: UInt64 = 0
    var time = Sample.start
    for _ in 0..<count {
      seq += UInt64.random(in: 1...3, using: &random)
      time = time + .milliseconds(Int.random(in: 0...1000, using: &random))
      let number = Int.random(in: 0..<runs, using: &random)
      let run = Sample.id(1000 + number)
      var type = EventType.queued
      var data: JSONObject = [
        "contractId": .string(Sample.contract(number).description), "title": .string("Work \(number)"),
      ]
      if !started.insert(number).inserted {
        let types: [EventType] = [
          .started, .progress, .output, .output, .tool, .attention, .resolved, .artifacts, .failed, .succeeded,
        ]
        type = types.randomElement(using: &random) ?? .output
        data = [
          "runtimeId": "local", "progress": .double(Double.random(in: 0...1, using: &random)), "text": "a line",
          "attentionId": "q", "question": "Go on?", "files": 3,
        ]
      }
      events.append(RunEvent(seq: seq, type: type, run: run, time: time, data: data))
    }
    return events
  }

  static func bytes(_ events: [RunEvent]) -> [UInt8] {
    events.flatMap { event -> [UInt8] in
      var json = JSONWriter()
      event.write(to: &json)
      return json.bytes + [UInt8(ascii: "\n")]
    }
  }

  static func recording(_ bytes: [UInt8], step: Int = 1 << 20) -> Recording {
    var recording = Recording(RecordedBytes(bytes))
    while !recording.isComplete { recording.index(step) }
    return recording
  }

  static func board(_ events: some Sequence<RunEvent>) -> RunBoard {
    var board = RunBoard()
    for event in events { board.apply(event) }
    return board
  }
}
