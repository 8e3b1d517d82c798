import AsyncHTTPClient
import NIOCore
package import RunModel

/// What `/healthz` answers.
package struct Health: Sendable, Hashable {
  package var version: String
  package var pid: Int
  /// The last event's seq.
  package var seq: UInt64
  /// Which record the seq belongs to; nil when the orchestrator does not tell.
  package var store: StoreID?
  /// The addresses that it serves, as it names them; empty for an older one.
  package var listening: [String] = []
  /// The configuration file that it was started with, whether or not it is there; nil when it does not say.
  package var configuration: String?
  /// What the token may do; nil on one's own socket, where everything may be done, and for an older one.
  package var role: AccessRole?
  /// Why nothing can be recorded, while nothing can.
  package var outage: StoreOutage?
  /// Why a changed configuration is not taken over, while it is not.
  package var configurationProblem: String?
}

/// An orchestrator, from the other side of its HTTP API.
///
/// Errors: `NoOrchestrator` when nothing answers, `LinkBroken` when the link breaks midway, `Problem` as the
/// orchestrator states it. A run is named by its id or any unambiguous end of it. Call `shutdown` before letting go.
package final class RunClient: Sendable {
  package var address: ServerAddress { wire.address }
  let wire: Wire

  /// `token`: the bearer token for TCP; a Unix socket needs none. It is never sent in the clear to another machine.
  /// `patience`: how long the orchestrator may be silent in a call that ends.
  package init(
    _ address: ServerAddress, token: String? = nil, tls: ClientTLS = .standard, patience: Duration = .seconds(30)
  ) {
    wire = Wire(address: address, token: token, tls: tls, patience: patience)
  }

  package func shutdown() async { await wire.shutdown() }

  package func health() async throws -> Health {
    let json = try await value("/healthz")
    return Health(
      version: json["version"]?.string ?? "unknown", pid: Int(json["pid"]?.int ?? 0),
      seq: UInt64(clamping: json["seq"]?.int ?? 0), store: json["store"]?.string.flatMap { StoreID($0) },
      listening: json["listening"]?.array?.compactMap(\.string) ?? [],
      configuration: json["configuration"]?.string, role: json["role"]?.string.flatMap(AccessRole.init),
      outage: json["outage"].flatMap(StoreOutage.init(json:)),
      configurationProblem: json["configurationProblem"]?.string)
  }

  /// Read while it arrives: the text of a large snapshot is never in memory as a whole. `onGlimpse` gets the runs that a
  /// screen shows first while the rest is still on its way, with the counts of all.
  package func snapshot(onGlimpse: (Snapshot) async -> Void = { _ in }) async throws -> Snapshot {
    let body = try await wire.stream(Request("/v1/snapshot"), ends: true)
    var snapshot = SnapshotReader()
    var chunks = body.makeAsyncIterator()
    do {
      while let chunk = try await wire.next(&chunks) {
        try chunk.withUnsafeReadableBytes { bytes throws in try snapshot.feed(bytes) }
        if let glimpse = try snapshot.glimpse() { await onGlimpse(glimpse) }
      }
      return try snapshot.finish()
    } catch let error as JSONError { throw wire.unreadable(error, "/v1/snapshot") }
  }

  package func runs(_ query: RunQuery = RunQuery()) async throws -> RunPage {
    var request = Request("/v1/runs")
    for status in RunStatus.allCases where query.statuses.contains(status) { request.add("status", status.rawValue) }
    if let runtime = query.runtime { request.add("runtime", runtime.rawValue) }
    request.add("limit", String(query.limit))
    if let before = query.before { request.add("before", before.description) }
    let bytes = try await wire.bytes(request)
    var page = RunPage(runs: [])
    do {
      try bytes.readJSON { reader throws(JSONError) in
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "runs": try reader.array { reader throws(JSONError) in page.runs.append(try Run(from: &reader)) }
          case "next": page.next = try reader.null() ? nil : RunID(try reader.string())
          default: try reader.skip()
          }
        }
      }
    } catch { throw wire.unreadable(error, "/v1/runs") }
    return page
  }

  package func detail(of run: String) async throws -> RunDetail {
    let bytes = try await wire.bytes(Request("/v1/runs", run))
    do { return try RunDetail(parsing: bytes) } catch { throw wire.unreadable(error, "/v1/runs/\(run)") }
  }

  package func artifacts(of run: String) async throws -> Artifacts {
    Artifacts(json: try await value(Request("/v1/runs", run, "artifacts")))
  }

  /// A patch that `git apply` takes; empty without a change.
  package func patch(of run: String, _ options: PatchOptions = PatchOptions()) async throws -> [UInt8] {
    var request = Request("/v1/runs", run, "diff")
    if options.context != PatchOptions.usualContext { request.add("context", String(options.context)) }
    if options.ignoresWhiteSpace { request.add("whitespace", "ignore") }
    if let other = options.against { request.add("against", other.description) }
    request.accept = "text/x-diff"
    return try await wire.bytes(request)
  }

  /// With an idempotency key it is sent again when the link breaks midway: it is done once all the same.
  package func dispatch(_ work: DispatchRequest) async throws -> [DispatchOutcome] {
    var request = Request("/v1/runs")
    request.body = work.jsonBytes
    request.idempotencyKey = work.idempotencyKey
    let answer = try await value(request)
    return answer.array?.map(DispatchOutcome.init(json:)) ?? []
  }

  /// Idempotent: a run that has ended is answered as it is.
  package func cancel(_ run: String, reason: String, force: Bool) async throws -> Run {
    try await self.run(
      Request("/v1/runs", run, "cancel"), posting: ["reason": .string(reason), "force": .bool(force)])
  }

  /// Answers the question that waits; with an `attentionId`, only if it is that one. `remember`: likewise, for the rest of
  /// the run, what is asked in the same way.
  package func answer(
    _ run: String, attentionId: String? = nil, with answer: String, remember: Bool = false
  ) async throws -> Run {
    var body: JSONObject = ["answer": .string(answer)]
    if remember { body["remember"] = true }
    if let attentionId { body["attentionId"] = .string(attentionId) }
    return try await self.run(Request("/v1/runs", run, "answer"), posting: body)
  }

  /// Says something to the agent while it works. With an idempotency key it is sent again when the link breaks midway.
  package func message(_ run: String, text: String, idempotencyKey: String? = nil) async throws -> Run {
    var request = Request("/v1/runs", run, "message")
    request.idempotencyKey = idempotencyKey
    return try await self.run(request, posting: ["text": .string(text)])
  }

  /// Grants what a risky contract waits for.
  package func approve(_ run: String, why: String) async throws -> Run {
    try await self.run(Request("/v1/runs", run, "approve"), posting: ["why": .string(why)])
  }

  /// Ends a run that waits for approval, with the rationale as its reason.
  package func reject(_ run: String, why: String) async throws -> Run {
    try await self.run(Request("/v1/runs", run, "reject"), posting: ["why": .string(why)])
  }

  /// A new run of the same contract that links to the old.
  /// With an idempotency key it is sent again when the link breaks midway.
  package func retry(_ run: String, idempotencyKey: String? = nil) async throws -> DispatchOutcome {
    var request = Request("/v1/runs", run, "retry")
    request.body = []
    request.idempotencyKey = idempotencyKey
    return DispatchOutcome(json: try await value(request))
  }

  /// Pushes a succeeded run's branch and opens a pull request for it. Idempotent.
  package func openPullRequest(_ run: String) async throws -> Run {
    var request = Request("/v1/runs", run, "pull-request")
    // A push has two minutes, and each of three questions to the host's program has one.
    request.patience = .seconds(360)
    return try await self.run(request, posting: [:])
  }

  /// A new run that goes on where an ended one stopped, on its branch.
  package func followUp(
    _ run: String, prompt: String, title: String? = nil, idempotencyKey: String? = nil
  ) async throws -> DispatchOutcome {
    var request = Request("/v1/runs", run, "follow-up")
    var body: JSONObject = ["prompt": .string(prompt)]
    if let title { body["title"] = .string(title) }
    request.body = JSONValue.object(body).jsonBytes
    request.idempotencyKey = idempotencyKey
    return DispatchOutcome(json: try await value(request))
  }

  /// Bearer tokens, without their secrets: each as the orchestrator tells it.
  package func tokens() async throws -> [JSONValue] { try await value("/v1/tokens").array ?? [] }

  /// The secret in the answer is told this once.
  package func createToken(name: String, role: AccessRole, expiresIn life: Duration?) async throws -> IssuedToken {
    var request = Request("/v1/tokens")
    var body: JSONObject = ["name": .string(name), "role": .string(role.rawValue)]
    if let life { body["expiresInSeconds"] = .int(life.components.seconds) }
    request.body = JSONValue.object(body).jsonBytes
    let answer = try await value(request)
    guard let issued = IssuedToken(json: answer) else {
      throw wire.unreadable(Problem(.internal, "no token in it"), "/v1/tokens")
    }
    return issued
  }

  /// By name or id; idempotent.
  package func revokeToken(_ token: String) async throws -> JSONValue {
    var request = Request("/v1/tokens", token, "revoke")
    request.body = []
    return try await value(request)
  }

  package func runtimes() async throws -> [RuntimeSummary] {
    try await value("/v1/runtimes").array?.compactMap(RuntimeSummary.init(json:)) ?? []
  }

  /// The audit trail as JSON lines, one record each; with a run, the others reduced so that the chain still verifies.
  /// `limit`: so many at most; `tail`: the last so many of them.
  package func auditLines(after seq: UInt64 = 0, run: String? = nil, limit: Int? = nil, tail: Int? = nil) async throws
    -> WireLines
  {
    var request = Request("/v1/audit")
    if seq > 0 { request.add("after", String(seq)) }
    if let run { request.add("run", run) }
    if let limit { request.add("limit", String(limit)) }
    if let tail { request.add("tail", String(tail)) }
    request.accept = "application/x-ndjson"
    return WireLines(try await wire.stream(request), wire)
  }

  /// The same, read: in batches as they arrive, to be checked with `AuditChain.Verifier` or looked at.
  package func audit(run: String? = nil, after seq: UInt64 = 0, limit: Int? = nil, tail: Int? = nil) async throws
    -> AuditStream
  {
    AuditStream(try await auditLines(after: seq, run: run, limit: limit, tail: tail), wire)
  }

  private func value(_ path: String) async throws -> JSONValue { try await value(Request(path)) }

  private func value(_ request: Request) async throws -> JSONValue {
    let bytes = try await wire.bytes(request)
    do { return try JSONValue(parsing: bytes) } catch { throw wire.unreadable(error, request.path) }
  }

  private func run(_ request: Request, posting body: JSONObject) async throws -> Run {
    var request = request
    request.body = JSONValue.object(body).jsonBytes
    let bytes = try await wire.bytes(request)
    do {
      return try bytes.readJSON { reader throws(JSONError) in try Run(from: &reader) }
    } catch { throw wire.unreadable(error, request.path) }
  }
}
