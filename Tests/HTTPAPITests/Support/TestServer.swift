import AsyncHTTPClient
import Foundation
import HTTPAPI
import Logging
import NIOCore
import NIOHTTP1
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

/// A server on addresses of its own, with a client for each.
final class TestServer: Sendable {
  let server: APIServer
  let addresses: [ServerAddress]
  let running: Task<Void, any Error>

  init(
    _ service: FakeRunService, listening: [ServerAddress], access: AccessControl? = nil, tls: ServerTLS? = nil,
    hostNames: [String] = [], handshakeLimit: Duration = .seconds(10),
    timing: StreamTiming = StreamTiming(keepAlive: .seconds(15), linger: .zero),
    limits: ConnectionLimits = .standard, socketWatch: Duration = .seconds(2)
  ) async throws {
    let server = APIServer(
      service: service, access: access, version: "1.2.3", tls: tls, hostNames: hostNames,
      handshakeLimit: handshakeLimit,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, timing: timing, limits: limits,
      socketWatch: socketWatch)
    let (ready, report) = AsyncStream.makeStream(of: ServerAddress.self)
    let running = Task {
      defer { report.finish() }
      try await server.run(listening: listening) { report.yield($0) }
    }
    var addresses: [ServerAddress] = []
    for await address in ready {
      addresses.append(address)
      if addresses.count == listening.count { break }
    }
    if addresses.count < listening.count { try await running.value }
    self.server = server
    self.addresses = addresses
    self.running = running
  }

  /// Serves on a socket for the length of `body`.
  static func with(
    _ service: FakeRunService, access: AccessControl? = nil,
    timing: StreamTiming = StreamTiming(keepAlive: .seconds(15), linger: .zero),
    _ body: (TestServer, TestClient) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = try await TestServer(
      service, listening: [.unix(path: folder.path + "/s")], access: access, timing: timing)
    do { try await TestClient.with(server.addresses[0]) { try await body(server, $0) } } catch {
      try await server.stop()
      throw error
    }
    try await server.stop()
  }

  func stop() async throws {
    server.shutdown()
    try await running.value
  }
}

/// Keeps what access puts on record.
final class KeptRecord: AccessRecord {
  private let state = Mutex<[JournalEntry]>([])

  var audit: [AuditDraft] { state.withLock { $0.flatMap(\.audit) } }
  var refusals: [AuditDraft] { audit.filter { $0.eventType == "access.refused" } }
  var tokens: [StoredToken] { state.withLock { $0.flatMap(\.tokens) } }

  func record(_ entry: JournalEntry) async throws { note(entry) }
  func note(_ entry: JournalEntry) { state.withLock { $0.append(entry) } }
}

extension AccessControl {
  /// Tokens whose secrets a test knows, each named after its role's place here.
  convenience init(secrets: [(String, AccessRole)], keeper: any AccessRecord = KeptRecord()) {
    self.init(
      tokens: secrets.enumerated().map { place, entry in
        let id = TokenID(ULID(high: 0x0190_0000_0000_0000, low: UInt64(place + 1)))
        let summary = TokenSummary(
          id: id, name: "\(entry.1.rawValue)-\(place)", role: entry.1, createdAt: .now, createdBy: "test")
        return StoredToken(id: id, hash: TokenHash(of: entry.0.utf8).bytes, json: summary.jsonBytes)
      }, keeper: keeper)
  }
}

final class TemporaryFolder: Sendable {
  let path: String

  /// Short, as a socket's path has little room.
  init() throws {
    path = "/tmp/fd-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  // What is left in the temporary folder is the system's to sweep.
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Asks one server, as any HTTP client would.
final class TestClient: Sendable {
  private let client: HTTPClient
  private let base: String

  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { get throws { try JSONValue(parsing: body) } }
    var problem: Problem? { get throws { Problem(json: try json) } }
  }

  init(_ address: ServerAddress) {
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    switch address {
    case .unix(let path):
      base = "http+unix://" + path.replacingOccurrences(of: "/", with: "%2F")
    case .http, .https: base = address.description
    }
  }

  func close() async throws { try await client.shutdown() }

  static func with(_ address: ServerAddress, _ body: (TestClient) async throws -> Void) async throws {
    let client = TestClient(address)
    do { try await body(client) } catch {
      try await client.close()
      throw error
    }
    try await client.close()
  }

  func open(
    _ method: String = "GET", _ path: String, body: [UInt8]? = nil, headers: [String: String] = [:]
  ) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: base + path)
    request.method = .RAW(value: method)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(body) }
    return try await client.execute(request, timeout: .seconds(240))
  }

  func ask(
    _ method: String = "GET", _ path: String, body: String? = nil, headers: [String: String] = [:]
  ) async throws -> Answer {
    try await ask(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
  }

  func ask(
    _ method: String, _ path: String, bytes body: [UInt8]?, headers: [String: String] = [:]
  ) async throws -> Answer {
    let response = try await open(method, path, body: body, headers: headers)
    let bytes = try await response.body.collect(upTo: 64 * 1024 * 1024)
    return Answer(
      status: Int(response.status.code),
      headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first },
      body: Array(bytes.readableBytesView))
  }

  /// Opens a stream of Server-Sent Events.
  func follow(_ path: String, headers: [String: String] = [:]) async throws -> StreamReader {
    StreamReader(
      try await open("GET", path, headers: headers.merging(["Accept": "text/event-stream"]) { mine, _ in mine }))
  }
}

/// Reads an endless body piece by piece.
final class StreamReader {
  let response: HTTPClientResponse
  private var iterator: HTTPClientResponse.Body.AsyncIterator
  private(set) var text = ""

  var status: Int { Int(response.status.code) }
  func header(_ name: String) -> String? { response.headers.first(name: name) }

  init(_ response: HTTPClientResponse) {
    self.response = response
    iterator = response.body.makeAsyncIterator()
  }

  /// Everything read so far, once it satisfies `predicate` or the stream ends.
  @discardableResult func read(until predicate: (String) -> Bool) async throws -> String {
    while !predicate(text), let buffer = try await iterator.next(isolation: #isolation) {
      text += String(buffer: buffer)
    }
    return text
  }

  /// Everything to the stream's end.
  func readToEnd() async throws -> String { try await read { _ in false } }
}

enum Sample {
  static func runID(_ number: UInt64) -> RunID { RunID(ULID(high: 0x0190_0000_0000_0000, low: number)) }

  static func event(_ seq: UInt64, run: UInt64? = nil, _ type: EventType = .output, text: String = "héllo") -> RunEvent
  {
    RunEvent(
      seq: seq, type: type, run: run.map { runID($0) }, time: Timestamp(milliseconds: 1_790_000_000_000),
      data: ["text": .string(text)])
  }

  static func frame(_ event: RunEvent) -> String { "id: \(event.seq)\ndata: \(event.jsonText)\n\n" }

  static func run(_ number: UInt64, _ status: RunStatus = .running) -> Run {
    var run = Run(
      runId: runID(number), contractId: ContractID(runID(number).ulid), title: "Run \(number)",
      createdAt: Timestamp(milliseconds: 1_790_000_000_000), seq: number)
    run.status = status
    run.runtimeId = number % 2 == 0 ? "mock" : "local"
    return run
  }

  /// A run that says all that a run can say.
  static func fullRun(_ number: UInt64) -> Run {
    let time = Timestamp(milliseconds: 1_790_000_000_123)
    var run = run(number, .canceled)
    run.progress = 0.5
    run.progressKnown = true
    run.runtimeSessionId = "s"
    run.attention = Attention(attentionId: "a", question: "?", options: ["yes"], since: time)
    run.cancellation = Cancellation(by: "me", reason: "r", force: true, requestedAt: time, stopSentAt: time)
    run.proof = CancelProof(stopSentAt: time, confirmedAt: time, processes: 3, killed: 1, commit: "abc")
    run.retryOf = runID(1)
    run.batch = runID(1)
    run.pin = "mock"
    run.startedAt = time
    run.endedAt = time
    run.filesChanged = 1
    run.added = 2
    run.removed = 3
    run.testsPassed = 4
    run.testsTotal = 5
    run.reason = "r"
    run.exitCode = 1
    run.activity = "x"
    run.isVerifying = true
    run.waitsFor = ["GH-1"]
    run.branch = "b"
    run.worktree = "w"
    run.base = "c"
    run.commit = "d"
    run.externalRef = "GH-2"
    run.labels = ["l"]
    run.inputTokens = 1
    run.outputTokens = 2
    run.costUSD = 0.25
    run.outputDropped = 9
    run.outputCut = OutputCut(lines: 3, limit: 1000)
    run.verdict = .fail
    run.score = Score(d1: 10, d2: 18, d3: 25, d4: 0)
    run.conflicts = [Conflict(run: runID(1), path: "a.swift")]
    run.conflictingFiles = 3
    run.approval = Approval(
      risk: .critical, taskClass: "auth_policy", needed: 2, requestedBy: "me", requestedAt: time)
    run.approval?.given = [.init(by: "ada", why: "urgent", at: time)]
    run.approval?.rejection = .init(by: "bob", why: "no", at: time)
    run.uncommitted = Uncommitted(path: "/w", why: "the disk is full")
    return run
  }

  /// A service with three runs, two runtimes, artifacts, a patch, events and a trail.
  static func service() -> FakeRunService {
    let service = FakeRunService()
    service.set(
      runs: [run(1), run(2, .queued), fullRun(3)],
      runtimes: [
        RuntimeSummary(runtimeId: "local", kind: "local", capabilities: RuntimeCapabilities(maxParallelTasks: 4)),
        RuntimeSummary(
          runtimeId: "mock", kind: "mock",
          capabilities: RuntimeCapabilities(canCreateBranch: true, maxParallelTasks: 1),
          health: .degraded, healthReason: "no script", slotsUsed: 1),
      ],
      artifacts: Artifacts(
        filesChanged: ["a.swift"], diffSummary: " a.swift | 2 +-", commandsRun: ["swift test"],
        testsRun: [TestRecord(name: "t", status: .failed, durationMilliseconds: 5, exitCode: 1, output: "no")],
        handoffNote: "done", prURL: "https://example.org/1", evidence: ["k": 1]),
      patch: Array("diff --git a/a b/a\n".utf8),
      audit: (1...3).map {
        [
          "seq": .int($0), "event_type": "agent_run.started", "previous_hash": $0 == 1 ? .null : .string("h\($0 - 1)"),
          "event_hash": .string("h\($0)"), "subject_id": .string(runID(UInt64($0)).description),
        ]
      })
    service.publish([
      event(1, run: 1, .queued), event(2, run: 1, .started), event(3, run: 2, .queued), event(4, run: 1),
    ])
    return service
  }
}
