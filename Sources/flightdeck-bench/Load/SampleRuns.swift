import RunModel

/// Runs as a busy fortnight leaves them.
enum SampleRuns {
  static let verbs = ["Fix", "Rename", "Document", "Speed up", "Remove", "Test", "Port", "Simplify"]
  static let subjects = [
    "the cart total", "the login form", "the nightly export", "the retry loop", "the search index", "the CSV reader",
    "the payment webhook", "the release notes", "the cache keys", "the date picker", "the audit report",
  ]

  static func id(_ place: Int) -> RunID {
    // Spread, so that the short names differ in all their characters.
    RunID(ULID(high: (0x0190_0000_0000 + UInt64(place)) << 16, low: (UInt64(place) &+ 1) &* 0x9E37_79B9_7F4A_7C15))
  }

  static func title(_ place: Int) -> String {
    "\(verbs[place % verbs.count]) \(subjects[place / verbs.count % subjects.count]) (#\(1000 + place))"
  }

  /// All ended but the last `live`.
  static func runs(_ count: Int, live: Int = 0, seq: (Int) -> UInt64 = { UInt64($0) * 3 + 1 }) -> [Run] {
    let start = Timestamp.now + .seconds(-count)
    return (0..<count).map { place in
      let created = start + .milliseconds(place * 900)
      let id = id(place)
      var run = Run(
        runId: id, contractId: ContractID(id.ulid), title: title(place), createdAt: created, seq: seq(place))
      let commit = String(repeating: id.description.lowercased(), count: 2).prefix(40)
      run.runtimeId = place % 3 == 0 ? "local" : "simulated"
      run.runtimeSessionId = "session-\(place)"
      run.startedAt = created + .milliseconds(200)
      run.branch = "awf/run-\(id.shortName.lowercased())"
      run.base = String(commit)
      run.activity = "done"
      run.progressKnown = true
      guard place < count - live else {
        run.status = .running
        run.progress = 0.1
        return run
      }
      run.status = place % 10 == 0 ? .failed : .succeeded
      run.progress = 1
      run.endedAt = created + .seconds(30)
      run.lastEventAt = created + .seconds(30)
      run.lastSeq = run.firstSeq + 2
      run.commit = String(commit)
      run.filesChanged = place % 9
      run.added = place % 240
      run.removed = place % 60
      run.testsPassed = 40
      run.testsTotal = 40
      run.exitCode = 0
      return run
    }
  }
}
