package import RunModel

/// What an orchestrator does for those who ask: the one door for the HTTP API, and for tests.
///
/// Every error is a `Problem`. Nothing is answered before it is durable.
package protocol RunService: Sendable {
  /// State as of a seq: what is stored, never what is only planned.
  func snapshot() async -> Snapshot
  func runs(_ query: RunQuery) async -> RunPage
  /// The run whose id is or ends in `text`. Throws `.notFound` with the candidates for none or several.
  func resolve(_ text: String) async throws -> RunID
  func detail(of run: RunID) async throws -> RunDetail
  /// Final ones from the store, live ones from the runtime.
  func artifacts(of run: RunID) async throws -> Artifacts
  /// As stored, or made anew where `options` ask for another form than the stored one.
  func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8]

  func dispatch(_ request: DispatchRequest, by actor: Actor) async throws -> [DispatchOutcome]
  /// Idempotent: a terminal run is answered as it is.
  func cancel(_ run: RunID, reason: String, force: Bool, by actor: Actor) async throws -> Run
  /// `remember`: answer likewise, for the rest of the run, whatever is asked in the same way.
  func answer(_ run: RunID, attentionId: String?, answer: String, remember: Bool, by actor: Actor) async throws -> Run
  /// Says something to the agent while it works. Throws `.conflict`, with what to do instead, where no session takes it.
  /// With a key it is said once.
  func message(_ run: RunID, text: String, idempotencyKey: String?, by actor: Actor) async throws -> Run
  /// Grants what a risky contract waits for; the rationale is mandatory. Throws `.forbidden` when this person may not,
  /// `.conflict` when nothing waits for approval. The same word again changes nothing.
  func approve(_ run: RunID, why: String, by actor: Actor) async throws -> Run
  /// Ends a run that waits for approval as canceled, with the rationale as its reason.
  func reject(_ run: RunID, why: String, by actor: Actor) async throws -> Run
  /// A new run of the same contract that links to the old. With a key it is made once.
  func retry(_ run: RunID, idempotencyKey: String?, by actor: Actor) async throws -> DispatchOutcome

  /// A new run that goes on where an ended one stopped, on its branch. Without a title it is named after the old one.
  func followUp(_ run: RunID, prompt: String, title: String?, idempotencyKey: String?, by actor: Actor) async throws
    -> DispatchOutcome

  /// Pushes a succeeded run's branch and opens a pull request for it; one that is there already is found. Throws a
  /// `Problem` that says why not and what does it by hand; the run stays as it is.
  func openPullRequest(_ run: RunID, by actor: Actor) async throws -> Run

  func runtimes() async -> [RuntimeSummary]

  /// Why nothing can be recorded, while nothing can; quick, as every subscriber asks now and then.
  var outage: StoreOutage? { get }

  /// The next chunk of events after `cursor`; waits when there is none yet, unless `wait` is false, then an empty chunk.
  /// Empty too when `outage` begins or ends meanwhile.
  /// Nil when the service shuts down. Bounded in bytes; a cursor that fell out of memory is served from the store.
  func events(after cursor: UInt64, wait: Bool) async throws -> EventChunk?
  /// The last `limit` events of one run, ascending.
  func lastEvents(of run: RunID, limit: Int) async throws -> EventChunk
  /// The seq of the last published event.
  func lastSeq() async -> UInt64

  /// Audit records after `seq` as JSON objects, at most `limit`. With a run: that run's whole, the others reduced to
  /// `{seq, previous_hash, event_hash}`, so that the chain verifies offline.
  func audit(after seq: UInt64, limit: Int, run: RunID?) async throws -> [JSONValue]
  /// The seq of the last audit record; 0 on an empty trail.
  func lastAuditSeq() async throws -> UInt64

  /// The first event that is left: what was before it has been removed by `collect`.
  func firstSeq() async throws -> UInt64
  /// Removes what ended runs have left, when it is old and nobody may want it any more.
  func collect(_ request: CollectionRequest, by actor: Actor) async throws -> CollectionReport
  /// Which record the seqs belong to; nil when there is none.
  func storeID() async -> StoreID?
  /// Why a changed configuration is not taken over, while it is not.
  func configurationProblem() async -> String?
  /// What an operator watches and is alerted on.
  func metrics() async -> MetricsPage
}

extension RunService {
  /// For services that keep everything.
  package func firstSeq() async throws -> UInt64 { 1 }
  package func collect(_ request: CollectionRequest, by actor: Actor) async throws -> CollectionReport {
    throw Problem(.unavailable, "This service keeps everything; nothing can be removed.")
  }
  package func openPullRequest(_ run: RunID, by actor: Actor) async throws -> Run {
    throw Problem(.unavailable, "This service opens no pull requests.")
  }
  package func answer(_ run: RunID, attentionId: String?, answer: String, by actor: Actor) async throws -> Run {
    try await self.answer(run, attentionId: attentionId, answer: answer, remember: false, by: actor)
  }
  package func retry(_ run: RunID, by actor: Actor) async throws -> DispatchOutcome {
    try await retry(run, idempotencyKey: nil, by: actor)
  }
  package func storeID() async -> StoreID? { nil }
  package func configurationProblem() async -> String? { nil }
  package func metrics() async -> MetricsPage { MetricsPage() }
}

extension RunService {
  /// For services that record nothing.
  package var outage: StoreOutage? { nil }
}

/// Who asks.
package struct Actor: Sendable, Hashable {
  package enum Kind: String, Sendable { case human, agent, service, routine, system }

  package var kind: Kind
  package var id: String

  package init(_ kind: Kind, _ id: String) {
    self.kind = kind
    self.id = id
  }

  package static let system = Actor(.system, "flightdeck")
}
