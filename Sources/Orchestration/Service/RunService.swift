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
  func patch(of run: RunID) async throws -> [UInt8]

  func dispatch(_ request: DispatchRequest, by actor: Actor) async throws -> [DispatchOutcome]
  /// Idempotent: a terminal run is answered as it is.
  func cancel(_ run: RunID, reason: String, force: Bool, by actor: Actor) async throws -> Run
  func answer(_ run: RunID, attentionId: String?, answer: String, by actor: Actor) async throws -> Run
  /// A new run of the same contract that links to the old.
  func retry(_ run: RunID, by actor: Actor) async throws -> DispatchOutcome

  func runtimes() async -> [RuntimeSummary]

  /// The next chunk of events after `cursor`; waits when there is none yet, unless `wait` is false, then an empty chunk.
  /// Nil when the service shuts down. Bounded in bytes; a cursor that fell out of memory is served from the store.
  func events(after cursor: UInt64, wait: Bool) async throws -> EventChunk?
  /// The last `limit` events of one run, ascending.
  func lastEvents(of run: RunID, limit: Int) async throws -> EventChunk
  /// The seq of the last published event.
  func lastSeq() async -> UInt64

  /// Audit records after `seq` as JSON objects, at most `limit`. With a run: that run's whole, the others reduced to
  /// `{seq, previous_hash, event_hash}`, so that the chain verifies offline.
  func audit(after seq: UInt64, limit: Int, run: RunID?) async throws -> [JSONValue]
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

package struct RunQuery: Sendable, Hashable {
  /// Empty: all.
  package var statuses: Set<RunStatus>
  package var runtime: RuntimeID?
  /// 1…10,000.
  package var limit: Int
  /// Only runs dispatched before this one.
  package var before: RunID?

  package init(statuses: Set<RunStatus> = [], runtime: RuntimeID? = nil, limit: Int = 200, before: RunID? = nil) {
    self.statuses = statuses
    self.runtime = runtime
    self.limit = limit
    self.before = before
  }
}

/// Newest first.
package struct RunPage: Sendable {
  package var runs: [Run]
  /// Pass as `before` for the next page; nil on the last.
  package var next: RunID?

  package init(runs: [Run], next: RunID? = nil) {
    self.runs = runs
    self.next = next
  }
}

/// One run whole.
package struct RunDetail: Sendable {
  package var run: Run
  package var contract: Contract
  package var decision: RoutingDecision
  /// How to merge the work, as a command line; nil without a branch.
  package var mergeCommand: String?

  package init(run: Run, contract: Contract, decision: RoutingDecision, mergeCommand: String? = nil) {
    self.run = run
    self.contract = contract
    self.decision = decision
    self.mergeCommand = mergeCommand
  }
}

extension RunDetail: JSONWritable {
  /// The run's own members, then `contract`, `decision`, `criteria` and `mergeCommand`.
  package func write(to json: inout JSONWriter) {
    let fields = (try? JSONValue(parsing: run.jsonBytes))?.object ?? [:]  // our own JSON always parses
    json.object { json in
      for (name, value) in fields { json.member(name, value) }
      json.member("contract", contract)
      json.member("decision", decision)
      json.member(
        "criteria",
        .array(
          contract.acceptanceCriteria.map { ["id": .string($0.id), "text": .string($0.text), "proof": "unproven"] }))
      json.member("mergeCommand", mergeCommand)
    }
  }
}

package struct DispatchRequest: Sendable {
  package var contracts: [Contract]
  /// Several: one run each of every contract. Empty: as each contract says.
  package var runtimes: [RuntimeID]
  /// Contracts made of each; 1 or more.
  package var count: Int
  /// Decide only.
  package var dryRun: Bool
  package var idempotencyKey: String?

  package init(
    contracts: [Contract], runtimes: [RuntimeID] = [], count: Int = 1, dryRun: Bool = false,
    idempotencyKey: String? = nil
  ) {
    self.contracts = contracts
    self.runtimes = runtimes
    self.count = count
    self.dryRun = dryRun
    self.idempotencyKey = idempotencyKey
  }
}

/// What became of one run to be; without ids in a dry run.
package struct DispatchOutcome: Sendable, Hashable {
  package var runId: RunID?
  package var contractId: ContractID?
  package var title: String
  package var status: RunStatus?
  package var runtimeId: RuntimeID?
  package var decision: RoutingDecision

  package init(
    runId: RunID? = nil, contractId: ContractID? = nil, title: String, status: RunStatus? = nil,
    runtimeId: RuntimeID? = nil, decision: RoutingDecision
  ) {
    self.runId = runId
    self.contractId = contractId
    self.title = title
    self.status = status
    self.runtimeId = runtimeId
    self.decision = decision
  }
}

extension DispatchOutcome: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("runId", runId?.description)
      json.member("contractId", contractId?.description)
      json.member("title", title)
      json.member("status", status?.rawValue)
      json.member("runtimeId", runtimeId?.rawValue)
      json.member("decision", decision)
    }
  }
}
