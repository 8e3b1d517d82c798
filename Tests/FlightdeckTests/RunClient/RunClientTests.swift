import Foundation
import RunModel
import Synchronization
import Testing

@testable import RunClient

@Suite("RunClient")
struct RunClientTests {
  static func with<Result: Sendable>(
    _ server: ScriptedServer, _ body: (RunClient) async throws -> Result
  ) async throws -> Result {
    let client = RunClient(.unix(path: server.path))
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }

  @Test("Nothing at the address is NoOrchestrator, which names it and the way out")
  func nobody() async throws {
    for (address, wayOut) in [
      (ServerAddress.unix(path: "/tmp/no such.sock"), "Start one with flightdeck serve"),
      (.http(host: "127.0.0.1", port: 1), "Start one there: flightdeck serve --listen http://127.0.0.1:1"),
    ] {
      let client = RunClient(address)
      let error = await #expect(throws: NoOrchestrator.self) { try await client.health() }
      await client.shutdown()
      #expect(error?.address == address)
      #expect("\(try #require(error))".contains(wayOut))
    }
  }

  @Test("What takes its time by its nature, a push, is waited for beyond the patience for other calls")
  func patience() async throws {
    let (pushed, push) = AsyncStream<Void>.makeStream()
    let server = ScriptedServer { call, answer in
      guard call.path.hasSuffix("/pull-request") else { return answer.waitForEnd() }
      let (done, wait) = (DispatchSemaphore(value: 0), pushed)
      Task {  // ends with the push
        for await _ in wait {}
        done.signal()
      }
      done.wait()
      answer.json(#"{"runId":"01J0000000000000000000000A","contractId":"01J0000000000000000000000B","title":"T"}"#)
    }
    let client = RunClient(.unix(path: server.path), patience: .milliseconds(50))
    let opening = Task { try await client.openPullRequest("K9") }
    // By then the patience for others is over.
    let problem = await #expect(throws: Problem.self) { try await client.health() }
    #expect(problem?.code == .unavailable)
    push.finish()
    let outcome = await opening.result
    await client.shutdown()
    if case .failure(let error) = outcome { #expect(!"\(error)".contains("has not answered within"), "\(error)") }
    #expect(throws: Never.self) { try outcome.get() }
  }

  @Test("A problem document becomes the problem that it states")
  func problem() async throws {
    let stated = Problem(.notFound, "No run ends in \"K9\".")
    let server = ScriptedServer { _, answer in
      answer.json(stated.jsonText, status: 404, type: "application/problem+json")
    }
    let error = await #expect(throws: Problem.self) {
      try await Self.with(server) { try await $0.detail(of: "a/b?c d") }
    }
    #expect(error?.detail == stated.detail)
    #expect(error?.code == .notFound)
    #expect(server.calls.map(\.target) == ["/v1/runs/a%2Fb%3Fc%20d"])
  }

  @Test("A line without an end is refused before it fills the memory, and the connection is let go")
  func endlessLine() async throws {
    let server = ScriptedServer { _, answer in
      answer.stream("application/x-ndjson")
      let piece = [UInt8](repeating: 0x78, count: 1 << 20)
      for _ in 0..<64 { answer.send(piece) }
    }
    let error = await #expect(throws: Problem.self) {
      try await Self.with(server) { client in
        for try await _ in try await client.eventLines(EventQuery()) {}
      }
    }
    #expect(error?.detail.contains("has no end") == true)
  }

  @Test("The audit trail is read record by record, and reduced ones have no record")
  func audit() async throws {
    var record = AuditRecord(
      actorType: "human", eventType: "agent_run.cancel_requested", createdAt: Timestamp(milliseconds: 5))
    record.seq = 2
    record.rationale = "wrong branch"
    record.subjectTable = "agent_runs"
    record.subjectId = Samples.run().runId.description
    record.eventHash = "cd"
    let text = "{\"seq\":1,\"previous_hash\":null,\"event_hash\":\"ab\"}\n\(record.json.jsonText)\n"
    let server = ScriptedServer { _, answer in answer.json(text, type: "application/x-ndjson") }
    let lines = try await Self.with(server) { client in
      var lines: [AuditLine] = []
      for try await batch in try await client.audit(run: "K9", after: 0) { lines += batch }
      return lines
    }
    #expect(lines.map(\.record) == [nil, record])
    #expect(lines.last?.record?.run == Samples.run().runId)
    #expect(server.calls.map(\.target) == ["/v1/audit?run=K9"])
  }

  @Test("A question about runs carries its filters, and the page is read with its next")
  func runs() async throws {
    let run = Samples.run()
    let server = ScriptedServer { _, answer in
      answer.json("{\"runs\":[\(run.jsonText)],\"next\":\"\(run.runId)\",\"more\":1}")
    }
    let page = try await Self.with(server) {
      try await $0.runs(RunQuery(statuses: [.failed, .running], runtime: "a b", limit: 5, before: run.runId))
    }
    #expect(page.runs == [run])
    #expect(page.next == run.runId)
    #expect(
      server.calls.first?.target
        == "/v1/runs?status=running&status=failed&runtime=a%20b&limit=5&before=\(run.runId)")
  }

  @Test("A dispatch whose answer was lost is sent again under the same key")
  func dispatchIsRepeated() async throws {
    let failures = Mutex(1)
    let server = ScriptedServer { call, answer in
      // The first time the connection ends without a word.
      let fail = failures.withLock { left in
        left -= 1
        return left >= 0
      }
      if !fail { answer.json("[{\"runId\":\"\(Samples.id)\",\"title\":\"t\",\"decision\":{}}]", status: 201) }
    }
    let outcomes = try await Self.with(server) {
      try await $0.dispatch(DispatchRequest(contracts: [Contract(title: "t")], idempotencyKey: "key-1"))
    }
    #expect(outcomes.map(\.runId) == [Samples.id])
    #expect(server.calls.count == 2)
    #expect(server.calls.allSatisfy { $0.head.contains("key-1") && $0.method == "POST" && $0.body.contains("\"t\"") })
  }

  @Test("What must not be done twice is not sent again when the link breaks")
  func retryIsNotRepeated() async throws {
    let server = ScriptedServer { _, _ in }
    await #expect(throws: LinkBroken.self) { try await Self.with(server) { try await $0.retry("x") } }
    #expect(server.calls.count == 1)
  }

  @Test("Lines pass byte for byte, and one that was cut off is not given out")
  func lines() async throws {
    let server = ScriptedServer { _, answer in
      answer.stream("application/x-ndjson")
      answer.send("{\"a\" : 1.0 }\n{\"b\":\"\\u00e9")
      answer.send("\"}\n{\"cut")
    }
    let bytes = try await Self.with(server) { client in
      var bytes: [UInt8] = []
      for try await lines in try await client.eventLines(EventQuery(after: 3, runs: ["K9"], types: ["output"])) {
        #expect(lines.last == UInt8(ascii: "\n"))
        bytes += lines
      }
      return bytes
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "{\"a\" : 1.0 }\n{\"b\":\"\\u00e9\"}\n")
    #expect(server.calls.first?.target == "/v1/events?after=3&run=K9&type=output&follow=false")
  }

  @Test("A run's last events are asked for without a seq, which the server would refuse beside them")
  func tail() {
    #expect(EventQuery(runs: ["K9"], tail: 5).request.query == "?run=K9&follow=false&tail=5")
  }
}

@Suite("The live feed")
struct LiveFeedTests {
  /// Runs a feed until `enough` says so; gives all that it told.
  static func items(
    _ server: ScriptedServer, silence: Duration = .seconds(45), until enough: @escaping @Sendable ([FeedItem]) -> Bool
  ) async throws -> [FeedItem] {
    let client = RunClient(.unix(path: server.path))
    var pace = LiveFeed.Pace()
    pace.firstRetry = .milliseconds(1)
    pace.longestRetry = .milliseconds(5)
    pace.silence = silence
    let feed = LiveFeed(client, pace: pace)
    let told = Mutex<[FeedItem]>([])
    let (done, finish) = AsyncStream<Void>.makeStream()
    let box = Box(told)
    let task = Task {
      await feed.run { item in
        let all = box.add(item)
        if enough(all) { finish.finish() }
      }
    }
    for await _ in done {}
    task.cancel()
    await task.value
    await client.shutdown()
    return box.all
  }

  @Test("A refused token is told with its words, and not asked with again at speed", arguments: [401, 403, 429])
  func refusedFeed(status: Int) async throws {
    let code = [401: "unauthorized", 403: "forbidden", 429: "too-many"][status] ?? ""
    let server = ScriptedServer { _, answer in
      answer.json(#"{"code":"\#(code)","detail":"Not you."}"#, status: status, type: "application/problem+json")
    }
    let items = try await Self.items(server) { $0.count == 2 }
    guard case .link(.refused(_, "Not you."))? = items.last else {
      Issue.record("\(items)")
      return
    }
    // The next attempt is half a minute away.
    #expect(server.calls.count == 1)
    server.stop()
  }

  final class Box: Sendable {
    private let items: Mutex<[FeedItem]>
    init(_ items: consuming Mutex<[FeedItem]>) { self.items = items }
    var all: [FeedItem] { items.withLock { $0 } }
    func add(_ item: FeedItem) -> [FeedItem] {
      items.withLock {
        $0.append(item)
        return $0
      }
    }
  }

  static func seqs(_ items: [FeedItem]) -> [UInt64] {
    items.flatMap { if case .events(let events) = $0 { events.map(\.seq) } else { [] as [UInt64] } }
  }
  static func snapshots(_ items: [FeedItem]) -> [UInt64] {
    items.compactMap { if case .snapshot(let snapshot) = $0 { snapshot.seq } else { nil } }
  }
  static func losses(_ items: [FeedItem]) -> Int {
    items.count { if case .link(.lost) = $0 { true } else { false } }
  }

  static func snapshot(_ seq: UInt64) -> String { Snapshot(seq: seq, runs: [Samples.run()], runtimes: []).jsonText }
  static func health(_ seq: UInt64) -> String { "{\"status\":\"ok\",\"version\":\"x\",\"pid\":1,\"seq\":\(seq)}" }

  @Test(
    "A link that breaks in the middle of an event goes on from the last whole one, without a gap and without a double")
  func resumes() async throws {
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot": answer.json(Self.snapshot(10))
      case "/healthz": answer.json(Self.health(100))
      default:
        let after = UInt64(call.query("after") ?? "0")!
        answer.stream()
        answer.send(": hello\n\n")
        answer.send(Samples.frame(Samples.output(after + 1)) + Samples.frame(Samples.output(after + 2)))
        // Cut off in the middle.
        answer.send(String(Samples.frame(Samples.output(after + 3)).prefix(60)))
      }
    }
    let items = try await Self.items(server) { Self.seqs($0).count >= 8 }
    #expect(Array(Self.seqs(items).prefix(8)) == Array(11...18))
    #expect(Self.snapshots(items) == [10])
    #expect(Self.losses(items) >= 3)
    guard case .link(.connecting) = items.first else {
      Issue.record("the first word is not that it connects")
      return
    }
  }

  @Test("A gap that the server cannot fill is told and healed by a fresh snapshot")
  func gap() async throws {
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot":
        answer.json(Self.snapshot(call.head.isEmpty ? 0 : 10))
      case "/healthz": answer.json(Self.health(100))
      default:
        answer.stream()
        answer.send(Samples.frame(Samples.output(11)) + Samples.frame(Samples.output(13)))
        answer.waitForEnd()
      }
    }
    let items = try await Self.items(server) { Self.snapshots($0).count >= 2 }
    let gap = items.firstIndex { if case .gap(10) = $0 { true } else if case .gap(11) = $0 { true } else { false } }
    let second = items.lastIndex { if case .snapshot = $0 { true } else { false } }
    #expect(try #require(gap) < (try #require(second)))
  }

  @Test("An orchestrator whose order ends before ours has another store: a fresh snapshot")
  func otherStore() async throws {
    let connections = Mutex(0)
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot": answer.json(Self.snapshot(connections.withLock { $0 } == 0 ? 50 : 3))
      case "/healthz": answer.json(Self.health(3))
      default:
        let nth = connections.withLock { count in
          count += 1
          return count
        }
        answer.stream()
        answer.send(": hello\n\n")
        if nth > 1 { answer.waitForEnd() }
      }
    }
    let items = try await Self.items(server) { Self.snapshots($0).count >= 2 }
    #expect(Self.snapshots(items) == [50, 3])
    #expect(items.contains { if case .gap(50) = $0 { true } else { false } })
  }

  @Test("It tries for ever, and joins when an orchestrator comes up")
  func comesUp() async throws {
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot": answer.json(Self.snapshot(1))
      case "/healthz": answer.json(Self.health(1))
      default:
        answer.stream()
        answer.send(Samples.frame(Samples.output(2)))
        answer.waitForEnd()
      }
    }
    server.stop()
    let started = Mutex(false)
    let items = try await Self.items(server) { items in
      let start = started.withLock { started in
        if started || Self.losses(items) < 3 { return false }
        started = true
        return true
      }
      if start { server.start() }
      return Self.seqs(items) == [2]
    }
    #expect(Self.losses(items) >= 3)
    let sinces = Set(items.compactMap { if case .link(.lost(let since, _)) = $0 { since } else { nil } })
    #expect(sinces.count == 1, "the age of what is shown counts from the first loss")
  }

  @Test("A link without a sign of life is given up and made again")
  func silent() async throws {
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot": answer.json(Self.snapshot(1))
      case "/healthz": answer.json(Self.health(1))
      default:
        answer.stream()
        answer.waitForEnd()
      }
    }
    let items = try await Self.items(server, silence: .milliseconds(20)) { Self.losses($0) >= 2 }
    #expect(items.contains { if case .link(.lost(_, let reason)) = $0 { reason == "no sign of life" } else { false } })
  }
}
