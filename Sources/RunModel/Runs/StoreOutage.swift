/// What keeps the orchestrator from recording anything, as long as it does. Agents go on meanwhile, and what happens to
/// them is put on record when it is over.
package struct StoreOutage: Sendable, Hashable {
  /// In a few words: `the disk is full`.
  package var cause: String
  /// What is wrong, with the way out.
  package var detail: String
  package var since: Timestamp
  /// What has happened since and waits to be recorded.
  package var waiting: Int
  /// Reports of agents (output, before all) that were given up so that memory stays bounded; they are counted on record.
  package var dropped: Int

  package init(cause: String, detail: String, since: Timestamp, waiting: Int = 0, dropped: Int = 0) {
    self.cause = cause
    self.detail = detail
    self.since = since
    self.waiting = waiting
    self.dropped = dropped
  }

  /// `store: the disk is full, nothing is recorded since 12:31; agents go on`. `clock` puts the moment as it is shown.
  package func sentence(_ clock: (Timestamp) -> String) -> String {
    "store: \(cause), nothing is recorded since \(clock(since)); agents go on"
  }
}

extension StoreOutage: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("cause", cause)
      json.member("detail", detail)
      json.member("since", since)
      json.member("waiting", waiting)
      json.member("dropped", dropped)
    }
  }

  package init?(json: JSONValue) {
    guard let cause = json["cause"]?.string, let since = json["since"]?.string.flatMap({ Timestamp($0) }) else {
      return nil
    }
    self.init(
      cause: cause, detail: json["detail"]?.string ?? cause, since: since, waiting: Int(json["waiting"]?.int ?? 0),
      dropped: Int(json["dropped"]?.int ?? 0))
  }
}
