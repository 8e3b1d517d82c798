package import RunModel

/// The durable record: events, runs, contracts, artifacts and the audit trail, written together or not at all.
///
/// Errors are `Problem(.unavailable)` (a full disk, a locked file) with the cause and the way out.
package protocol RunStore: Sendable {
  /// Its own name, which no other store has.
  func id() async throws -> StoreID

  /// The bytes that it takes and that are free where it lies; nil for one that lies nowhere.
  func size() async -> (bytes: Int64, free: Int64)?

  /// Stores the whole batch in one transaction and returns when it is durable.
  func commit(_ batch: RecordBatch) async throws

  /// `handler` is called when reading finds what is stored damaged, perhaps more than once. Called once.
  func onDamage(_ handler: @escaping @Sendable (Problem) -> Void)

  /// Looks at everything that is stored; throws a `Problem`, and tells `onDamage`, when it is not whole.
  func examine() async throws

  /// The last event's seq; 0 when there is none.
  func lastSeq() async throws -> UInt64

  /// Events with `after < seq <= through`, ascending, at most `limit`; those of `run` alone when it is given.
  func events(after: UInt64, through: UInt64, run: RunID?, limit: Int) async throws -> [StoredEvent]

  /// The last `limit` events of one run within `after < seq <= through`, ascending.
  func lastEvents(of run: RunID, after: UInt64, through: UInt64, limit: Int) async throws -> [StoredEvent]

  /// The same, ending also with the event that brings their JSON to `bytes` or more.
  func events(after: UInt64, through: UInt64, run: RunID?, limit: Int, bytes: Int) async throws -> [StoredEvent]
  func lastEvents(
    of run: RunID, after: UInt64, through: UInt64, limit: Int, bytes: Int
  ) async throws -> [StoredEvent]

  /// Every run's newest stored row: JSON as `Run` writes it, in the order of dispatch.
  func runs() async throws -> [StoredRun]

  /// The contract's JSON, nil when unknown.
  func contract(_ id: ContractID) async throws -> [UInt8]?

  func detail(of run: RunID) async throws -> StoredDetail

  /// Audit records with `after < seq`, ascending, at most `limit`.
  func audit(after: UInt64, limit: Int) async throws -> [StoredAuditRecord]

  /// The last audit record; nil on an empty trail.
  func lastAudit() async throws -> StoredAuditRecord?

  /// The answer stored under an idempotency key; the newest `RecordBatch.answersKept` are kept.
  func answer(forIdempotencyKey key: String) async throws -> [UInt8]?

  /// Every token, in the order in which they were made.
  func tokens() async throws -> [StoredToken]
}

/// A bearer token as it is kept: never the secret itself.
package struct StoredToken: Sendable, Hashable {
  package var id: TokenID
  /// SHA-256 of the secret, 32 bytes.
  package var hash: [UInt8]
  /// `TokenSummary` as JSON.
  package var json: [UInt8]

  package init(id: TokenID, hash: [UInt8], json: [UInt8]) {
    self.id = id
    self.hash = hash
    self.json = json
  }
}

extension RunStore {
  package func size() async -> (bytes: Int64, free: Int64)? { nil }

  /// For stores that cannot be damaged.
  package func onDamage(_ handler: @escaping @Sendable (Problem) -> Void) {}
  package func examine() async throws {}

  /// For stores that have all in memory anyway.
  package func events(
    after: UInt64, through: UInt64, run: RunID?, limit: Int, bytes: Int
  ) async throws -> [StoredEvent] {
    Array(try await events(after: after, through: through, run: run, limit: limit).within(bytes))
  }

  package func lastEvents(
    of run: RunID, after: UInt64, through: UInt64, limit: Int, bytes: Int
  ) async throws -> [StoredEvent] {
    try await lastEvents(of: run, after: after, through: through, limit: limit).reversed().within(bytes).reversed()
  }
}

extension Collection<StoredEvent> {
  fileprivate func within(_ bytes: Int) -> SubSequence {
    var left = bytes
    return prefix { event in
      defer { left -= event.json.count }
      return left > 0
    }
  }
}

/// An event with its place and its JSON text.
package struct StoredEvent: Sendable, Hashable {
  package var seq: UInt64
  package var run: RunID?
  package var type: EventType
  package var json: [UInt8]

  package init(seq: UInt64, run: RunID?, type: EventType, json: [UInt8]) {
    self.seq = seq
    self.run = run
    self.type = type
    self.json = json
  }
}

/// A run's row: its fold as of `lastSeq`.
package struct StoredRun: Sendable, Hashable {
  package var run: RunID
  package var contract: ContractID
  package var lastSeq: UInt64
  package var json: [UInt8]

  package init(run: RunID, contract: ContractID, lastSeq: UInt64, json: [UInt8]) {
    self.run = run
    self.contract = contract
    self.lastSeq = lastSeq
    self.json = json
  }
}

/// What is kept of a run beside its row; each part nil until it is known.
package struct StoredDetail: Sendable, Hashable {
  /// `RoutingDecision` as JSON.
  package var decision: [UInt8]?
  /// `Artifacts` as JSON.
  package var artifacts: [UInt8]?
  package var patch: [UInt8]?
  /// `ReportPosition` as text: how far the runtime's own record of the run is among the events.
  package var position: [UInt8]?
  /// `MachineTime` as text: when the run started.
  package var start: [UInt8]?

  package init(
    decision: [UInt8]? = nil, artifacts: [UInt8]? = nil, patch: [UInt8]? = nil, position: [UInt8]? = nil,
    start: [UInt8]? = nil
  ) {
    self.decision = decision
    self.artifacts = artifacts
    self.patch = patch
    self.position = position
    self.start = start
  }
}

package struct StoredAuditRecord: Sendable, Hashable {
  package var seq: UInt64
  package var run: RunID?
  package var hash: String
  /// The whole record as JSON, `event_hash` included.
  package var json: [UInt8]

  package init(seq: UInt64, run: RunID?, hash: String, json: [UInt8]) {
    self.seq = seq
    self.run = run
    self.hash = hash
    self.json = json
  }
}

/// What one commit stores. Rows of `runs`, `contracts`, `details` and `tokens` replace earlier ones; a nil part of a detail keeps
/// what is there.
package struct RecordBatch: Sendable {
  package var events: [StoredEvent] = []
  package var runs: [StoredRun] = []
  package var contracts: [(id: ContractID, json: [UInt8])] = []
  package var details: [(run: RunID, detail: StoredDetail)] = []
  package var audit: [StoredAuditRecord] = []
  package var answers: [(key: String, json: [UInt8])] = []
  package var tokens: [StoredToken] = []
  /// Older ones are dropped: a client that has not heard for so long asks again with another key.
  package static let answersKept = 100_000

  package init() {}

  package var isEmpty: Bool {
    events.isEmpty && runs.isEmpty && contracts.isEmpty && details.isEmpty && audit.isEmpty && answers.isEmpty
      && tokens.isEmpty
  }
}
