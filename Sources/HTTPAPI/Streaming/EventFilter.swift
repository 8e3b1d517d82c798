import NIOCore
import Orchestration
import RunModel

/// How events travel: as Server-Sent Events, or one JSON object a line.
enum EventFormat: Sendable {
  case serverSentEvents, jsonLines

  var contentType: String {
    switch self {
    case .serverSentEvents: "text/event-stream"
    case .jsonLines: "application/x-ndjson"
    }
  }
}

/// Which events a client asked for; empty lets all through.
struct EventFilter: Sendable {
  var runs: Set<RunID> = []
  /// Full names.
  private var types: Set<String> = []

  /// `types` may be full (`awf.run.output`) or short (`run.output`, `output`).
  init(runs: Set<RunID> = [], types: [String] = []) {
    self.runs = runs
    for type in types { self.types.formUnion([type, "awf.\(type)", "awf.run.\(type)"]) }
  }

  private var isEmpty: Bool { runs.isEmpty && types.isEmpty }

  func admits(_ entry: EventChunk.Entry) -> Bool {
    if !runs.isEmpty {
      guard let run = entry.run, runs.contains(run) else { return false }
    }
    return types.isEmpty || types.contains(entry.type.rawValue)
  }

  /// The wanted events of `chunk` within `after < seq <= through`, as one buffer.
  func encode(_ chunk: EventChunk, after: UInt64, through: UInt64 = .max, as format: EventFormat) -> ByteBuffer {
    let isWhole = isEmpty && chunk.firstSeq > after && chunk.lastSeq <= through
    if isWhole, format == .serverSentEvents { return ByteBuffer(bytes: chunk.frames) }
    var buffer = ByteBuffer()
    if isWhole { buffer.reserveCapacity(chunk.frames.count) }
    for (place, entry) in chunk.entries.enumerated() {
      guard entry.seq > after, entry.seq <= through, isWhole || admits(entry) else { continue }
      switch format {
      case .serverSentEvents:
        let end = place + 1 < chunk.entries.count ? chunk.entries[place + 1].start : chunk.frames.count
        buffer.writeBytes(chunk.frames[entry.start..<end])
      case .jsonLines:
        buffer.writeBytes(chunk.json(of: entry))
        buffer.writeInteger(UInt8(ascii: "\n"))
      }
    }
    return buffer
  }
}
