import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import RunModel

/// What may be endless or very large, and so travels piece by piece.
extension API {
  private static let pieceSize = 256 * 1024
  /// Runs of the first piece of a snapshot: those of a large screen.
  private static let screenful = 128

  func events(_ request: APIRequest) async throws -> Response {
    let query = try request.query("after", "run", "type", "follow", "tail", "store")
    try await checkStore(query)
    let accept = request.request.headers[values: .accept].joined(separator: ",")
    let format: EventFormat = accept.contains("text/event-stream") ? .serverSentEvents : .jsonLines
    var runs: Set<RunID> = []
    for text in query.all("run") { runs.insert(try await service.resolve(text)) }
    let follows = try query.bool("follow") ?? (format == .serverSentEvents)
    var after = try query.number("after", in: 0...UInt64(Int64.max))
    let tailCount = try query.number("tail", in: 0...100_000)
    if tailCount != nil, runs.count != 1 || after != nil {
      throw Problem(.invalid, "\"tail\" goes with exactly one \"run\", and not with \"after\".")
    }
    let resumed = try lastEventID(request)
    // What a reconnecting client has seen says more than the address that it first asked for.
    after = resumed ?? after
    let last = await service.lastSeq()
    if let after, after > last {
      throw Problem(
        .conflict,
        "The last event here is \(last), so \(after) comes from another record. Take a new snapshot and follow from there."
      )
    }
    // What was removed cannot be sent. Who asks for all there is gets what is left; who names a place in it would miss
    // something without knowing, unless only some of the events are wanted.
    let first = try await service.firstSeq()
    let isWhole = runs.isEmpty && query.all("type").isEmpty
    if isWhole, let after, after + 1 < first {
      throw Problem(
        .conflict,
        "Events before \(first) were removed by gc. Begin after \(first - 1), or take a new snapshot and follow from there."
      )
    }
    var tail: EventChunk?
    if let tailCount, resumed == nil, let run = runs.first {
      let chunk = try await service.lastEvents(of: run, limit: Int(tailCount))
      tail = chunk
      after = max(last, chunk.lastSeq)
    }
    let stream = EventStream(
      service: service, streams: request.streams, figures: figures, format: format,
      filter: EventFilter(runs: runs, types: query.all("type")), cursor: max(after ?? 0, first - 1), tail: tail,
      end: follows ? nil : max(last, tail?.lastSeq ?? 0),
      lease: request.caller.token.map { Lease(access: access, token: $0) })
    // Hummingbird ends the connection after a stream like this; a client that knows asks on another at once.
    var headers: HTTPFields = [.contentType: format.contentType, .cacheControl: "no-store", .connection: "close"]
    if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
    let body = request.request.body
    let channel = request.channel
    let streams = request.streams
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        do {
          // Ends when the client closes its side, which an idle stream would not notice before its next write.
          try await body.consumeWithCancellationOnInboundClose { [writer] _ in
            var paced = PacedWriter(
              writer: writer, channel: channel, patience: streams.timing.patience, stalls: streams.stalls)
            try await stream.write(to: &paced)
          }
        } catch is CancellationError {
          if !channel.isActive { return }
        }
        try await writer.finish(nil)
      })
  }

  private func lastEventID(_ request: APIRequest) throws(Problem) -> UInt64? {
    guard let name = HTTPField.Name("Last-Event-ID"), let text = request.request.headers[name], !text.isEmpty else {
      return nil
    }
    guard let seq = UInt64(text) else {
      throw Problem(.invalid, "Last-Event-ID must be the seq of an event, not \"\(text)\".")
    }
    return seq
  }

  func audit(_ request: APIRequest) async throws -> Response {
    let query = try request.query("after", "run", "limit", "tail", "store")
    try await checkStore(query)
    var after = try query.number("after", in: 0...UInt64(Int64.max)) ?? 0
    let limit = try query.number("limit", in: 1...UInt64(Int64.max))
    if let tail = try query.number("tail", in: 1...UInt64(Int64.max)) {
      // The trail is gapless.
      let last = try await service.lastAuditSeq()
      if last > tail { after = max(after, last - tail) }
    }
    let run: RunID? = if let text = try query.text("run") { try await service.resolve(text) } else { nil }
    let recorded = try await service.lastAuditSeq()
    guard after <= recorded else {
      throw Problem(
        .conflict, "The last audit record here is \(recorded), so \(after) comes from another record. Begin anew at 0.")
    }
    let page = 512
    let service = service
    let start = after
    let first = try await service.audit(after: start, limit: Int(min(UInt64(page), limit ?? .max)), run: run)
    return Reply.stream(type: EventFormat.jsonLines.contentType, channel: request.channel) { writer in
      var records = first
      var seq = start
      var left = limit ?? .max
      while !records.isEmpty {
        var json = JSONWriter(reserving: records.count * 512)
        var buffer = ByteBuffer()
        for record in records {
          json.removeAll()
          json.value(record)
          buffer.writeBytes(json.bytes)
          buffer.writeInteger(UInt8(ascii: "\n"))
        }
        try await writer.write(buffer)
        // The trail is gapless, so a record that does not tell its seq has the next.
        seq = records.last?["seq"]?.int.map { UInt64(clamping: $0) } ?? seq + UInt64(records.count)
        left -= min(left, UInt64(records.count))
        if records.count < page || left == 0 { break }
        records = try await service.audit(after: seq, limit: Int(min(UInt64(page), left)), run: run)
      }
    }
  }

  /// As `Snapshot` writes itself, but never whole in memory: 100,000 runs are some 80 MB.
  func snapshot(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let snapshot = await service.snapshot()
    return Reply.stream(type: "application/json", channel: request.channel) { writer in
      var json = JSONWriter(reserving: Self.pieceSize + 4096)
      json.object { json in snapshot.writeHead(to: &json) }
      var buffer = ByteBuffer(bytes: json.bytes.dropLast())
      buffer.writeString(",\"runs\":[")
      for (count, place) in snapshot.travelOrder.enumerated() {
        json.removeAll()
        snapshot.runs[place].write(to: &json)
        if count > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeBytes(json.bytes)
        // A screenful goes at once: the client draws it while the rest travels.
        if buffer.readableBytes >= Self.pieceSize || count == Self.screenful {
          try await writer.write(buffer)
          buffer.clear()
        }
      }
      buffer.writeString("]}")
      try await writer.write(buffer)
    }
  }
}
