import Foundation
import Glibc
import RunClient
import RunModel
import TestSupport
import Testing

extension EndToEndTests {
  /// The built server under clients that mean it harm.
  @Suite("Abuse") struct AbuseTests {
    private static let configuration: @Sendable (String) -> String = { _ in
      """
      runtimes: [{id: sim, kind: simulated, maxParallelTasks: 50, medianSeconds: 0.05, maxSeconds: 0.1, attentionRate: 0}]
      """
    }

    private struct Footprint {
      var memory: Double
      var descriptors: Double
      var connections: Double
    }

    private static func footprint(_ orchestrator: OrchestratorProcess) async throws -> Footprint {
      let text = try await onThread {
        let connection = try RawSocket(orchestrator.address)
        connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.readToEnd()
      }
      let body = try #require(text.components(separatedBy: "\r\n\r\n").last)
      let page = try PrometheusText(body)
      return Footprint(
        memory: try #require(page.value("process_resident_memory_bytes")),
        descriptors: try #require(page.value("process_open_fds")),
        connections: try #require(page.value("flightdeck_http_connections", ["listener": "socket"])))
    }

    /// One round of everything that a hostile client can think of; every answer is a problem document or a closed door.
    private static func round(_ address: ServerAddress, _ number: Int) throws {
      let host = "Host: localhost\r\n"
      let large = String(repeating: "x", count: 300_000)
      let attacks: [String] = [
        "GET / HTTP/1.1\r\n\(host)X: \(large)\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n",
        "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 17000000\r\n\r\n\(large)",
        "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 20000\r\n\r\n\(String(repeating: "[", count: 20_000))",
        "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: \(large.utf8.count + 6)\r\n\r\n{\"\(large)\":1}",
        "POST /v1/runs HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n\(String(repeating: "1\r\n[\r\n", count: 3000))0\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\n\(host)\r\n\(large)", "GET /healthz HTTP/1.1\r\n\(host)Upgrade: x\r\n\r\n\(large)",
        "GET /v1/snapshot HTTP/1.1\r\n\(host)\r\n",
        "GET /v1/events HTTP/1.1\r\n\(host)Accept: text/event-stream\r\n\r\n",
        "GET /v1/events?after=99999999 HTTP/1.1\r\n\(host)\r\n",
        "GET /v1/runs/\(large.prefix(30_000)) HTTP/1.1\r\n\(host)\r\n",
        String(repeating: "GET /healthz HTTP/1.1\r\n\(host)\r\n", count: 500), "GET /he",
      ]
      for (place, attack) in attacks.enumerated() {
        let connection = try RawSocket(address)
        connection.send(attack)
        switch (place + number) % 3 {
        case 0: break  // gone without reading
        case 1 where !attack.hasSuffix("/he"): connection.read()
        default: connection.closeOutput()
        }
      }
    }

    @Test("Rounds of hostile requests leave nothing behind, lose nothing, and leave the server as small as it was")
    func flood() async throws {
      try await OrchestratorProcess.with(Self.configuration) { orchestrator in
        let address = orchestrator.address
        let rounds = ProcessInfo.processInfo.environment["FLIGHTDECK_ABUSE_ROUNDS"].flatMap { Int($0) } ?? 20
        let before = try await orchestrator.dispatch("Before")
        // The first rounds find their way into caches and pools.
        try await onThread { for number in 0..<6 { try Self.round(address, number) } }
        let first = try await Self.footprint(orchestrator)
        try await onThread { for number in 0..<rounds { try Self.round(address, number) } }
        let during = try await orchestrator.dispatch("During")
        var last = try await Self.footprint(orchestrator)
        // What has been cut off lingers for two seconds.
        let deadline = ContinuousClock.now + .seconds(OrchestratorProcess.patience)
        while last.connections > 2, ContinuousClock.now < deadline { last = try await Self.footprint(orchestrator) }
        #expect(last.connections <= 2)
        #expect(last.descriptors <= first.descriptors + 8, "\(first) \(last)")
        #expect(last.memory <= first.memory + 64 * 1024 * 1024, "\(first) \(last)")
        for run in [before, during] {
          _ = try await orchestrator.wait("the end of the dispatched", of: run) { $0.status.isTerminal }
        }
        #expect(try await orchestrator.json(["audit", "verify", "--json"], status: 0) != .null)
        let page = try await orchestrator.withClient { try await $0.runs() }
        #expect(page.runs.count == 2, "nothing hostile was taken in")
      }
    }

    @Test("Silent connections by the hundred keep nobody out")
    func silence() async throws {
      try await OrchestratorProcess.with(Self.configuration) { orchestrator in
        let address = orchestrator.address
        try await onThread {
          // More than are let in at once, half of them with half a head.
          var held: [RawSocket] = []
          for number in 0..<400 {
            let connection = try RawSocket(address)
            if number % 2 == 0 { connection.send("GET /v1/runs HTT") }
            held.append(connection)
          }
          withExtendedLifetime(held) {}
        }
        let run = try await orchestrator.dispatch("Served")
        _ = try await orchestrator.wait("its end", of: run) { $0.status.isTerminal }
      }
    }
  }
}

/// Bytes to a Unix socket and back, blocking.
private final class RawSocket {
  private let descriptor: Int32

  init(_ address: ServerAddress) throws {
    guard case .unix(let path) = address else { throw OrchestratorProcess.Failure(description: "\(address)") }
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let failed = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0
      }
    }
    // The peer may be slow, but not for ever.
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    if failed { throw OrchestratorProcess.Failure(description: "connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }

  func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes first.
  func read() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    _ = recv(descriptor, &buffer, buffer.count, 0)
  }

  func readToEnd() -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }
}
