import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

/// Clients that take their time, or all the connections.
@Suite(.timeLimit(.minutes(20))) struct SlowClientTests {
  private static let host = "Host: localhost\r\n"

  /// Limits that a test can wait for; each test makes short the one that it is about.
  private static func limits(_ change: (inout ConnectionLimits) -> Void) -> ConnectionLimits {
    var limits = ConnectionLimits(connections: 64)
    limits.linger = .milliseconds(100)
    change(&limits)
    return limits
  }

  private static func serve(
    _ limits: ConnectionLimits, _ service: FakeRunService = Sample.service(),
    _ body: (TestServer, ServerAddress) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = try await TestServer(service, listening: [.unix(path: folder.path + "/s")], limits: limits)
    do { try await body(server, server.addresses[0]) } catch {
      try await server.stop()
      throw error
    }
    try await server.stop()
  }

  @Test("A head that does not end is refused in time, and its connection is closed")
  func headTrickle() async throws {
    try await Self.serve(Self.limits { $0.firstHead = .milliseconds(200) }) { _, address in
      let text = try await onThread {
        let connection = try RawConnection(address)
        connection.send("GET /healthz HTTP/1.1\r\n\(Self.host)X: ")
        return try connection.readToEnd()
      }
      #expect(text.hasPrefix("HTTP/1.1 408"), "\(text)")
      #expect(text.contains("application/problem+json"))
    }
  }

  @Test("A later head has its own time, and a connection that says nothing is closed without a word")
  func laterHead() async throws {
    try await Self.serve(Self.limits { $0.head = .milliseconds(200) }) { _, address in
      let slow = try await onThread {
        let slow = try RawConnection(address)
        slow.send("GET /healthz HTTP/1.1\r\n\(Self.host)\r\n")
        try slow.read { $0.contains("}") }
        slow.send("GET /he")
        try slow.readToEnd()
        return slow.statuses
      }
      #expect(slow == [200, 408])
    }
    try await Self.serve(Self.limits { $0.idle = .milliseconds(200) }) { _, address in
      let idle = try await onThread {
        let idle = try RawConnection(address)
        idle.send("GET /healthz HTTP/1.1\r\n\(Self.host)\r\n")
        try idle.readToEnd()
        return idle.statuses
      }
      #expect(idle == [200])
    }
  }

  @Test("A body that does not come is refused in time, and what it was for is not done")
  func bodyTrickle() async throws {
    let service = Sample.service()
    let limits = Self.limits {
      $0.grace = .milliseconds(200)
      // Time to read the answer also on a busy machine.
      $0.linger = .seconds(10)
    }
    try await Self.serve(limits, service) { _, address in
      for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let text = try await onThread {
          let connection = try RawConnection(address)
          connection.send("POST /v1/runs/1/cancel HTTP/1.1\r\n\(Self.host)\(framing)\r\n\r\n1\r\n{\r\n")
          return try connection.readToEnd()
        }
        #expect(text.hasPrefix("HTTP/1.1 408"), "\(text)")
      }
    }
    #expect(service.calls == [])
  }

  @Test("Who asks and does not read is cut off, but not who follows events")
  func stalledReader() async throws {
    let service = Sample.service()
    service.set(runs: (1...4000).map { Sample.fullRun($0) })
    try await Self.serve(Self.limits { $0.grace = .milliseconds(300) }, service) { server, address in
      try await TestClient.with(address) { client in
        let stream = try await client.follow("/v1/events")
        try await stream.read { $0.contains("id: 4\n") }
        let before = server.server.connectionCount
        try await onThread {
          let connection = try RawConnection(address)
          connection.send("GET /v1/snapshot HTTP/1.1\r\n\(Self.host)\r\n")
          // Not one byte is read until the server has let go of it.
          while server.server.connectionCount > before { usleep(1000) }
        }
        service.publish([Sample.event(5)])
        try await stream.read { $0.contains("id: 5\n") }
      }
    }
  }

  @Test("An answered connection that the client keeps open is let go")
  func halfClosed() async throws {
    try await Self.serve(Self.limits { _ in }) { server, address in
      let text = try await onThread {
        let connection = try RawConnection(address)
        connection.send("GET /healthz HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n")
        try connection.readToEnd()
        // Our side stays open; a write fails once the server has closed its own.
        while connection.send("x") { usleep(1000) }
        return connection.text
      }
      #expect(text.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test("Silent connections make room for who asks, however many there are")
  func flood() async throws {
    try await Self.serve(Self.limits { $0.connections = 8 }) { server, address in
      try await onThread {
        var silent: [RawConnection] = []
        for round in 0..<200 {
          let connection = try RawConnection(address)
          if round % 2 == 0 { connection.send("GET /") }
          silent.append(connection)
          guard round % 20 == 0 else { continue }
          let answer = try Self.ask(address, attempts: 5)
          guard answer.hasPrefix("HTTP/1.1 200") else { throw RawConnection.Failure(what: answer) }
        }
        // All but the latest are closed, each as soon as its event loop comes to it, and none because its client went.
        try silent[0].readToEnd()
        while server.server.connectionCount > 8 { usleep(1000) }
        withExtendedLifetime(silent) {}
      }
    }
  }

  /// As a real client, asks again where it was let go before its request was read: silent connections that came earlier can
  /// still be on their way in, on another event loop, and eight of them are newer than it. A refusal is an answer.
  private static func ask(_ address: ServerAddress, attempts: Int) throws -> String {
    for _ in 1..<attempts {
      let answer = try askOnce(address)
      if !answer.isEmpty { return answer }
    }
    return try askOnce(address)
  }

  private static func askOnce(_ address: ServerAddress) throws -> String {
    let connection = try RawConnection(address)
    connection.send("GET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
    return try connection.readToEnd()
  }

  @Test("When every connection is busy, a further one is told so, and another listener serves on")
  func full() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = try await TestServer(
      Sample.service(), listening: [.unix(path: folder.path + "/s"), .http(host: "127.0.0.1", port: 0)],
      access: AccessControl(secrets: [("secret", .viewer)]), limits: Self.limits { $0.connections = 4 })
    let tcp = try #require(server.addresses.first { if case .http = $0 { true } else { false } })
    guard case .http(_, let port) = tcp else { return }
    let socket = ServerAddress.unix(path: folder.path + "/s")
    let refused = try await onThread {
      let followers = try (0..<4).map { _ in
        let connection = try RawConnection(tcp)
        connection.send(
          "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer secret\r\nAccept: text/event-stream\r\n\r\n"
        )
        try connection.read { $0.contains("id: 4") }
        return connection
      }
      defer { withExtendedLifetime(followers) {} }
      let late = try RawConnection(tcp)
      return try late.readToEnd()
    }
    #expect(refused.hasPrefix("HTTP/1.1 503"), "\(refused)")
    #expect(refused.contains("Too many connections"))
    try await TestClient.with(socket) { client in
      let answer = try await client.ask("GET", "/healthz")
      #expect(answer.status == 200)
    }
    try await server.stop()
  }
}
