import HTTPTypes
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

/// Every role at every route, over TCP.
@Suite(.timeLimit(.minutes(20))) struct RoleTests {
  struct Route: Sendable, CustomTestStringConvertible {
    var method: String
    var template: String
    var role: AccessRole
    var body: String?
    var testDescription: String { "\(method) \(template)" }
    var path: String {
      template == "/v1/events"
        ? "/v1/events?follow=false"
        : template.hasPrefix("/v1/tokens")
          ? template.replacing("{id}", with: "spare") : template.replacing("{id}", with: "1")
    }
  }

  /// Said here once more, so that a route which changes its role by accident is noticed.
  static let routes: [Route] = [
    Route(method: "GET", template: "/v1/runs", role: .viewer),
    Route(method: "POST", template: "/v1/runs", role: .operator, body: #"{"title":"x"}"#),
    Route(method: "GET", template: "/v1/runs/{id}", role: .viewer),
    Route(method: "GET", template: "/v1/runs/{id}/artifacts", role: .viewer),
    Route(method: "GET", template: "/v1/runs/{id}/diff", role: .viewer),
    Route(method: "POST", template: "/v1/runs/{id}/cancel", role: .operator, body: #"{"reason":"r"}"#),
    Route(method: "POST", template: "/v1/runs/{id}/approve", role: .approver, body: #"{"why":"w"}"#),
    Route(method: "POST", template: "/v1/runs/{id}/reject", role: .approver, body: #"{"why":"w"}"#),
    Route(method: "POST", template: "/v1/runs/{id}/answer", role: .operator, body: #"{"answer":"a"}"#),
    Route(method: "POST", template: "/v1/runs/{id}/pull-request", role: .operator, body: "{}"),
    Route(method: "POST", template: "/v1/runs/{id}/message", role: .operator, body: #"{"text":"t"}"#),
    Route(method: "POST", template: "/v1/runs/{id}/retry", role: .operator),
    Route(method: "POST", template: "/v1/runs/{id}/follow-up", role: .operator, body: #"{"prompt":"p"}"#),
    Route(method: "GET", template: "/v1/runtimes", role: .viewer),
    Route(method: "GET", template: "/v1/snapshot", role: .viewer),
    Route(method: "GET", template: "/v1/events", role: .viewer),
    Route(method: "GET", template: "/v1/audit", role: .viewer),
    Route(method: "GET", template: "/v1/tokens", role: .admin),
    Route(method: "POST", template: "/v1/tokens", role: .admin, body: #"{"name":"new","role":"viewer"}"#),
    Route(method: "POST", template: "/v1/tokens/{id}/revoke", role: .admin),
    Route(method: "GET", template: "/healthz", role: .viewer),
    Route(method: "GET", template: "/openapi.json", role: .viewer),
    Route(method: "GET", template: "/metrics", role: .viewer),
    Route(method: "POST", template: "/v1/gc", role: .admin, body: #"{"dryRun":true}"#),
  ].filter { route in
    // Routes that are built beside this table are named in it before they are there.
    !["/metrics", "/v1/gc"].contains(route.template) || APIRoute.all.contains { $0.path == route.template }
  }

  @Test("The table names every route with its role")
  func table() {
    let told = Set(Self.routes.map { "\($0.method) \($0.template) \($0.role)" })
    #expect(told == Set(APIRoute.all.map { "\($0.method.rawValue) \($0.path) \($0.role)" }))
  }

  @Test("A role may do what it is for, and what is for less, and nothing more", arguments: routes)
  func roles(route: Route) async throws {
    let kept = KeptRecord()
    let access = AccessControl(
      secrets: AccessRole.allCases.map { ("secret of \($0)", $0) } + [("spare", .viewer)], keeper: kept)
    let server = try await TestServer(
      Sample.service(), listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      #expect(try await client.ask(route.method, route.path, body: route.body).status == 401)
      for role in AccessRole.allCases {
        let answer = try await client.ask(
          route.method, route.path, body: route.body, headers: ["Authorization": "Bearer secret of \(role)"])
        if role < route.role {
          #expect(answer.status == 403, "\(role)")
          #expect(try answer.problem?.detail.contains("--role \(route.role.rawValue)") == true)
        } else {
          #expect((200..<300).contains(answer.status) || answer.status == 404, "\(role): \(answer.text)")
        }
        #expect(answer.headers["x-content-type-options"] == "nosniff")
      }
    }
    try await server.stop()
    // One for want of a token, and one for each role that is too small.
    let refused = AccessRole.allCases.count { $0 < route.role }
    #expect(kept.refusals.count == 1 + refused)
    #expect(kept.refusals.allSatisfy { $0.data["route"]?.string == "\(route.method) \(route.template)" })
  }

  @Test(
    "Code is an admin's to give, or the user's own",
    arguments: [
      #"{"title":"x","verify":["make test"]}"#, #"{"title":"x","metadata":{"command":["sh","-c","id"]}}"#,
      #"[{"title":"y"},{"title":"x","verify":["id"]}]"#,
      #"{"contracts":[{"title":"x","verify":["id"]}],"dryRun":true}"#,
    ])
  func code(body: String) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let service = Sample.service()
    let access = AccessControl(secrets: AccessRole.allCases.map { ("secret of \($0)", $0) })
    let server = try await TestServer(
      service, listening: [.http(host: "127.0.0.1", port: 0), .unix(path: folder.path + "/s")], access: access)
    for address in server.addresses {
      try await TestClient.with(address) { client in
        for role in AccessRole.allCases {
          let answer = try await client.ask(
            "POST", "/v1/runs", body: body, headers: ["Authorization": "Bearer secret of \(role)"])
          var isAdmin = role == .admin
          if case .unix = address { isAdmin = true }
          #expect((answer.status < 300) == isAdmin, "\(role) at \(address)")
          if !isAdmin, role > .viewer { #expect(try answer.problem?.detail.contains("Unix socket") == true) }
        }
      }
    }
    #expect(service.calls.count == 1 + AccessRole.allCases.count)
    try await server.stop()
  }

  @Test("A token's name is who did it")
  func names() async throws {
    let service = Sample.service()
    let access = AccessControl(keeper: KeptRecord())
    let server = try await TestServer(service, listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      for name in ["ada", "bob"] {
        let issued = try await access.create(name: name, role: .approver, expiresIn: nil, by: .system)
        let headers = ["Authorization": "Bearer \(issued.secret)"]
        #expect(
          try await client.ask("POST", "/v1/runs/1/approve", body: #"{"why":"w"}"#, headers: headers).status == 200)
      }
    }
    #expect(
      service.calls == ["ada", "bob"].map { .approve(Sample.runID(1), why: "w", by: Actor(.human, $0)) })
    try await server.stop()
  }

  @Test("Revoking a token ends its open streams, and what it may do; others go on")
  func revokedStream() async throws {
    let service = Sample.service()
    let access = AccessControl(keeper: KeptRecord())
    let ada = try await access.create(name: "ada", role: .viewer, expiresIn: nil, by: .system)
    let bob = try await access.create(name: "bob", role: .viewer, expiresIn: nil, by: .system)
    let server = try await TestServer(service, listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      let hers = try await client.follow("/v1/events?after=4", headers: ["Authorization": "Bearer \(ada.secret)"])
      let his = try await client.follow("/v1/events?after=4", headers: ["Authorization": "Bearer \(bob.secret)"])
      try await hers.read { $0.contains(": hello") }
      try await his.read { $0.contains(": hello") }
      _ = try await access.revoke("ada", by: .system)
      #expect(try await hers.readToEnd() == ": hello\n\n")
      let answer = try await client.ask("GET", "/healthz", headers: ["Authorization": "Bearer \(ada.secret)"])
      #expect(answer.status == 401)
      #expect(try answer.problem?.detail.contains("\"ada\" was revoked") == true)
      service.publish([Sample.event(5, run: 1)])
      try await his.read { $0.contains("id: 5") }
      #expect(his.text.contains("id: 5"))
    }
    try await server.stop()
  }

  @Test("An expired token is told from one that never was")
  func expired() async throws {
    let summary = TokenSummary(
      id: TokenID(ULID(high: 1, low: 1)), name: "old", role: .admin, createdAt: Timestamp(milliseconds: 0),
      createdBy: "x",
      expiresAt: Timestamp(milliseconds: 1000))
    let access = AccessControl(
      tokens: [StoredToken(id: summary.id, hash: TokenHash(of: "old secret".utf8).bytes, json: summary.jsonBytes)],
      keeper: KeptRecord())
    let server = try await TestServer(Sample.service(), listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      // As often as they like: who held a token guesses at nothing.
      for _ in 0..<40 {
        let answer = try await client.ask("GET", "/healthz", headers: ["Authorization": "Bearer old secret"])
        #expect(answer.status == 401)
        #expect(try answer.problem?.detail.contains("\"old\" expired at 1970-01-01T00:00:01.000Z") == true)
      }
    }
    try await server.stop()
  }
}
