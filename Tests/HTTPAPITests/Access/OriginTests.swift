import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

/// What a browser on this machine could be made to do.
@Suite(.timeLimit(.minutes(20))) struct OriginTests {
  @Test(
    "A server on loopback answers to loopback's names, to its own and to those it was given",
    arguments: [
      ("localhost", true), ("localhost:8080", true), ("LOCALHOST.", true), ("127.0.0.1:1", true), ("127.9.9.9", true),
      ("[::1]:80", true), ("fd.example.org", true), ("fd.example.org:443", true), ("a.wild.example", true),
      ("evil.example", false), ("evil.example:8080", false), ("localhost.evil.example", false),
      ("127.0.0.1.evil", false),
      ("wild.example", false), ("a.b.wild.example", false), ("192.168.0.1", false), ("0.0.0.0", false), ("", false),
      ("localhost@evil", false), ("evil.example#localhost", false), ("[::1].evil", false),
    ])
  func loopback(authority: String, expected: Bool) {
    let names = HostNames(listening: "127.0.0.1", names: ["FD.example.org", "*.wild.example"])
    #expect(names.admits(authority) == expected)
  }

  @Test(
    "A server on every address answers to addresses, and to names of its certificate alone",
    arguments: [
      ("10.0.0.7:8443", true), ("[fe80::1]:8443", true), ("fd.example.org", true), ("localhost", true),
      ("evil.example", false), ("10.0.0.7.evil.example", false), ("10.0.0.256", false), ("zz::1", false),
    ])
  func everywhere(authority: String, expected: Bool) {
    for wildcard in ["0.0.0.0", "[::]", "::"] {
      #expect(HostNames(listening: wildcard, names: ["fd.example.org"]).admits(authority) == expected)
    }
  }

  @Test(
    "An origin is the server's own by host and port",
    arguments: [
      ("http://localhost:80", "localhost", false, true), ("http://localhost", "localhost:80", false, true),
      ("https://fd:8443", "fd:8443", true, true), ("https://fd", "fd", false, true),
      ("http://fd:8443", "fd:8443", true, false),
      ("http://localhost:3000", "localhost:8080", false, false), ("null", "localhost", false, false),
      ("http://evil", "localhost", false, false), ("file://", "localhost", false, false),
      ("", "localhost", false, false),
      ("http://", "", false, false),
    ])
  func origins(origin: String, authority: String, isTLS: Bool, expected: Bool) {
    #expect(HostNames.isSameOrigin(origin, as: authority, isTLS: isTLS) == expected)
  }

  struct Attempt: Sendable, CustomTestStringConvertible {
    var headers: [String: String]
    var kind: String?
    var testDescription: String { "\(headers.sorted { $0.key < $1.key })" }
  }

  static let attempts: [Attempt] = [
    Attempt(headers: [:], kind: nil),
    Attempt(headers: ["Host": "localhost:1"], kind: nil),
    Attempt(headers: ["Host": "evil.example"], kind: "host"),
    Attempt(headers: ["Host": "evil.example", "Origin": "http://evil.example"], kind: "host"),
    Attempt(headers: ["Origin": "http://evil.example"], kind: "origin"),
    Attempt(headers: ["Origin": "null"], kind: "origin"),
    Attempt(headers: ["Sec-Fetch-Site": "cross-site"], kind: "origin"),
    Attempt(headers: ["Sec-Fetch-Site": "same-site"], kind: "origin"),
    Attempt(headers: ["Sec-Fetch-Site": "none"], kind: nil),
    Attempt(headers: ["Host": "localhost:7", "Origin": "http://localhost:7"], kind: nil),
  ]

  @Test("A page elsewhere is refused before its token is looked at, whatever the method", arguments: attempts)
  func pages(attempt: Attempt) async throws {
    let kept = KeptRecord()
    let service = Sample.service()
    let access = AccessControl(secrets: [("secret", .admin)], keeper: kept)
    let server = try await TestServer(service, listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      var headers = attempt.headers
      headers["Authorization"] = "Bearer secret"
      for (method, path, body) in [
        ("GET", "/v1/runs", nil), ("OPTIONS", "/v1/runs", nil), ("POST", "/v1/runs/1/cancel", #"{"reason":"r"}"#),
      ] {
        let answer = try await client.ask(method, path, body: body, headers: headers)
        if attempt.kind == nil {
          #expect(answer.status < 300)
        } else {
          #expect(answer.status == 403)
          #expect(!answer.headers.keys.contains { $0.hasPrefix("access-control") })
        }
      }
    }
    try await server.stop()
    #expect(service.calls.isEmpty == (attempt.kind != nil))
    #expect(kept.refusals.map { $0.data["kind"]?.string } == (attempt.kind.map { [$0] } ?? []))
  }

  @Test("A page never speaks to the Unix socket")
  func socket() async throws {
    let kept = KeptRecord()
    try await TestServer.with(Sample.service(), access: AccessControl(keeper: kept)) { _, client in
      let foreign = try await client.ask("GET", "/healthz", headers: ["Origin": "http://localhost"])
      #expect(foreign.status == 403)
      let named = try await client.ask("GET", "/healthz", headers: ["Host": "anything"])
      #expect(named.status == 200)
    }
    #expect(kept.refusals.map { $0.data["kind"]?.string } == ["origin"])
  }

  @Test("What a stranger sends goes on the trail as no more than a name")
  func hostile() async throws {
    let kept = KeptRecord()
    let access = AccessControl(keeper: kept)
    let server = try await TestServer(Sample.service(), listening: [.http(host: "127.0.0.1", port: 0)], access: access)
    try await TestClient.with(server.addresses[0]) { client in
      _ = try await client.ask(
        "GET", "/v1/runs/hunter2?token=hunter2", headers: ["Host": "<b>\"'évil" + String(repeating: "x", count: 500)])
      _ = try await client.ask("GET", "/hunter2", headers: ["Authorization": "Bearer hunter2"])
    }
    try await server.stop()
    let text = kept.audit.map { JSONValue.object($0.data).jsonText + ($0.rationale ?? "") }.joined()
    #expect(kept.refusals.count == 2)
    #expect(!text.contains("hunter2") && !text.contains("<b>") && text.utf8.count < 700)
    #expect(text.contains("GET (no route)"))
  }
}

@Suite struct FailuresTests {
  private let start = ContinuousClock.now

  @Test("After twenty wrong tokens the wait doubles with each, up to a minute, and is forgotten")
  func doubling() {
    var failures = Failures()
    var now = start
    for _ in 0..<20 { failures.failed("a", at: now) }
    #expect(failures.wait(of: "a", at: now) == nil)
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
      failures.failed("a", at: now)
      #expect(failures.wait(of: "a", at: now) == .seconds(wait))
      #expect(failures.wait(of: "b", at: now) == nil)
      now += .seconds(wait)
      #expect(failures.wait(of: "a", at: now) == nil)
    }
    now += .seconds(601)
    failures.failed("a", at: now)
    #expect(failures.wait(of: "a", at: now) == nil)
  }

  @Test("A million addresses take no more memory than a thousand")
  func bounded() {
    var failures = Failures()
    for peer in 0..<20_000 { failures.failed("\(peer)", at: start + .milliseconds(peer)) }
    #expect(failures.count == Failures.mostPeers)
  }

  @Test(
    "An IPv6 party is its network",
    arguments: [
      ("10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
      ("::ffff:10.1.2.3", "10.1.2.3"), ("::1", "::1"), ("fe80::1%eth0", "fe80:0:0:0::/64"),
    ])
  func parties(address: String, party: String) { #expect(PeerAddress.party(address) == party) }

  @Test("Wrong tokens are answered 429 with a time to wait; the right one and the Unix socket are never locked out")
  func lockout() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let kept = KeptRecord()
    let server = try await TestServer(
      Sample.service(), listening: [.http(host: "127.0.0.1", port: 0), .unix(path: folder.path + "/s")],
      access: AccessControl(secrets: [("secret", .viewer)], keeper: kept))
    for address in server.addresses {
      try await TestClient.with(address) { client in
        guard case .http = address else {
          #expect(try await client.ask("GET", "/healthz", headers: ["Authorization": "Bearer wrong"]).status == 200)
          return
        }
        var statuses: [Int] = []
        for place in 0..<60 {
          let answer = try await client.ask("GET", "/healthz", headers: ["Authorization": "Bearer wrong\(place)"])
          statuses.append(answer.status)
          if answer.status == 429 {
            #expect(try answer.problem?.code == .tooMany)
            #expect(try #require(answer.headers["retry-after"].flatMap { Int($0) }) >= 1)
          }
        }
        #expect(statuses.prefix(21).allSatisfy { $0 == 401 })
        #expect(statuses.contains(429))
        #expect(try await client.ask("GET", "/healthz", headers: ["Authorization": "Bearer secret"]).status == 200)
      }
    }
    try await server.stop()
    #expect(Set(kept.refusals.compactMap { $0.data["kind"]?.string }) == ["unauthorized", "too-many"])
    // Some forty refusals; how many records they make within a minute, `RefusalTrail`'s own tests say by a clock of theirs.
    #expect(kept.refusals.count < 20)
  }
}
