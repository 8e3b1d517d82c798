import HTTPTypes
import Hummingbird
import Orchestration
import RunModel

/// A method and a path template with what answers it.
struct APIRoute: Sendable {
  typealias Handler = @Sendable (API, APIRequest) async throws -> Response

  let method: HTTPRequest.Method
  /// As OpenAPI writes it: `/v1/runs/{id}`.
  let path: String
  /// The least that one must be; there is no route without.
  let role: AccessRole
  let handle: Handler
  private let segments: [Segment]

  private enum Segment: Sendable {
    case fixed(String)
    case parameter(String)
  }

  init(_ method: HTTPRequest.Method, _ path: String, for role: AccessRole, _ handle: @escaping Handler) {
    self.method = method
    self.path = path
    self.role = role
    self.handle = handle
    segments = path.split(separator: "/").map {
      $0.hasPrefix("{") ? .parameter(String($0.dropFirst().dropLast())) : .fixed(String($0))
    }
  }

  /// The values of the parameters when `path`, split at its slashes, matches.
  func match(_ parts: [String]) -> [String: String]? {
    guard parts.count == segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (part, segment) in zip(parts, segments) {
      switch segment {
      case .fixed(let text): if part != text { return nil }
      case .parameter(let name):
        if part.isEmpty { return nil }
        parameters[name] = part
      }
    }
    return parameters
  }

  static let all: [APIRoute] = [
    APIRoute(.get, "/v1/runs", for: .viewer) { api, request in try await api.listRuns(request) },
    APIRoute(.post, "/v1/runs", for: .operator) { api, request in try await api.dispatch(request) },
    APIRoute(.get, "/v1/runs/{id}", for: .viewer) { api, request in try await api.showRun(request) },
    APIRoute(.get, "/v1/runs/{id}/artifacts", for: .viewer) { api, request in try await api.artifacts(request) },
    APIRoute(.get, "/v1/runs/{id}/diff", for: .viewer) { api, request in try await api.diff(request) },
    APIRoute(.post, "/v1/runs/{id}/cancel", for: .operator) { api, request in try await api.cancel(request) },
    APIRoute(.post, "/v1/runs/{id}/approve", for: .approver) { api, request in try await api.approve(request) },
    APIRoute(.post, "/v1/runs/{id}/reject", for: .approver) { api, request in try await api.reject(request) },
    APIRoute(.post, "/v1/runs/{id}/answer", for: .operator) { api, request in try await api.answer(request) },
    APIRoute(.post, "/v1/runs/{id}/message", for: .operator) { api, request in try await api.message(request) },
    APIRoute(.post, "/v1/runs/{id}/retry", for: .operator) { api, request in try await api.retry(request) },
    APIRoute(.post, "/v1/runs/{id}/follow-up", for: .operator) { api, request in try await api.followUp(request) },
    APIRoute(.get, "/v1/runtimes", for: .viewer) { api, request in try await api.runtimes(request) },
    APIRoute(.get, "/v1/snapshot", for: .viewer) { api, request in try await api.snapshot(request) },
    APIRoute(.get, "/v1/events", for: .viewer) { api, request in try await api.events(request) },
    APIRoute(.get, "/v1/audit", for: .viewer) { api, request in try await api.audit(request) },
    APIRoute(.get, "/v1/tokens", for: .admin) { api, request in try await api.tokens(request) },
    APIRoute(.post, "/v1/tokens", for: .admin) { api, request in try await api.createToken(request) },
    APIRoute(.post, "/v1/tokens/{id}/revoke", for: .admin) { api, request in try await api.revokeToken(request) },
    APIRoute(.post, "/v1/gc", for: .admin) { api, request in try await api.collect(request) },
    APIRoute(.get, "/healthz", for: .viewer) { api, request in try await api.health(request) },
    APIRoute(.get, "/metrics", for: .viewer) { api, request in try await api.metrics(request) },
    APIRoute(.get, "/openapi.json", for: .viewer) { api, request in try await api.openAPI(request) },
  ]

  /// What a request asks for, without anything that the sender chose: for logs and the trail.
  static func name(of request: Request) -> String {
    let method = AccessRefusal.quotable(request.method.rawValue.prefix(16))
    return "\(method) \(template(of: request) ?? "(no route)")"
  }

  /// The path of the first route that the request's matches, whatever the method.
  static func template(of request: Request) -> String? {
    let parts = parts(of: request)
    return all.first { $0.match(parts) != nil }?.path
  }

  /// Not decoded: nothing that a path here may hold needs an escape.
  static func parts(of request: Request) -> [String] {
    request.uri.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { String($0) }
  }
}
