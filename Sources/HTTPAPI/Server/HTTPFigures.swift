import HTTPTypes
import Orchestration
import Synchronization

/// What the server counts of its clients.
final class HTTPFigures: Sendable {
  private struct Answered: Hashable {
    var method: String
    var route: String
    var status: String
  }

  private struct Listener {
    var name: String
    var most: Int
    var figures: ConnectionBound.Figures
  }

  private struct State {
    var answered: [Answered: Int] = [:]
    var denied: [Int: Int] = [:]
    var listeners: [(name: String, bound: ConnectionBound)] = []
    var cursors: [UInt64: UInt64] = [:]
    var nextSubscriber: UInt64 = 0
  }

  /// A subscriber that is further behind is called lagging.
  private static let lag: UInt64 = 10_000

  private let state = Mutex(State())

  func add(_ bound: ConnectionBound, of listener: String) {
    state.withLock { $0.listeners.append((listener, bound)) }
  }

  /// `route` as the description writes it, so that there are only as many as there are routes.
  func answered(_ method: HTTPRequest.Method, _ route: String?, _ status: HTTPResponse.Status) {
    let known = [.get, .head, .post, .options].contains(method) ? method.rawValue : "other"
    let answered = Answered(method: known, route: route ?? "other", status: "\(status.code / 100)xx")
    state.withLock { state in
      state.answered[answered, default: 0] += 1
      if [401, 403, 429].contains(status.code) { state.denied[status.code, default: 0] += 1 }
    }
  }

  // MARK: - Subscribers

  func subscribe(after cursor: UInt64) -> UInt64 {
    state.withLock { state in
      state.nextSubscriber += 1
      state.cursors[state.nextSubscriber] = cursor
      return state.nextSubscriber
    }
  }

  func subscriber(_ id: UInt64, reached cursor: UInt64) { state.withLock { $0.cursors[id] = cursor } }
  func unsubscribe(_ id: UInt64) { state.withLock { _ = $0.cursors.removeValue(forKey: id) } }

  // MARK: - Told

  func metrics(lastSeq: UInt64) -> MetricsPage {
    let state = state.withLock { $0 }
    let behind = state.cursors.values.map { lastSeq > $0 ? lastSeq - $0 : 0 }
    let listeners = state.listeners.map { Listener(name: $0.name, most: $0.bound.most, figures: $0.bound.figures) }
    func each(_ value: (Listener) -> Int) -> [MetricsPage.Sample] {
      listeners.map { .init(Double(value($0)), ["listener": $0.name]) }
    }
    var page = MetricsPage()
    page.counter(
      "flightdeck_http_requests_total", "Requests answered, by method, route and kind of status.",
      state.answered.sorted {
        ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
      }
      .map { .init(Double($1), ["method": $0.method, "route": $0.route, "status": $0.status]) })
    page.counter(
      "flightdeck_http_denied_total", "Requests turned away: without a good token, without the right, or too often.",
      [401, 403, 429].map { .init(Double(state.denied[$0] ?? 0), ["status": String($0)]) })
    page.gauge(
      "flightdeck_http_requests_in_flight", "Requests whose answer has not ended, streams among them.",
      each(\.figures.busy))
    page.gauge(
      "flightdeck_http_connections", "Open connections.", each(\.figures.open))
    page.gauge(
      "flightdeck_http_connections_max", "Connections that a listener takes.", each(\.most))
    page.counter(
      "flightdeck_http_connections_refused_total", "Connections turned away, as all were busy.", each(\.figures.refused)
    )
    page.counter(
      "flightdeck_http_connections_evicted_total", "Silent connections closed to make room.", each(\.figures.evicted))
    page.counter(
      "flightdeck_http_malformed_total", "Requests that were no HTTP, or not in time.", each(\.figures.malformed))
    page.gauge("flightdeck_subscribers", "Clients that read the events.", Double(behind.count))
    page.gauge(
      "flightdeck_subscribers_lagging", "Those that are more than \(Self.lag) events behind.",
      Double(behind.count { $0 > Self.lag }))
    page.gauge(
      "flightdeck_subscriber_lag_events", "How far behind the slowest of them is.", Double(behind.max() ?? 0))
    return page
  }
}
