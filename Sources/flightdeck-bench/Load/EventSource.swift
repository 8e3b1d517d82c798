import Orchestration
import RunModel

/// An endless order of plausible events of live runs, each made from its seq alone: of ten, seven lines of output, two
/// reports of progress, one tool call.
struct EventSource: Sendable {
  private let runs: [RunID]
  /// For each run and kind: what follows the seq in an event's JSON.
  private let tails: [[UInt8]]
  private static let head = Array("{\"specversion\":\"1.0\",\"id\":\"".utf8)
  private static let types: [EventType] = [.output, .progress, .tool]

  init(runs: [RunID]) {
    self.runs = runs
    tails = runs.enumerated().flatMap { place, run in
      Self.types.map { type in
        let data: JSONObject =
          switch type {
          case .progress: ["progress": .double(0.1 + Double(place % 80) / 100), "message": "writing the change"]
          case .tool: ["name": "edit", "target": .string("Sources/Cart/Total\(place).swift")]
          default:
            ["stream": "stdout", "text": .string("Formatting what changed in module \(place), line \(place * 7)")]
          }
        let event = RunEvent(seq: 7, source: "/runtimes/simulated", type: type, run: run, time: .now, data: data)
        return Array(event.jsonBytes.dropFirst(Self.head.count + 1))
      }
    }
  }

  func event(_ seq: UInt64) -> StoredEvent {
    let run = Int(seq / 4 % UInt64(runs.count))
    let kind = [0, 1, 0, 0, 2, 0, 0, 1, 0, 0][Int(seq % 10)]
    return StoredEvent(
      seq: seq, run: runs[run], type: Self.types[kind],
      json: Self.head + Array(String(seq).utf8) + tails[run * Self.types.count + kind])
  }

  /// `after < seq <= through`.
  func chunk(after: UInt64, through: UInt64) -> EventChunk { EventChunk((after..<through).map { event($0 + 1) }) }
}
