import FoundationEssentials
import HTTPTypes
import Hummingbird
import Orchestration
import RunModel

/// `/v1/runs` and what is below it.
extension API {
  func listRuns(_ request: APIRequest) async throws -> Response {
    let query = try request.query("status", "runtime", "limit", "before")
    var wanted = RunQuery()
    for text in query.all("status") {
      guard let status = RunStatus(rawValue: text) else {
        let known = RunStatus.allCases.map(\.rawValue)
        throw Problem(
          .invalid,
          "\"\(text)\" is no status.\(Nearest.hint(for: text, among: known)) There are \(known.joined(separator: ", "))."
        )
      }
      wanted.statuses.insert(status)
    }
    wanted.runtime = try query.text("runtime").map { RuntimeID($0) }
    wanted.limit = Int(try query.number("limit", in: 1...10_000) ?? 200)
    if let before = try query.text("before") { wanted.before = try await service.resolve(before) }
    let page = await service.runs(wanted)
    var json = JSONWriter(reserving: page.runs.count * 1024 + 64)
    json.object { json in
      json.member("runs", page.runs)
      json.member("next", page.next?.description)
    }
    return Reply.bytes(json.bytes, type: "application/json")
  }

  func dispatch(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    var dispatch = try DispatchRequest(json: await request.body())
    guard !dispatch.contracts.isEmpty else { throw Problem(.invalid, "The request holds no contract.") }
    // A retry and a follow-up run the code that was given here, by one who may.
    try request.caller.requireMayGive(dispatch.contracts)
    dispatch.idempotencyKey = try idempotencyKey(request)
    let outcomes = try await service.dispatch(dispatch, by: request.actor)
    return Reply.json(outcomes, status: dispatch.dryRun ? .ok : .created)
  }

  func showRun(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.json(try await service.detail(of: run(request)))
  }

  func artifacts(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.json(try await service.artifacts(of: run(request)))
  }

  func diff(_ request: APIRequest) async throws -> Response {
    let query = try request.query("context", "whitespace", "against")
    var options = PatchOptions()
    if let context = try query.number("context", in: 0...UInt64(PatchOptions.mostContext)) {
      options.context = Int(context)
    }
    switch try query.text("whitespace") {
    case nil, "show": break
    case "ignore": options.ignoresWhiteSpace = true
    case let text?: throw Problem(.invalid, "\"whitespace\" must be show or ignore, not \"\(text)\".")
    }
    if let other = try query.text("against") { options.against = try await service.resolve(other) }
    return Reply.bytes(try await service.patch(of: run(request), options), type: "text/x-diff")
  }

  func cancel(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let body = try await request.object("reason", "force")
    let reason = try body.requiredText("reason")
    return Reply.json(
      try await service.cancel(run, reason: reason, force: body.bool("force") ?? false, by: request.actor))
  }

  func approve(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let why = try await request.object("why").requiredText("why")
    return Reply.json(try await service.approve(run, why: why, by: request.actor))
  }

  func reject(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let why = try await request.object("why").requiredText("why")
    return Reply.json(try await service.reject(run, why: why, by: request.actor))
  }

  func answer(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let body = try await request.object("attentionId", "answer", "remember")
    guard let answer = try body.text("answer") else {
      throw Problem(.invalid, "The request's body needs \"answer\", the text for the agent.")
    }
    return Reply.json(
      try await service.answer(
        run, attentionId: body.text("attentionId"), answer: answer, remember: body.bool("remember") ?? false,
        by: request.actor))
  }

  func message(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let body = try await request.object("text")
    let key = try idempotencyKey(request)
    return Reply.json(
      try await service.message(run, text: try body.requiredText("text"), idempotencyKey: key, by: request.actor))
  }

  func retry(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    if let body = try await request.optionalBody(), body.object?.isEmpty != true {
      throw Problem(.invalid, "A retry takes no body.")
    }
    let outcome = try await service.retry(run, idempotencyKey: try idempotencyKey(request), by: request.actor)
    return Reply.json(outcome, status: .created)
  }

  func followUp(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let run = try await run(request)
    let body = try await request.object("prompt", "title")
    let key = try idempotencyKey(request)
    let outcome = try await service.followUp(
      run, prompt: try body.requiredText("prompt"), title: try body.text("title"), idempotencyKey: key,
      by: request.actor)
    return Reply.json(outcome, status: .created)
  }
}
