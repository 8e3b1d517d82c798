import RunModel

extension RunEvent {
  /// Reads one event; of an output line that nobody looks at, only what a fold needs (`dropped`).
  init(
    parsing bytes: UnsafeRawBufferPointer, wantsOutput: (@Sendable (RunID) -> Bool)?
  ) throws(JSONError) {
    var reader = JSONReader(bytes)
    guard let wantsOutput else {
      self = try RunEvent(from: &reader)
      try reader.finish()
      return
    }
    var event = RunEvent(type: "", run: nil, time: Timestamp(milliseconds: 0))
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "specversion": try reader.skip()
      case "id":
        guard let seq = UInt64(try reader.string()) else { throw reader.error("An event's id must be its seq") }
        event.seq = seq
      case "source": event.source = try reader.string()
      case "type": event.type = EventType(rawValue: try reader.string())
      case "subject":
        guard let run = RunID(try reader.string()) else {
          throw reader.error("An event's subject must be a run id")
        }
        event.run = run
      case "time": event.time = try reader.timestamp()
      case "data":
        if event.type == .output, let run = event.run, !wantsOutput(run) {
          try reader.object { key, reader throws(JSONError) in
            if key == "dropped" { event.data.append(key, try reader.value()) } else { try reader.skip() }
          }
        } else if case .object(let data) = try reader.value() {
          event.data = data
        }
      default: event.extensions.append(key, try reader.value())
      }
    }
    try reader.finish()
    guard event.seq > 0, !event.type.rawValue.isEmpty else { throw reader.error("An event needs id and type") }
    self = event
  }
}
