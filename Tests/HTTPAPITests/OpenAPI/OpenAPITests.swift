import HTTPTypes
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

@Suite(.timeLimit(.minutes(20))) struct OpenAPITests {
  private let document: JSONValue

  init() throws { document = try JSONValue(parsing: OpenAPI.document(version: "1.2.3")) }

  private static let methods = ["get", "post", "put", "patch", "delete"]

  @Test("The document names its version, and every reference leads somewhere")
  func references() throws {
    #expect(document["openapi"] == "3.1.0")
    #expect(document["info"]?["version"] == "1.2.3")
    let checker = SchemaChecker(document: document)
    var references = 0
    func walk(_ value: JSONValue) {
      if value["$ref"] != nil {
        references += 1
        #expect(checker.resolve(value) != nil, "\(value.jsonText)")
      }
      for element in value.array ?? [] { walk(element) }
      for (_, member) in value.object ?? [:] { walk(member) }
    }
    walk(document)
    #expect(references > 50)
    #expect(try JSONValue(parsing: OpenAPI.document(version: #"a"b\c"#))["info"]?["version"]?.string == #"a"b\c"#)
  }

  @Test("The document describes the routes that there are, and no others")
  func routes() throws {
    var described: Set<String> = []
    for (path, item) in document["paths"]?.object ?? [:] {
      for method in Self.methods where item[method] != nil { described.insert("\(method.uppercased()) \(path)") }
    }
    #expect(described == Set(APIRoute.all.map { "\($0.method.rawValue) \($0.path)" }))
  }

  @Test("Every operation has a name of its own, a summary, its path's parameters and the problem response")
  func operations() throws {
    var names: Set<String> = []
    for (path, item) in document["paths"]?.object ?? [:] {
      for method in Self.methods {
        guard let operation = item[method] else { continue }
        let name = try #require(operation["operationId"]?.string)
        #expect(names.insert(name).inserted, "\(name) twice")
        #expect(operation["summary"]?.string?.isEmpty == false)
        #expect(operation["responses"]?["default"]?["$ref"] == "#/components/responses/problem")
        for (status, name) in [("401", "unauthorized"), ("403", "forbidden"), ("429", "tooMany")] {
          #expect(operation["responses"]?[status]?["$ref"]?.string == "#/components/responses/\(name)")
        }
        let route = APIRoute.all.first { $0.path == path && $0.method.rawValue.lowercased() == method }
        let role = try #require(route?.role.rawValue, "\(method) \(path) has no route")
        #expect(operation["security"] == [[:], ["token": [.string(role)]]], "\(method) \(path) takes \(role)")
        #expect(path.contains("{id}") == (item["parameters"]?.array?.isEmpty == false))
      }
    }
  }

  struct Exchange: Sendable, CustomTestStringConvertible {
    var method: String
    var path: String
    /// As the document writes the path.
    var template: String
    var body: String?
    var headers: [String: String] = [:]
    var status = 200
    var testDescription: String { "\(method) \(path) → \(status)" }
  }

  static let exchanges: [Exchange] = [
    .init(method: "GET", path: "/v1/runs", template: "/v1/runs"),
    .init(method: "GET", path: "/v1/runs?limit=1", template: "/v1/runs"),
    .init(method: "POST", path: "/v1/runs", template: "/v1/runs", body: #"{"title":"A"}"#, status: 201),
    .init(
      method: "POST", path: "/v1/runs", template: "/v1/runs",
      body: #"{"contracts":[{"title":"A","acceptanceCriteria":["x"]}],"dryRun":true}"#, status: 200),
    .init(method: "GET", path: "/v1/runs/1", template: "/v1/runs/{id}"),
    .init(method: "GET", path: "/v1/runs/3", template: "/v1/runs/{id}"),
    .init(method: "GET", path: "/v1/runs/9", template: "/v1/runs/{id}", status: 404),
    .init(method: "GET", path: "/v1/runs/1/artifacts", template: "/v1/runs/{id}/artifacts"),
    .init(method: "GET", path: "/v1/runs/1/diff", template: "/v1/runs/{id}/diff"),
    .init(
      method: "POST", path: "/v1/runs/3/cancel", template: "/v1/runs/{id}/cancel", body: #"{"reason":"r","force":true}"#
    ),
    .init(method: "POST", path: "/v1/runs/3/cancel", template: "/v1/runs/{id}/cancel", body: "{}", status: 400),
    .init(method: "POST", path: "/v1/runs/3/approve", template: "/v1/runs/{id}/approve", body: #"{"why":"w"}"#),
    .init(
      method: "POST", path: "/v1/runs/3/approve", template: "/v1/runs/{id}/approve", body: #"{"why":" "}"#, status: 400),
    .init(method: "POST", path: "/v1/runs/3/reject", template: "/v1/runs/{id}/reject", body: #"{"why":"w"}"#),
    .init(method: "POST", path: "/v1/runs/3/answer", template: "/v1/runs/{id}/answer", body: #"{"answer":"a"}"#),
    .init(
      method: "POST", path: "/v1/runs/3/answer", template: "/v1/runs/{id}/answer",
      body: #"{"answer":"a","remember":true}"#),
    .init(method: "POST", path: "/v1/runs/3/pull-request", template: "/v1/runs/{id}/pull-request"),
    .init(method: "POST", path: "/v1/runs/3/message", template: "/v1/runs/{id}/message", body: #"{"text":"t"}"#),
    .init(
      method: "POST", path: "/v1/runs/3/message", template: "/v1/runs/{id}/message", body: #"{"text":" "}"#, status: 400
    ),
    .init(method: "POST", path: "/v1/runs/3/retry", template: "/v1/runs/{id}/retry", status: 201),
    .init(
      method: "POST", path: "/v1/runs/3/follow-up", template: "/v1/runs/{id}/follow-up", body: #"{"prompt":"p"}"#,
      status: 201),
    .init(
      method: "POST", path: "/v1/runs/3/follow-up", template: "/v1/runs/{id}/follow-up", body: "{}", status: 400),
    .init(
      method: "GET", path: "/v1/runs/1/diff?context=1&whitespace=ignore", template: "/v1/runs/{id}/diff"),
    .init(method: "GET", path: "/v1/runtimes", template: "/v1/runtimes"),
    .init(method: "GET", path: "/v1/snapshot", template: "/v1/snapshot"),
    .init(method: "GET", path: "/v1/events", template: "/v1/events"),
    .init(
      method: "GET", path: "/v1/events?follow=false", template: "/v1/events", headers: ["Accept": "text/event-stream"]),
    .init(method: "GET", path: "/v1/audit?run=1", template: "/v1/audit"),
    .init(
      method: "POST", path: "/v1/gc", template: "/v1/gc",
      body: #"{"olderThanSeconds":60,"dryRun":true,"branches":false,"unmerged":true}"#),
    .init(method: "POST", path: "/v1/gc", template: "/v1/gc", body: "{}"),
    .init(method: "POST", path: "/v1/gc", template: "/v1/gc", body: #"{"olderThanSeconds":-1}"#, status: 400),
    .init(method: "POST", path: "/v1/gc", template: "/v1/gc", body: #"{"dryrun":true}"#, status: 400),
    .init(method: "GET", path: "/v1/tokens", template: "/v1/tokens"),
    .init(
      method: "POST", path: "/v1/tokens", template: "/v1/tokens",
      body: #"{"name":"ada","role":"approver","expiresInSeconds":60}"#, status: 201),
    .init(
      method: "POST", path: "/v1/tokens", template: "/v1/tokens", body: #"{"name":"-x","role":"admin"}"#, status: 400),
    .init(method: "POST", path: "/v1/tokens/seen/revoke", template: "/v1/tokens/{id}/revoke"),
    .init(method: "POST", path: "/v1/tokens/nobody/revoke", template: "/v1/tokens/{id}/revoke", status: 404),
    .init(method: "GET", path: "/healthz", template: "/healthz"),
    .init(method: "GET", path: "/metrics", template: "/metrics"),
    .init(method: "GET", path: "/openapi.json", template: "/openapi.json"),
  ]

  @Test("Real requests and responses are as the document says", arguments: exchanges)
  func exchange(_ exchange: Exchange) async throws {
    let checker = SchemaChecker(document: document)
    let operation = try #require(document["paths"]?[exchange.template]?[exchange.method.lowercased()])
    if let body = exchange.body, exchange.status < 400 {
      let schema = try #require(operation["requestBody"]?["content"]?["application/json"]?["schema"])
      #expect(checker.violations(try JSONValue(parsing: body), schema) == [])
    }
    let access = AccessControl(keeper: KeptRecord())
    _ = try await access.create(name: "seen", role: .viewer, expiresIn: nil, by: .system)
    try await TestServer.with(Sample.service(), access: access) { _, client in
      let answer = try await client.ask(
        exchange.method, exchange.path, body: exchange.body, headers: exchange.headers)
      #expect(answer.status == exchange.status)
      let unresolved = try #require(
        operation["responses"]?[String(answer.status)] ?? operation["responses"]?["default"])
      let response = try #require(checker.resolve(unresolved))
      let type = try #require(answer.headers["content-type"]?.split(separator: ";").first.map { String($0) })
      let schema = try #require(response["content"]?[type]?["schema"], "\(type) is not described")
      switch type {
      case "text/x-diff", "text/event-stream", "text/plain": break
      case "application/x-ndjson":
        for line in answer.text.split(separator: "\n") {
          #expect(checker.violations(try JSONValue(parsing: String(line)), schema) == [])
        }
      default: #expect(checker.violations(try answer.json, schema) == [])
      }
    }
  }

  @Test("All routes are exercised above")
  func coverage() {
    let covered = Set(Self.exchanges.map { "\($0.method) \($0.template)" })
    #expect(covered == Set(APIRoute.all.map { "\($0.method.rawValue) \($0.path)" }))
  }

  @Test("The checker notices what is wrong")
  func checkerFails() throws {
    let checker = SchemaChecker(document: document)
    let health: JSONValue = ["$ref": "#/components/schemas/Health"]
    #expect(checker.violations(["status": "ok", "version": "1", "pid": 1, "seq": 2], health) == [])
    #expect(checker.violations(["status": "ok", "version": "1", "pid": 1], health) == ["$: lacks seq"])
    #expect(
      checker.violations(["status": "bad", "version": 1, "pid": 1, "seq": 2, "x": nil], health).count == 3)
    #expect(checker.violations("01ARZ3", ["$ref": "#/components/schemas/ULID"]).count == 1)
  }
}
