import Foundation
import Logging
import Orchestration
import RunClient
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

@Suite(.timeLimit(.minutes(20))) struct APIServerTests {
  private func permissions(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  private func isHealthy(_ address: ServerAddress, token: String? = nil) async throws -> Bool {
    let client = TestClient(address)
    let headers = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
    let status = try await client.ask("GET", "/healthz", headers: headers).status
    try await client.close()
    return status == 200
  }

  @Test("A socket and a TCP port serve at once, and port 0 is reported as the real one")
  func twoAddresses() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = try await TestServer(
      Sample.service(), listening: [.unix(path: folder.path + "/s"), .http(host: "127.0.0.1", port: 0)],
      access: AccessControl(secrets: [("secret", .viewer)]))
    for address in server.addresses {
      if case .http(_, let port) = address { #expect(port > 0) }
      #expect(try await isHealthy(address, token: "secret"))
    }
    try await server.stop()
  }

  @Test("The socket is the user's alone, in a folder that is made so, and is gone after the end")
  func socketMode() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.path + "/deep/s"
    let server = try await TestServer(Sample.service(), listening: [.unix(path: path)])
    #expect(try permissions(path) == 0o600)
    #expect(try permissions(folder.path + "/deep") == 0o700)
    try await server.stop()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test(
    "A socket that is taken away, with its folder or without, is made anew and private; another's file is left alone")
  func removedSocket() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.path + "/deep/s"
    let address = ServerAddress.unix(path: path)
    let server = try await TestServer(Sample.service(), listening: [address], socketWatch: .milliseconds(20))
    let connected = TestClient(address)
    #expect(try await connected.ask("GET", "/healthz").status == 200)
    for victim in [path, folder.path + "/deep", path] {
      try FileManager.default.removeItem(atPath: victim)
      // Not there yet: asked again.
      while (try? await isHealthy(address)) != true {}
      while try permissions(path) != 0o600 { await Task.yield() }
      #expect(FileManager.default.fileExists(atPath: path + ".lock"))
    }
    #expect(try await connected.ask("GET", "/healthz").status == 200)
    try await connected.close()
    try await server.stop()
  }

  @Test("A second server on a live socket is refused, and the first goes on")
  func liveSocket() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let address = ServerAddress.unix(path: folder.path + "/s")
    let first = try await TestServer(Sample.service(), listening: [address])
    let problem = await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [address])
    }
    #expect(problem?.code == .conflict)
    #expect(problem?.detail.contains("--connect unix:") == true)
    #expect(try await isHealthy(address))
    try await first.stop()
  }

  @Test("A socket that nobody serves any more is used again")
  func staleSocket() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.path + "/s"
    try makeStaleSocket(path)
    let server = try await TestServer(Sample.service(), listening: [.unix(path: path)])
    #expect(try await isHealthy(.unix(path: path)))
    try await server.stop()
  }

  private func makeStaleSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(descriptor)
    try #require(bound == 0)
  }

  @Test("A file where the socket should be is left alone")
  func fileInTheWay() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path + "/s"))
    let problem = await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [.unix(path: folder.path + "/s")])
    }
    #expect(problem?.detail.contains("not a socket") == true)
    #expect(try String(contentsOfFile: folder.path + "/s", encoding: .utf8) == "mine")
  }

  @Test("A folder that others may write to is refused")
  func openFolder() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    let problem = await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [.unix(path: folder.path + "/s")])
    }
    #expect(problem?.code == .forbidden)
    #expect(problem?.detail.contains("chmod 700") == true)
  }

  @Test(
    "Plain HTTP never leaves the machine, and TLS needs a certificate",
    arguments: [
      (ServerAddress.http(host: "0.0.0.0", port: 0), "loopback"), (.http(host: "example.org", port: 80), "loopback"),
      (.http(host: "127.0.0.1.example.org", port: 80), "loopback"), (.http(host: "[::]", port: 0), "loopback"),
      (.https(host: "127.0.0.1", port: 0), "certificate"),
    ])
  func refusedAddress(address: ServerAddress, words: String) async throws {
    let problem = await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [address], access: AccessControl(secrets: [("t", .admin)]))
    }
    #expect(problem?.code == .invalid)
    #expect(problem?.detail.contains(words) == true)
  }

  @Test("TCP without a token is refused")
  func noToken() async throws {
    let problem = await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [.http(host: "127.0.0.1", port: 0)])
    }
    #expect(problem?.detail.contains("token") == true)
  }

  @Test("A port that is taken is an error that names it, and the socket beside it is given up")
  func takenPort() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let first = try await TestServer(
      Sample.service(), listening: [.http(host: "127.0.0.1", port: 0)], access: AccessControl(secrets: [("t", .admin)]))
    let taken = first.addresses[0]
    let path = folder.path + "/s"
    let second = APIServer(
      service: Sample.service(), access: AccessControl(secrets: [("t", .admin)]), version: "1",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let problem = await #expect(throws: Problem.self) {
      try await second.run(listening: [.unix(path: path), taken]) { _ in }
    }
    #expect(problem?.code == .conflict)
    #expect(problem?.detail.contains(taken.description) == true)
    #expect(!FileManager.default.fileExists(atPath: path))
    try await first.stop()
  }

  enum End: CaseIterable {
    case shutdown, cancellation

    func bring(to server: TestServer) {
      switch self {
      case .shutdown: server.server.shutdown()
      case .cancellation: server.running.cancel()
      }
    }
  }

  @Test("A shutdown with open streams ends them cleanly", arguments: End.allCases)
  func shutdownWithStreams(end: End) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let service = Sample.service()
    let server = try await TestServer(
      service, listening: [.unix(path: folder.path + "/s")],
      timing: StreamTiming(keepAlive: .seconds(3600), linger: .zero, grace: .seconds(30)))
    try await TestClient.with(server.addresses[0]) { client in
      let idle = try await client.follow("/v1/events?after=4")
      try await idle.read { $0.contains(": hello") }
      let lines = StreamReader(try await client.open("GET", "/v1/events?after=4&follow=true"))
      await service.untilWaiting(atLeast: 2)
      end.bring(to: server)
      try await server.running.value
      #expect(try await idle.readToEnd() == ": hello\n\n")
      #expect(try await lines.readToEnd() == "")
    }
  }

  @Test("A client that does not read does not hold up the end", arguments: End.allCases)
  func shutdownWithStalledStream(end: End) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let service = Sample.service()
    service.publish((5...20_000).map { Sample.event($0, run: 1, text: String(repeating: "x", count: 500)) })
    let server = try await TestServer(service, listening: [.unix(path: folder.path + "/s")])
    try await TestClient.with(server.addresses[0]) { client in
      // Never read: ten megabytes wait behind a full socket.
      let stalled = StreamReader(try await client.open("GET", "/v1/events?follow=true"))
      #expect(stalled.status == 200)
      end.bring(to: server)
      try await server.running.value
      withExtendedLifetime(stalled) {}
    }
  }

  @Test("A service that closes ends its streams, and the server goes on")
  func closedService() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let stream = try await client.follow("/v1/events?after=4")
      try await stream.read { $0.contains(": hello") }
      service.close()
      #expect(try await stream.readToEnd() == ": hello\n\n")
      #expect(try await client.ask("GET", "/healthz").status == 200)
    }
  }

  @Test("A shutdown before the run makes it return at once")
  func earlyShutdown() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = APIServer(
      service: Sample.service(), version: "1",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    server.shutdown()
    try await server.run(listening: [.unix(path: folder.path + "/s")]) { _ in Issue.record("It became ready.") }
  }

  @Test("Another user's process is refused on the socket, and that is on record", OtherUser.canAsk)
  func otherUser() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.path + "/s"
    let kept = KeptRecord()
    let server = try await TestServer(
      Sample.service(), listening: [.unix(path: path)], access: AccessControl(keeper: kept))
    // The folder alone keeps them out, and so does the socket's own mode.
    #expect(try await OtherUser.ask(path) == "")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    #expect(try await OtherUser.ask(path) == "")
    #expect(kept.audit.isEmpty)
    // Opened on purpose, so that the check of the peer alone stands in the way.
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    let answer = try await OtherUser.ask(path)
    #expect(answer.contains("\"status\":403"))
    #expect(kept.refusals.map { $0.data["kind"]?.string } == ["foreign-user"])
    #expect(kept.refusals.map { $0.data["peer"]?.string } == ["uid 65534"])
    try await server.stop()
  }

  @Test("In a folder that others may enter a socket is private from its first moment, whatever the umask")
  func maskOfBind() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    let mask = try #require(try Listener(.unix(path: folder.path + "/s")).mask)
    let before = try presentMask()
    mask.narrow()
    #expect(try presentMask() == "0077")
    mask.restore()
    mask.restore()
    #expect(try presentMask() == before)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    #expect(try Listener(.unix(path: folder.path + "/t")).mask == nil)
  }

  /// Asked of the system, as asking by umask changes it.
  private func presentMask() throws -> Substring {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    return try #require(status.split(separator: "\n").first { $0.hasPrefix("Umask:") }).suffix(4)
  }

  @Test("A link where the socket's lock should be is not followed")
  func linkedLock() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    try Data("precious".utf8).write(to: URL(fileURLWithPath: folder.path + "/mine"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/s.lock", withDestinationPath: folder.path + "/mine")
    await #expect(throws: Problem.self) {
      try await TestServer(Sample.service(), listening: [.unix(path: folder.path + "/s")])
    }
    #expect(try String(contentsOfFile: folder.path + "/mine", encoding: .utf8) == "precious")
  }

  @Test("A client does not speak to a socket that another user has put in its way", OtherUser.canAsk)
  func foreignSocket() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.path + "/s"
    try makeStaleSocket(path)
    #expect(chown(path, 65_534, 65_534) == 0)
    let client = RunClient(.unix(path: path))
    let problem = await #expect(throws: Problem.self) { try await client.health() }
    #expect(problem?.code == .forbidden && problem?.detail.contains("uid 65534") == true)
    await client.shutdown()
  }
}

/// Runs curl as nobody.
private enum OtherUser {
  static let canAsk = ConditionTrait.enabled(
    if: getuid() == 0
      && ["/usr/bin/setpriv", "/usr/bin/curl"].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) },
    "Only root can become another user; run as root, with setpriv and curl.")

  static func ask(_ socket: String) async throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
    process.arguments = [
      "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/curl", "-s", "-m", "20", "--unix-socket", socket,
      "http://localhost/healthz",
    ]
    let output = Pipe()
    process.standardOutput = output
    return try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { _ in
        continuation.resume(
          returning: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
      }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
  }
}
