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
  /// Nil until the run has ended, and for one that was canceled.
  package var assessment: Assessment?
  /// What retention has removed of it; nil when nothing.
  package var collected: Collected?
  /// What it may use and what holds that, as it was when it started.
  package var limits: [LimitHolding] = []

  package init(
    run: Run, contract: Contract, decision: RoutingDecision, mergeCommand: String? = nil,
    assessment: Assessment? = nil, collected: Collected? = nil
  ) {
    self.collected = collected
    self.run = run
    self.contract = contract
    self.decision = decision
    self.mergeCommand = mergeCommand
    self.assessment = assessment
  }

  /// The contract's acceptance criteria and whether they are met; unproven until the run has been judged.
  package var criteria: [CriterionResult] {
    contract.acceptanceCriteria.map { criterion in
      assessment?.criteria.first { $0.id == criterion.id } ?? CriterionResult(id: criterion.id, text: criterion.text)
    }
  }
}

extension RunDetail: JSONWritable {
  /// The run's own members, then `contract`, `decision`, `criteria`, `mergeCommand`, `assessment` and `limits`.
  package func write(to json: inout JSONWriter) {
    json.object { json in
      run.writeMembers(to: &json)
      json.member("contract", contract)
      json.member("decision", decision)
      json.member("criteria", criteria)
      json.member("mergeCommand", mergeCommand)
      json.member("assessment", assessment)
      if let collected { json.member("collected", collected) }
      if !limits.isEmpty { json.member("limits", limits) }
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
  /// With `dryRun`: what cannot be taken in is answered with its problem, and does not refuse the rest.
  package var isTolerant = false
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

/// What became of one run to be. In a dry run it has ids only when the contract is known already.
package struct DispatchOutcome: Sendable, Hashable {
  package var runId: RunID?
  package var contractId: ContractID?
  package var title: String
  package var status: RunStatus?
  package var runtimeId: RuntimeID?
  package var decision: RoutingDecision
  /// Why it could not be taken in, in a tolerant dry run.
  package var problem: Problem?

  package init(
    runId: RunID? = nil, contractId: ContractID? = nil, title: String, status: RunStatus? = nil,
    runtimeId: RuntimeID? = nil, decision: RoutingDecision, problem: Problem? = nil
  ) {
    self.problem = problem
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
      if let problem { json.member("problem", problem) }
    }
  }
}

extension RunDetail {
  /// Reads what `write` wrote.
  package init(parsing bytes: [UInt8]) throws {
    let json = try JSONValue(parsing: bytes)
    run = try bytes.readJSON { reader throws(JSONError) in try Run(from: &reader) }
    contract = try Contract(json: json["contract"] ?? .null)
    decision = RoutingDecision(json: json["decision"] ?? .null)
    mergeCommand = json["mergeCommand"]?.string
    assessment = json["assessment"].flatMap(Assessment.init(json:))
    collected = json["collected"].flatMap(Collected.init(json:))
    limits = json["limits"]?.array?.compactMap(LimitHolding.init) ?? []
  }
}

extension DispatchOutcome {
  package init(json: JSONValue) {
    self.init(
      runId: json["runId"]?.string.flatMap { RunID($0) },
      contractId: json["contractId"]?.string.flatMap { ContractID($0) }, title: json["title"]?.string ?? "",
      status: json["status"]?.string.flatMap(RunStatus.init),
      runtimeId: json["runtimeId"]?.string.map { RuntimeID($0) },
      decision: RoutingDecision(json: json["decision"] ?? .null),
      problem: json["problem"].flatMap(Problem.init(json:)))
  }
}

extension DispatchRequest: JSONWritable {
  /// The body of `POST /v1/runs`; the idempotency key travels as a header.
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("contracts", contracts)
      if !runtimes.isEmpty { json.member("runtimes", runtimes.map(\.rawValue)) }
      if count != 1 { json.member("count", count) }
      if dryRun { json.member("dryRun", true) }
      if isTolerant { json.member("tolerant", true) }
    }
  }

  private static let keys = ["contracts", "runtimes", "count", "dryRun", "tolerant"]

  /// Reads the body of `POST /v1/runs`: a request, one contract, or an array of contracts.
  package init(json: JSONValue) throws(ContractError) {
    guard let object = json.object, let list = object["contracts"] else {
      self.init(contracts: try Self.contracts(json.array ?? [json]))
      return
    }
    for key in object.keys where !Self.keys.contains(key) {
      throw ContractError("Unknown key \"\(key)\" in the request.\(Nearest.hint(for: key, among: Self.keys))")
    }
    guard let items = list.array else { throw ContractError("\"contracts\" must be an array.") }
    self.init(contracts: try Self.contracts(items))
    if let value = object["runtimes"], !value.isNull {
      let names = value.array?.compactMap(\.string)
      guard let names, names.count == value.array?.count else {
        throw ContractError("\"runtimes\" must be an array of texts.")
      }
      runtimes = names.map { RuntimeID($0) }
    }
    if let value = object["count"], !value.isNull {
      guard let count = value.int, (1...100_000).contains(count) else {
        throw ContractError("\"count\" must be a whole number from 1 to 100000.")
      }
      self.count = Int(count)
    }
    if let value = object["dryRun"], !value.isNull {
      guard let dryRun = value.bool else { throw ContractError("\"dryRun\" must be true or false.") }
      self.dryRun = dryRun
    }
    if let value = object["tolerant"], !value.isNull {
      guard let tolerant = value.bool, dryRun || !tolerant else {
        throw ContractError("\"tolerant\" must be true or false, and goes with \"dryRun\".")
      }
      isTolerant = tolerant
    }
  }

  /// Of several, an error names the one that it is about.
  private static func contracts(_ items: [JSONValue]) throws(ContractError) -> [Contract] {
    var contracts: [Contract] = []
    for (place, item) in items.enumerated() {
      do throws(ContractError) { contracts.append(try Contract(json: item)) } catch {
        throw items.count == 1 ? error : ContractError("item \(place + 1): \(error.message)")
      }
      if let seconds = contracts[place].timeoutSeconds, seconds > Contract.longestTimeout {
        throw ContractError("\"timeoutSeconds\" must be at most \(Int(Contract.longestTimeout)), a year.")
      }
    }
    return contracts
  }
}
