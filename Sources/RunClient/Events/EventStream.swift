import AsyncHTTPClient
import NIOCore
package import RunModel

/// Which events.
package struct EventQuery: Sendable, Hashable {
  /// Those with a greater seq.
  package var after: UInt64
  /// Ids or ends of ids; empty: all.
  package var runs: [String]
  /// Full (`awf.run.output`) or short (`output`) names; empty: all.
  package var types: [String]
  /// Waits for more at the end.
  package var follow: Bool
  /// With one run: its last events only.
  package var tail: Int?
  /// Which record `after` belongs to, so that another's is noticed.
  package var store: StoreID?

  package init(
    after: UInt64 = 0, runs: [String] = [], types: [String] = [], follow: Bool = false, tail: Int? = nil,
    store: StoreID? = nil
  ) {
    self.store = store
    self.after = after
    self.runs = runs
    self.types = types
    self.follow = follow
    self.tail = tail
  }

  var isFiltered: Bool { !runs.isEmpty || !types.isEmpty || tail != nil }

  var request: Request {
    var request = Request("/v1/events")
    // The last events of a run are counted from its end.
    // Without a place it begins with the first event that is left.
    if tail == nil, after > 0 { request.add("after", String(after)) }
    for run in runs { request.add("run", run) }
    for type in types { request.add("type", type) }
    request.add("follow", follow ? "true" : "false")
    if let tail { request.add("tail", String(tail)) }
    if let store { request.add("store", store.description) }
    return request
  }
}

/// The orchestrator did not send the event that comes next: a fresh snapshot heals it.
package struct EventGap: Error, Sendable, Hashable, CustomStringConvertible {
  /// The last event before the gap.
  package var after: UInt64
  /// The one that came; 0 when the orchestrator's order ends before `after`.
  package var next: UInt64

  package var description: String { "Events are missing after \(after)." }
}

extension RunClient {
  /// Events in batches as they arrive, decoded. Without a filter a missing seq throws `EventGap`.
  ///
  /// Output of runs for which `wantsOutput` is false comes without its text, which is what saves the work under load.
  /// `onOutage` is told when recording stops (why) and goes on (nil), before the batch that comes with it.
  package func events(
    _ query: EventQuery, wantsOutput: (@Sendable (RunID) -> Bool)? = nil,
    onOutage: (@Sendable (StoreOutage?) -> Void)? = nil
  ) async throws -> EventStream {
    var request = query.request
    request.accept = "text/event-stream"
    if query.after > 0, query.tail == nil { request.lastEventID = query.after }
    return EventStream(
      body: try await wire.stream(request), wire: wire, expected: query.isFiltered ? nil : query.after + 1,
      wantsOutput: wantsOutput, onOutage: onOutage)
  }

  /// Events as JSON lines, byte for byte as the orchestrator sends them.
  package func eventLines(_ query: EventQuery) async throws -> WireLines {
    var request = query.request
    request.accept = "application/x-ndjson"
    return WireLines(try await wire.stream(request), wire)
  }
}

/// Batches of events, each what one portion of the stream held. A portion with nothing but a sign of life gives an empty
/// batch. Reading slowly slows the sender down; nothing piles up here.
package struct EventStream: AsyncSequence, Sendable {
  package typealias Element = [RunEvent]

  fileprivate let body: HTTPClientResponse.Body
  fileprivate let wire: Wire
  fileprivate let expected: UInt64?
  fileprivate let wantsOutput: (@Sendable (RunID) -> Bool)?
  fileprivate let onOutage: (@Sendable (StoreOutage?) -> Void)?

  init(
    body: HTTPClientResponse.Body, wire: Wire, expected: UInt64?, wantsOutput: (@Sendable (RunID) -> Bool)?,
    onOutage: (@Sendable (StoreOutage?) -> Void)? = nil
  ) {
    self.onOutage = onOutage
    self.body = body
    self.wire = wire
    self.expected = expected
    self.wantsOutput = wantsOutput
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  package struct AsyncIterator: AsyncIteratorProtocol {
    private var chunks: HTTPClientResponse.Body.AsyncIterator
    private let wire: Wire
    private var batches: EventBatches
    private let onOutage: (@Sendable (StoreOutage?) -> Void)?

    fileprivate init(_ stream: EventStream) {
      chunks = stream.body.makeAsyncIterator()
      wire = stream.wire
      onOutage = stream.onOutage
      batches = EventBatches(expected: stream.expected, wantsOutput: stream.wantsOutput)
    }

    package mutating func next() async throws -> [RunEvent]? {
      guard let chunk = try await wire.next(&chunks) else { return nil }
      do {
        let events = try chunk.withUnsafeReadableBytes { bytes in try batches.feed(bytes) }
        if let outage = try batches.takeOutage() { onOutage?(outage) }
        return events
      } catch let error as JSONError { throw wire.unreadable(error, "/v1/events") }
    }
  }
}

/// From the bytes of a stream to its events: no I/O.
package struct EventBatches {
  private var framer = SSEFramer()
  private var expected: UInt64?
  private let wantsOutput: (@Sendable (RunID) -> Bool)?

  /// `expected`: the first seq, when every one must come.
  package init(expected: UInt64?, wantsOutput: (@Sendable (RunID) -> Bool)? = nil) {
    self.expected = expected
    self.wantsOutput = wantsOutput
  }

  /// What was last told of the store, if anything was: an outage, or nil when it is over.
  package mutating func takeOutage() throws(JSONError) -> StoreOutage?? {
    guard let bytes = framer.takeOutage() else { return nil }
    return .some(StoreOutage(json: try JSONValue(parsing: bytes)))
  }

  package mutating func feed(_ portion: UnsafeRawBufferPointer) throws -> [RunEvent] {
    var events: [RunEvent] = []
    var expected = expected
    let wantsOutput = wantsOutput
    try framer.feed(portion) { _, data in
      let event = try RunEvent(parsing: data, wantsOutput: wantsOutput)
      if let wanted = expected {
        // What comes twice was in the portion before the link broke.
        if event.seq < wanted { return }
        guard event.seq == wanted else { throw EventGap(after: wanted - 1, next: event.seq) }
        expected = wanted + 1
      }
      events.append(event)
    }
    self.expected = expected
    return events
  }
}
