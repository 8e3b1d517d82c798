/// One event of the orchestrator's gapless order: a CloudEvent 1.0 in structured JSON.
package struct RunEvent: Sendable, Equatable {
  /// 1, 2, 3 …; on the wire it is `id`, as text.
  package var seq: UInt64
  /// `/orchestrator` or `/runtimes/<runtimeId>`.
  package var source: String
  package var type: EventType
  /// The event's `subject`; nil when it is about no run.
  package var run: RunID?
  package var time: Timestamp
  package var data: JSONObject
  /// Members beyond ours, as they came.
  package var extensions: JSONObject = [:]

  package init(
    seq: UInt64 = 0, source: String = RunEvent.orchestrator, type: EventType, run: RunID?, time: Timestamp,
    data: JSONObject = [:]
  ) {
    self.seq = seq
    self.source = source
    self.type = type
    self.run = run
    self.time = time
    self.data = data
  }

  /// Snapshots and stores have no room for a later one.
  package static let lastSeq = UInt64(Int64.max)

  package static let orchestrator = "/orchestrator"
  package static func source(of runtime: RuntimeID) -> String { "/runtimes/\(runtime)" }
}

extension RunEvent: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("specversion", "1.0")
      json.member("id", String(seq))
      json.member("source", source)
      json.member("type", type.rawValue)
      if let run { json.member("subject", run.description) }
      json.member("time", time)
      json.member("data", .object(data))
      for (name, value) in extensions { json.member(name, value) }
    }
  }

  /// Reads one event; `id` must be a number and `type` must be there, all else is kept as it came. With `wantsOutput`, of
  /// an output line that nobody looks at only what a fold needs is read (`dropped`).
  package init(
    from reader: inout JSONReader, wantsOutput: ((RunID) -> Bool)? = nil
  ) throws(JSONError) {
    var event = RunEvent(source: "", type: "", run: nil, time: Timestamp(milliseconds: 0))
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "specversion": try reader.skip()
      case "id":
        guard let seq = UInt64(try reader.string()), seq <= Self.lastSeq else {
          throw reader.error("An event's id must be its seq")
        }
        event.seq = seq
      case "source": event.source = try reader.string()
      case "type": event.type = EventType(rawValue: try reader.string())
      case "subject":
        guard let run = try reader.stringBytes({ RunID(utf8: $0) }) else {
          throw reader.error("An event's subject must be a run id")
        }
        event.run = run
      case "time": event.time = try reader.timestamp()
      case "data":
        if event.type == .output, let run = event.run, let wantsOutput, !wantsOutput(run), reader.isAtObject {
          event.data = try reader.member("dropped")
        } else if case .object(let data) = try reader.value() {
          event.data = data
        }
      default: event.extensions.append(key, try reader.value())
      }
    }
    guard event.seq > 0, !event.type.rawValue.isEmpty else { throw reader.error("An event needs id and type") }
    self = event
  }

  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try bytes.readJSON { reader throws(JSONError) in try RunEvent(from: &reader) }
  }
}
