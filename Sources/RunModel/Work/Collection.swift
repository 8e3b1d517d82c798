/// What retention removes.
package enum CollectedKind: String, Sendable, CaseIterable {
  /// The folder that a run worked in.
  case worktree
  /// A run's branch whose work is on another one.
  case branch
  /// What an agent printed, and its other files in the run's folder.
  case output
  /// The oldest events, up to a seq.
  case events
  /// Answers to requests with an `Idempotency-Key`.
  case answers
}

/// What a clean-up is asked for: the body of `POST /v1/gc`.
package struct CollectionRequest: Sendable, Hashable {
  /// How long ago a run must have ended; nil: as the retention of the configuration says for each kind, and 30 days
  /// where it says nothing.
  package var olderThan: Duration?
  /// Tells what would go, and removes nothing.
  package var dryRun: Bool
  /// Branches whose work is merged go with their worktrees.
  package var branches: Bool
  /// Clean worktrees go also when their work is on the run's own branch alone, which stays.
  package var unmerged: Bool
  /// Merged work of runs that the store does not know goes too, whatever its age.
  package var unknown: Bool

  package init(
    olderThan: Duration? = nil, dryRun: Bool = false, branches: Bool = false, unmerged: Bool = false,
    unknown: Bool = false
  ) {
    self.olderThan = olderThan
    self.dryRun = dryRun
    self.branches = branches
    self.unmerged = unmerged
    self.unknown = unknown
  }
}

/// What a clean-up did, or would do.
package struct CollectionReport: Sendable, Hashable {
  package struct Item: Sendable, Hashable {
    package var kind: CollectedKind
    /// Nil for what belongs to no single run.
    package var run: RunID?
    package var title: String?
    /// A path, a branch, or what it is in words.
    package var what: String
    package var bytes: Int64
    /// Why it goes, or why it stays.
    package var reason: String

    package init(
      _ kind: CollectedKind, run: RunID? = nil, title: String? = nil, what: String, bytes: Int64 = 0, reason: String
    ) {
      self.kind = kind
      self.run = run
      self.title = title
      self.what = what
      self.bytes = bytes
      self.reason = reason
    }
  }

  package var dryRun: Bool
  /// What went, or would go.
  package var items: [Item] = []
  /// What is old enough and stays.
  package var kept: [Item] = []
  /// Ended runs that are not old enough for anything.
  package var younger = 0
  /// Runs that the store does not know and that have left something: an older backup was restored.
  package var unknownRuns = 0
  /// The first event that is left.
  package var firstSeq: UInt64 = 1

  package init(dryRun: Bool) { self.dryRun = dryRun }

  package var bytes: Int64 { items.reduce(0) { $0 + $1.bytes } }
}

/// What retention has removed of a run, and when.
package struct Collected: Sendable, Hashable {
  package var worktree: Timestamp?
  package var branch: Timestamp?
  package var output: Timestamp?
  /// True when its events, or some of them, are before the first that is left.
  package var events = false

  package init() {}

  package var isEmpty: Bool { worktree == nil && branch == nil && output == nil && !events }

  /// One sentence for each, for people.
  package var sentences: [String] {
    [
      worktree.map {
        "Its worktree was removed by gc on \($0.day)\(branch == nil ? "; the work is on its branch" : "")."
      },
      branch.map { "Its branch was merged, and removed by gc on \($0.day)." },
      output.map { "Its output was removed by gc on \($0.day)." },
      events ? "Its events, or the first of them, were removed by gc." : nil,
    ].compactMap { $0 }
  }
}

extension Timestamp {
  /// `2026-01-31`.
  package var day: String { String(description.prefix(10)) }
}

extension Collected: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let worktree { json.member("worktree", worktree) }
      if let branch { json.member("branch", branch) }
      if let output { json.member("output", output) }
      if events { json.member("events", true) }
    }
  }

  package init?(json: JSONValue) {
    guard json.object != nil else { return nil }
    func time(_ name: String) -> Timestamp? { json[name]?.string.flatMap { Timestamp($0) } }
    worktree = time("worktree")
    branch = time("branch")
    output = time("output")
    events = json["events"]?.bool ?? false
  }
}

extension CollectionRequest: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let olderThan { json.member("olderThanSeconds", olderThan.components.seconds) }
      if dryRun { json.member("dryRun", true) }
      if branches { json.member("branches", true) }
      if unmerged { json.member("unmerged", true) }
      if unknown { json.member("unknown", true) }
    }
  }
}

extension CollectionReport.Item: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("kind", kind.rawValue)
      json.member("runId", run?.description)
      json.member("title", title)
      json.member("what", what)
      json.member("bytes", bytes)
      json.member("reason", reason)
    }
  }

  package init?(json: JSONValue) {
    guard let kind = json["kind"]?.string.flatMap(CollectedKind.init), let what = json["what"]?.string else {
      return nil
    }
    self.init(
      kind, run: json["runId"]?.string.flatMap { RunID($0) }, title: json["title"]?.string, what: what,
      bytes: json["bytes"]?.int ?? 0, reason: json["reason"]?.string ?? "")
  }
}

extension CollectionReport: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("dryRun", dryRun)
      json.member("items", items)
      json.member("kept", kept)
      json.member("younger", younger)
      if unknownRuns > 0 { json.member("unknownRuns", unknownRuns) }
      json.member("bytes", bytes)
      json.member("firstSeq", Int64(clamping: firstSeq))
    }
  }

  package init(json: JSONValue) {
    self.init(dryRun: json["dryRun"]?.bool ?? false)
    items = json["items"]?.array?.compactMap(Item.init(json:)) ?? []
    kept = json["kept"]?.array?.compactMap(Item.init(json:)) ?? []
    younger = Int(json["younger"]?.int ?? 0)
    unknownRuns = Int(json["unknownRuns"]?.int ?? 0)
    firstSeq = UInt64(clamping: json["firstSeq"]?.int ?? 1)
  }
}
