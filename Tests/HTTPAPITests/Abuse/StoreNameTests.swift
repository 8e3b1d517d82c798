import HTTPAPI
import RunModel
import TestSupport
import Testing

/// Cursors that another store gave out.
@Suite(.timeLimit(.minutes(20))) struct StoreNameTests {
  private static let own = StoreID(ULID(high: 0x0190_0000_0000_0000, low: 1))
  private static let other = StoreID(ULID(high: 0x0190_0000_0000_0000, low: 2))

  private static func serve(_ body: (TestClient) async throws -> Void) async throws {
    let service = Sample.service()
    service.set(store: own)
    try await TestServer.with(service) { _, client in try await body(client) }
  }

  @Test("Snapshot and health tell which store this is")
  func told() async throws {
    try await Self.serve { client in
      for path in ["/v1/snapshot", "/healthz"] {
        let told = try await client.ask("GET", path).json["store"]?.string
        #expect(told == Self.own.description)
      }
    }
  }

  @Test(
    "A cursor from another store is refused though its seq exists here",
    arguments: ["/v1/events?follow=false&after=2", "/v1/events?after=2", "/v1/audit?after=2"])
  func otherStore(path: String) async throws {
    try await Self.serve { client in
      let answer = try await client.ask("GET", "\(path)&store=\(Self.other)")
      #expect(answer.status == 409)
      #expect(try answer.problem?.detail.contains("comes from another record") == true)
      #expect(try await client.ask("GET", "\(path)&store=\(Self.own)").status == 200)
      #expect(try await client.ask("GET", "\(path)&store=nonsense").status == 400)
    }
  }

  @Test("Metrics count requests by route, never by what a client writes")
  func metrics() async throws {
    try await Self.serve { client in
      for path in ["/v1/runs/1", "/v1/runs/nothing", "/a/b", "/c"] { _ = try await client.ask("GET", path) }
      _ = try await client.ask("FROB", "/v1/runs")
      let answer = try await client.ask("GET", "/metrics")
      #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      let page = try PrometheusText(answer.text)
      func count(_ method: String, _ route: String, _ status: String) -> Double? {
        page.value("flightdeck_http_requests_total", ["method": method, "route": route, "status": status])
      }
      #expect(count("GET", "/v1/runs/{id}", "2xx") == 1)
      #expect(count("GET", "/v1/runs/{id}", "4xx") == 1)
      #expect(count("GET", "other", "4xx") == 2)
      #expect(page.value("flightdeck_http_connections", ["listener": "socket"]) ?? 0 >= 1)
      #expect(page.value("flightdeck_http_requests_in_flight", ["listener": "socket"]) == 1)
      #expect(page.value("flightdeck_build_info", ["version": "1.2.3"]) == 1)
      #expect(page.value("process_open_fds") ?? 0 > 0)
      let stream = try await client.follow("/v1/events?after=4")
      try await stream.read { $0.contains(": hello") }
      #expect(try PrometheusText(await client.ask("GET", "/metrics").text).value("flightdeck_subscribers") == 1)
    }
  }

  @Test("A retry's Idempotency-Key reaches the service, and of two keys none does")
  func keys() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { server, client in
      let answer = try await client.ask("POST", "/v1/runs/3/retry", headers: ["Idempotency-Key": "k"])
      #expect(answer.status == 201)
      let address = server.addresses[0]
      let text = try await onThread {
        let connection = try RawConnection(address)
        connection.send(
          "POST /v1/runs/3/retry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIdempotency-Key: a\r\n"
            + "Idempotency-Key: b\r\n\r\n")
        return try connection.readToEnd()
      }
      #expect(text.hasPrefix("HTTP/1.1 400") && text.contains("several Idempotency-Keys"), "\(text)")
    }
    guard case .retry(_, let key, _)? = service.calls.last else {
      Issue.record("nothing was retried")
      return
    }
    #expect(key == "k" && service.calls.count == 1)
  }
}
