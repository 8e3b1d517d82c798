package import RunModel

/// A store that can let go of what is old.
package protocol RetentionStore: RunStore {
  /// The first event that is left; 1 when none was removed and on an empty store.
  func firstSeq() async throws -> UInt64

  /// How many events there are through a seq, and the size of their JSON.
  func measureEvents(through seq: UInt64) async throws -> (count: Int, bytes: Int64)

  /// Removes the oldest events through `seq`, at most `limit`, and returns how many; never the last one there is, so that
  /// the order goes on from it. What is left is gapless at every moment.
  func removeEvents(through seq: UInt64, limit: Int) async throws -> Int

  /// How many answers to requests with a key belong to runs that were all dispatched before a time.
  func countAnswers(before time: Timestamp) async throws -> Int

  /// Removes them, at most `limit`, and returns how many.
  func removeAnswers(before time: Timestamp, limit: Int) async throws -> Int

  /// The marks of all runs that have any.
  func marks() async throws -> [RunID: RetentionMark]
  func mark(of run: RunID) async throws -> RetentionMark

  /// Durable when it returns; the other half of the run's mark stays.
  func markSeen(_ run: RunID, at time: Timestamp) async throws
  func mark(_ run: RunID, _ removals: RetentionMark.Removals) async throws
}

/// What retention knows of a run.
package struct RetentionMark: Sendable, Hashable {
  /// When somebody first looked at how it ended.
  package var seen: Timestamp?
  package var removals = Removals()

  package init(seen: Timestamp? = nil, removals: Removals = Removals()) {
    self.seen = seen
    self.removals = removals
  }

  /// Removals begun, and those of them that are done: one that was cut short is gone on with.
  package struct Removals: Sendable, Hashable {
    package var begun: [CollectedKind: Timestamp] = [:]
    package var done: [CollectedKind: Timestamp] = [:]

    package init() {}

    package var cutShort: [CollectedKind] { CollectedKind.allCases.filter { begun[$0] != nil && done[$0] == nil } }
  }
}

extension RetentionMark.Removals: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      for (name, times) in [("begun", begun), ("done", done)] {
        json.member(
          name,
          .object(
            JSONObject(
              times.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                ($0.key.rawValue, .string($0.value.description))
              })))
      }
    }
  }

  package init(json: JSONValue) {
    func times(_ name: String) -> [CollectedKind: Timestamp] {
      var times: [CollectedKind: Timestamp] = [:]
      for (kind, time) in json[name]?.object ?? [:] {
        if let kind = CollectedKind(rawValue: kind) { times[kind] = time.string.flatMap { Timestamp($0) } }
      }
      return times
    }
    begun = times("begun")
    done = times("done")
  }
}
