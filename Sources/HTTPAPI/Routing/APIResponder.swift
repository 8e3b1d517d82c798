import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Orchestration
import RunModel

/// From request to response: who asks, which route, and every error as a problem document.
struct APIResponder: HTTPResponder {
  typealias Context = APIContext

  let api: API
  let gate: Gate
  let streams: Streams
  let logger: Logger

  func respond(to request: Request, context: APIContext) async throws -> Response {
    var response = try await answer(request, context)
    api.figures.answered(request.method, APIRoute.template(of: request), response.status)
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.crossOriginResourcePolicy] = "same-origin"
    // The path and the query may hold anything, a secret too.
    logger.debug("\(APIRoute.name(of: request))", metadata: ["status": "\(response.status.code)"])
    return response
  }

  private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
    var caller: Caller?
    do {
      let admitted = try gate.admit(request, from: context.channel)
      caller = admitted
      return try await route(request, context, admitted)
    } catch let refused as Refused {
      note(refused.kind, request, context, refused.actor, refused.reason ?? refused.problem.detail)
      let wait = refused.retryAfter.map { [.retryAfter: "\($0.wholeSeconds)"] as HTTPFields } ?? [:]
      return Reply.problem(refused.problem, headers: wait)
    } catch let problem as Problem {
      if problem.code == .forbidden { note(.forbidden, request, context, caller?.actor, problem.detail) }
      return Reply.problem(problem)
    } catch let refusal as Refusal {
      return Reply.problem(refusal.problem, status: refusal.status)
    } catch let error as ContractError {
      return Reply.problem(Problem(.invalid, error.message))
    } catch let error as HTTPParserError {
      throw error  // the server answers it: see `ExchangeHandler`
    } catch let error where error is CancellationError || context.channel.isActive == false {
      throw error
    } catch {
      logger.error("\(APIRoute.name(of: request)) failed: \(error)")
      return Reply.problem(
        Problem(.internal, "The orchestrator could not answer: \(error). Its log has more; please report this."))
    }
  }

  private func note(
    _ kind: AccessRefusal.Kind, _ request: Request, _ context: APIContext, _ actor: Actor?, _ reason: String
  ) {
    gate.access.noteRefusal(
      AccessRefusal(
        kind, peer: gate.peer(context.channel), actor: actor, route: APIRoute.name(of: request), reason: reason))
  }

  private func route(_ request: Request, _ context: APIContext, _ caller: Caller) async throws -> Response {
    if request.method == .options, request.uri.path == "*" {
      return Response(status: .noContent, headers: [.allow: "GET, HEAD, OPTIONS, POST"])
    }
    let parts = APIRoute.parts(of: request)
    let matches = APIRoute.all.compactMap { route in route.match(parts).map { (route, $0) } }
    guard !matches.isEmpty else {
      throw Problem(
        .notFound, "There is nothing at \(request.uri.path). GET /openapi.json describes what there is.")
    }
    var allowed = Set(matches.map { $0.0.method })
    if allowed.contains(.get) { allowed.insert(.head) }
    allowed.insert(.options)
    let allow = allowed.map(\.rawValue).sorted().joined(separator: ", ")
    if request.method == .options { return Response(status: .noContent, headers: [.allow: allow]) }
    let wanted = request.method == .head ? .get : request.method
    guard let (route, parameters) = matches.first(where: { $0.0.method == wanted }) else {
      return Reply.problem(
        Problem(.invalid, "\(request.uri.path) does not take \(request.method); it takes \(allow)."),
        status: .methodNotAllowed, headers: [.allow: allow])
    }
    try caller.require(route.role)
    let response = try await route.handle(
      api,
      APIRequest(
        request: request, channel: context.channel, parameters: parameters, caller: caller, streams: streams))
    guard request.method == .head else { return response }
    // A stream has no length to tell; 0 keeps the client from waiting for chunks that a HEAD never gets.
    var head = response.createHeadResponse()
    if response.body.contentLength == nil { head.headers[.contentLength] = "0" }
    return head
  }
}
