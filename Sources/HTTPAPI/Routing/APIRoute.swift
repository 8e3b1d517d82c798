import HTTPTypes
import Hummingbird

/// A method and a path template with what answers it.
struct APIRoute: Sendable {
  typealias Handler = @Sendable (API, APIRequest) async throws -> Response

  let method: HTTPRequest.Method
  /// As OpenAPI writes it: `/v1/runs/{id}`.
  let path: String
  let handle: Handler
  private let segments: [Segment]

  private enum Segment: Sendable {
    case fixed(String)
    case parameter(String)
  }

  init(_ method: HTTPRequest.Method, _ path: String, _ handle: @escaping Handler) {
    self.method = method
    self.path = path
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
    APIRoute(.get, "/v1/runs") { api, request in try await api.listRuns(request) },
    APIRoute(.post, "/v1/runs") { api, request in try await api.dispatch(request) },
    APIRoute(.get, "/v1/runs/{id}") { api, request in try await api.showRun(request) },
    APIRoute(.get, "/v1/runs/{id}/artifacts") { api, request in try await api.artifacts(request) },
    APIRoute(.get, "/v1/runs/{id}/diff") { api, request in try await api.diff(request) },
    APIRoute(.post, "/v1/runs/{id}/cancel") { api, request in try await api.cancel(request) },
    APIRoute(.post, "/v1/runs/{id}/approve") { api, request in try await api.approve(request) },
    APIRoute(.post, "/v1/runs/{id}/reject") { api, request in try await api.reject(request) },
    APIRoute(.post, "/v1/runs/{id}/answer") { api, request in try await api.answer(request) },
    APIRoute(.post, "/v1/runs/{id}/retry") { api, request in try await api.retry(request) },
    APIRoute(.post, "/v1/runs/{id}/follow-up") { api, request in try await api.followUp(request) },
    APIRoute(.get, "/v1/runtimes") { api, request in try await api.runtimes(request) },
    APIRoute(.get, "/v1/snapshot") { api, request in try await api.snapshot(request) },
    APIRoute(.get, "/v1/events") { api, request in try await api.events(request) },
    APIRoute(.get, "/v1/audit") { api, request in try await api.audit(request) },
    APIRoute(.post, "/v1/gc") { api, request in try await api.collect(request) },
    APIRoute(.get, "/healthz") { api, request in try await api.health(request) },
    APIRoute(.get, "/openapi.json") { api, request in try await api.openAPI(request) },
  ]
}
