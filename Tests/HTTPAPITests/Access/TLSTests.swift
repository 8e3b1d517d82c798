import AsyncHTTPClient
import Foundation
import HTTPAPI
import NIOCore
import NIOPosix
import NIOSSL
import Orchestration
import RunClient
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct TLSTests {
  private let folder: TemporaryFolder
  private let made: Certificates

  init() throws {
    folder = try TemporaryFolder()
    made = try Certificates(in: folder.path)
  }

  private func identity(_ name: String = "server", clientCA: String? = nil, now: Timestamp = .now) throws -> ServerTLS {
    try ServerTLS.load(
      certificate: made.path(name + ".pem"), key: made.path(name + ".key"), clientCA: clientCA.map(made.path), now: now)
  }

  private func serve(
    clientCA: String? = nil, handshakeLimit: Duration = .seconds(10), keeper: KeptRecord = KeptRecord(),
    _ body: (ServerAddress) async throws -> Void
  ) async throws {
    let server = try await TestServer(
      Sample.service(), listening: [.https(host: "localhost", port: 0)],
      access: AccessControl(secrets: [("secret", .viewer)], keeper: keeper), tls: try identity(clientCA: clientCA),
      handshakeLimit: handshakeLimit)
    do { try await body(server.addresses[0]) } catch {
      try await server.stop()
      throw error
    }
    try await server.stop()
  }

  /// What a client says who asks for its health; nil when it is well.
  private func ask(_ address: ServerAddress, _ tls: ClientTLS) async throws -> String? {
    let client = RunClient(address, token: "secret", tls: tls)
    var words: String?
    do { _ = try await client.health() } catch { words = "\((error as? Problem)?.code.rawValue ?? "?"): \(error)" }
    await client.shutdown()
    return words
  }

  private func client(ca: String? = "ca.pem", _ name: String? = nil) throws -> ClientTLS {
    try ClientTLS.load(
      ca: ca.map(made.path), certificate: name.map { made.path($0 + ".pem") }, key: name.map { made.path($0 + ".key") })
  }

  @Test("A client that trusts the authority is served with streams and all; one that does not says what to do")
  func serves() async throws {
    try await serve { address in
      #expect(try await ask(address, client()) == nil)
      let words = try await ask(address, .standard)
      #expect(
        words?.hasPrefix("unauthorized") == true && words?.contains("FLIGHTDECK_CA_FILE") == true, "\(words ?? "")")
      let reader = RunClient(address, token: "secret", tls: try client())
      let stream = try await reader.events(EventQuery(after: 0))
      var count = 0
      for try await batch in stream { count += batch.count }
      #expect(count == 4)
      await reader.shutdown()
    }
  }

  @Test("A certificate for another name is not trusted")
  func otherName() async throws {
    try await serve { address in
      guard case .https(_, let port) = address else { throw Problem(.internal, "\(address)") }
      #expect(try await ask(.https(host: "127.0.0.1", port: port), client()) == nil)
      let words = try await ask(.https(host: "127.0.0.2", port: port), client())
      #expect(words != nil)
    }
  }

  @Test("With mutual TLS only a client whose certificate the authority has signed gets as far as its token")
  func mutual() async throws {
    let kept = KeptRecord()
    try await serve(clientCA: "ca.pem", keeper: kept) { address in
      #expect(try await ask(address, client("client")) == nil)
      #expect(kept.refusals.isEmpty)
      for tls in [try client(), try client("stranger")] {
        let words = try await ask(address, tls)
        #expect(words?.contains("FLIGHTDECK_CLIENT_CERTIFICATE") == true, "\(words ?? "")")
      }
    }
    #expect(kept.refusals.first?.data["kind"] == "tls")
  }

  @Test("TLS below 1.2 is refused")
  func oldVersions() async throws {
    try await serve { address in
      var configuration = HTTPClient.Configuration()
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(made.path("ca.pem"))
      tls.minimumTLSVersion = .tlsv1
      tls.maximumTLSVersion = .tlsv11
      configuration.tlsConfiguration = tls
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      await #expect(throws: (any Error).self) {
        try await client.execute(HTTPClientRequest(url: "\(address)/healthz"), timeout: .seconds(20))
      }
      try await client.shutdown()
    }
  }

  @Test("Who does not shake hands is let go")
  func handshakeLimit() async throws {
    try await serve(handshakeLimit: .milliseconds(50)) { address in
      guard case .https(_, let port) = address else { throw Problem(.internal, "\(address)") }
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port).get()
      // Says nothing; ends when the server has had enough.
      try await channel.closeFuture.get()
    }
  }

  @Test("Plain HTTP to a TLS port is no orchestrator, and a token is not sent to another machine in the clear")
  func plain() async throws {
    try await serve { address in
      guard case .https(_, let port) = address else { throw Problem(.internal, "\(address)") }
      #expect(try await ask(.http(host: "127.0.0.1", port: port), .standard) != nil)
    }
    let words = try await ask(.http(host: "192.0.2.1", port: 80), .standard)
    #expect(words?.contains("https://") == true)
  }

  @Test("What is wrong with a certificate or a key is said at the start")
  func faults() throws {
    func problem(_ name: String, key: String? = nil, clientCA: String? = nil, now: Timestamp = .now) -> Problem? {
      #expect(throws: Problem.self) {
        try ServerTLS.load(
          certificate: made.path(name), key: made.path(key ?? "server.key"), clientCA: clientCA.map(made.path), now: now
        )
      }
    }
    #expect(problem("none.pem")?.detail.contains("cannot be read") == true)
    #expect(problem("server.pem", key: "none.key")?.detail.contains("cannot be read") == true)
    #expect(problem("server.key")?.detail.contains("certificate") == true)
    #expect(problem("server.pem", key: "server.pem")?.detail.contains("holds no key") == true)
    #expect(problem("server.pem", key: "client.key")?.detail.contains("does not belong") == true)
    #expect(problem("old.pem", key: "old.key")?.detail.contains("expired at 2020-01-02") == true)
    #expect(
      problem("server.pem", now: Timestamp(milliseconds: 1_000_000))?.detail.contains("not valid yet") == true)
    #expect(problem("server.pem", clientCA: "server.key")?.detail.contains("certificate") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: made.path("server.key"))
    let open = problem("server.pem")
    #expect(open?.code == .forbidden && open?.detail.contains("chmod 600") == true)
  }

  @Test("The names of the certificate are names of the server")
  func names() throws {
    #expect(try identity().names == ["localhost", "*.wild.example", "127.0.0.1", "::1"])
    #expect(try identity().isMutual == false)
    #expect(try identity(clientCA: "ca.pem").isMutual)
    #expect(try identity().expires > .now)
  }

  @Test("What is wrong with a client's files is said before anything is sent")
  func clientFaults() {
    for (ca, certificate, key) in [
      ("none.pem", nil, nil), ("client.key", nil, nil), (nil, "client.pem", nil), (nil, "client.pem", "server.key"),
      (nil, "client.pem", "client.pem"),
    ] as [(String?, String?, String?)] {
      #expect(throws: Problem.self) {
        try ClientTLS.load(ca: ca.map(made.path), certificate: certificate.map(made.path), key: key.map(made.path))
      }
    }
  }
}
