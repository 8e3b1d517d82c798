import Glibc
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

  /// How a listener tells who asks.
  enum Access: Sendable {
    /// The process at the other end of the socket belongs to `uid`.
    case sameUser(uid: uid_t, name: String, connections: Connections)
    case token(AccessToken)
  }

  let api: API
  let access: Access
  let streams: Streams
  let logger: Logger

  func respond(to request: Request, context: APIContext) async throws -> Response {
    let response = try await answer(request, context)
    api.figures.answered(request.method, APIRoute.template(of: request.uri.path), response.status)
    logger.debug(
      "\(request.method) \(request.uri.path)",
      metadata: ["status": "\(response.status.code)", "query": "\(request.uri.query ?? "")"])
    return response
  }

  private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
    do {
      let actor = try authenticate(request, context)
      return try await route(request, context, actor)
    } catch let problem as Problem {
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
      logger.error("\(request.method) \(request.uri.path) failed: \(error)")
      return Reply.problem(
        Problem(.internal, "The orchestrator could not answer: \(error). Its log has more; please report this."))
    }
  }

  private func authenticate(_ request: Request, _ context: APIContext) throws(Problem) -> Actor {
    switch access {
    case .sameUser(let uid, let name, let connections):
      guard connections.uid(of: context.channel) == uid else {
        throw Problem(.forbidden, "This socket serves \(name) alone. Start an orchestrator of your own.")
      }
      return Actor(.human, name)
    case .token(let token):
      let header = request.headers[.authorization] ?? ""
      guard header.prefix(7).lowercased() == "bearer ", token.matches(header.dropFirst(7).utf8) else {
        throw Problem(
          .unauthorized,
          header.isEmpty
            ? "Over TCP a token is needed: send \"Authorization: Bearer TOKEN\". It is in the file \"token\" of the "
              + "orchestrator's state folder; FLIGHTDECK_TOKEN_FILE names it for the clients."
            : "The token is not the one of this orchestrator. It is in the file \"token\" of its state folder.")
      }
      return Actor(.human, "token")
    }
  }

  private func route(_ request: Request, _ context: APIContext, _ actor: Actor) async throws -> Response {
    if request.method == .options, request.uri.path == "*" {
      return Response(status: .noContent, headers: [.allow: "GET, HEAD, OPTIONS, POST"])
    }
    // Not decoded: nothing that a path here may hold needs an escape.
    let parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { String($0) }
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
    let response = try await route.handle(
      api,
      APIRequest(
        request: request, channel: context.channel, parameters: parameters, actor: actor, streams: streams))
    guard request.method == .head else { return response }
    // A stream has no length to tell; 0 keeps the client from waiting for chunks that a HEAD never gets.
    var head = response.createHeadResponse()
    if response.body.contentLength == nil { head.headers[.contentLength] = "0" }
    return head
  }
}
