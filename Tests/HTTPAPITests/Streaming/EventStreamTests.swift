import HTTPAPI
import NIOCore
import NIOPosix
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct EventStreamTests {
  private let stored = [
    Sample.event(1, run: 1, .queued), Sample.event(2, run: 1, .started), Sample.event(3, run: 2, .queued),
    Sample.event(4, run: 1),
  ]

  private func frames(_ events: [RunEvent]) -> String { events.map(Sample.frame).joined() }
  private func seqs(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
  }

  @Test("A stream greets, sends what is stored, and follows what comes")
  func follow() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let stream = try await client.follow("/v1/events")
      #expect(stream.status == 200)
      #expect(stream.header("content-type") == "text/event-stream")
      #expect(stream.header("x-accel-buffering") == "no")
      let before = ": hello\n\n" + frames(stored)
      #expect(try await stream.read { $0.count >= before.count } == before)
      let fresh = [Sample.event(5, run: 2, .output, text: "live"), Sample.event(6, .runtimeLost)]
      service.publish(fresh)
      #expect(try await stream.read { $0.contains("\"id\":\"6\"") && $0.hasSuffix("\n\n") } == before + frames(fresh))
    }
  }

  @Test("That nothing can be recorded reaches a waiting stream in a comment, and health, and so does the end of it")
  func outage() async throws {
    let service = Sample.service()
    let outage = StoreOutage(
      cause: "the disk is full", detail: "The disk is full. Free some.", since: Timestamp(milliseconds: 0))
    try await TestServer.with(service) { _, client in
      let stream = try await client.follow("/v1/events?after=4")
      await service.untilWaiting(atLeast: 1)
      service.set(outage: outage)
      let told = ": outage \(String(decoding: outage.jsonBytes, as: UTF8.self))\n\n"
      #expect(try await stream.read { $0.hasSuffix(told) }.hasSuffix(told))
      let health = try await client.ask("GET", "/healthz").text
      #expect(health.contains("\"status\":\"degraded\"") && health.contains("the disk is full"))
      await service.untilWaiting(atLeast: 1)
      service.set(outage: nil)
      #expect(try await stream.read { $0.hasSuffix("null\n\n") }.hasSuffix(": outage null\n\n"))
      // JSON lines have no comments.
      service.set(outage: outage)
      #expect(
        try await !client.follow("/v1/events?follow=false", headers: ["Accept": "application/x-ndjson"])
          .readToEnd().contains("outage"))
      // One who comes later is told at once.
      let late = try await client.follow("/v1/events?after=4")
      #expect(try await late.read { $0.contains(told) }.contains(told))
    }
  }

  @Test(
    "A stream resumes after what the client has, and Last-Event-ID says more than the address",
    arguments: [
      ("/v1/events?after=2&follow=false", [:], ["3", "4"]), ("/v1/events?follow=false", ["Last-Event-ID": "3"], ["4"]),
      ("/v1/events?after=1&follow=false", ["Last-Event-ID": "3"], ["4"]),
      ("/v1/events?after=4&follow=false", [:], []),
      ("/v1/events?tail=1&run=1&follow=false", ["Last-Event-ID": "1"], ["2", "4"]),
    ] as [(String, [String: String], [String])])
  func resume(path: String, headers: [String: String], expected: [String]) async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let text = try await client.follow(path, headers: headers).readToEnd()
      #expect(seqs(text) == expected)
    }
  }

  @Test(
    "Filters let through what was asked for",
    arguments: [
      ("run=1", ["1", "2", "4"]), ("run=1&run=2", ["1", "2", "3", "4"]), ("type=awf.run.queued", ["1", "3"]),
      ("type=run.queued", ["1", "3"]), ("type=queued&type=output", ["1", "3", "4"]), ("run=1&type=queued", ["1"]),
      ("type=nothing", []), ("tail=2&run=1", ["2", "4"]), ("tail=0&run=1", []), ("tail=9&run=1&type=queued", ["1"]),
      ("tail=1&run=2", ["3"]),
    ])
  func filter(query: String, expected: [String]) async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let text = try await client.follow("/v1/events?follow=false&\(query)").readToEnd()
      #expect(text == ": hello\n\n" + frames(stored.filter { expected.contains(String($0.seq)) }))
    }
  }

  @Test("JSON lines are one event a line and end, unless they follow")
  func jsonLines() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let whole = try await client.ask("GET", "/v1/events?after=1")
      #expect(whole.headers["content-type"] == "application/x-ndjson")
      #expect(whole.text == stored.dropFirst().map { $0.jsonText + "\n" }.joined())
      let stream = StreamReader(try await client.open("GET", "/v1/events?run=2&follow=true"))
      #expect(try await stream.read { $0.hasSuffix("\n") } == stored[2].jsonText + "\n")
      let fresh = [Sample.event(5, run: 1), Sample.event(6, run: 2)]
      service.publish(fresh)
      #expect(
        try await stream.read { $0.split(separator: "\n").count == 2 && $0.hasSuffix("\n") } == stored[2].jsonText
          + "\n"
          + fresh[1].jsonText + "\n")
    }
  }

  @Test("Where events were removed, who asks for all gets what is left, and who names a place in the gap is told")
  func removed() async throws {
    let service = Sample.service()
    service.set(firstSeq: 3)
    try await TestServer.with(service) { _, client in
      func seqs(_ path: String) async throws -> [String] {
        let answer = try await client.ask("GET", path)
        #expect(answer.status == 200)
        return try answer.text.split(separator: "\n").compactMap { try JSONValue(parsing: String($0))["id"]?.string }
      }
      #expect(try await seqs("/v1/events") == ["3", "4"])
      #expect(try await seqs("/v1/events?after=2") == ["3", "4"])
      // Of some of the events nobody expects each.
      #expect(try await seqs("/v1/events?after=0&type=awf.run.nothing") == [])
      for path in ["/v1/events?after=0", "/v1/events?after=1"] {
        let answer = try await client.ask("GET", path)
        #expect(answer.status == 409)
        #expect(try answer.problem?.detail.contains("Events before 3 were removed by gc") == true)
      }
      let resumed = try await client.ask(
        "GET", "/v1/events", headers: ["Accept": "text/event-stream", "Last-Event-ID": "1"])
      #expect(resumed.status == 409)
    }
  }

  @Test("A tail goes on with what comes after it")
  func tail() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let stream = try await client.follow("/v1/events?tail=1&run=1")
      try await stream.read { $0.contains("\"id\":\"4\"") }
      service.publish([Sample.event(5, run: 2), Sample.event(6, run: 1)])
      try await stream.read { $0.contains("\"id\":\"6\"") }
      #expect(seqs(stream.text) == ["4", "6"])
    }
  }

  @Test("Nothing is lost or doubled over many small and large chunks", arguments: [1, 1000, 10_000_000])
  func chunks(bytes: Int) async throws {
    let service = FakeRunService()
    service.set(chunkBytes: bytes)
    service.publish((1...500).map { Sample.event($0) })
    try await TestServer.with(service) { _, client in
      let stream = try await client.follow("/v1/events")
      try await stream.read { $0.contains("\"id\":\"500\"") }
      for first in stride(from: UInt64(501), through: 991, by: 10) {
        service.publish((first..<first + 10).map { Sample.event($0) })
      }
      try await stream.read { $0.contains("\"id\":\"1000\"") }
      #expect(seqs(stream.text) == (1...1000).map { String($0) })
    }
  }

  @Test("An idle stream shows that it lives, also when nothing that passes comes along")
  func keepAlive() async throws {
    let service = Sample.service()
    try await TestServer.with(service, timing: StreamTiming(keepAlive: .milliseconds(20), linger: .zero)) { _, client in
      let stream = try await client.follow("/v1/events?after=4&run=2")
      try await stream.read { $0.contains(": keep-alive\n\n: keep-alive\n\n") }
      service.publish([Sample.event(5, run: 1)])
      let count = stream.text.count
      try await stream.read { $0.count > count + 60 }
      #expect(seqs(stream.text) == [])
      service.publish([Sample.event(6, run: 2)])
      try await stream.read { $0.contains("\"id\":\"6\"") }
    }
  }

  @Test("A client that leaves ends its stream at once")
  func leave() async throws {
    let service = Sample.service()
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let server = try await TestServer(service, listening: [.unix(path: folder.path + "/s")])
    for path in ["/v1/events?after=4", "/v1/events?after=4&follow=true"] {
      let client = TestClient(server.addresses[0])
      let response = try await client.open(
        "GET", path, headers: path.contains("follow") ? [:] : ["Accept": "text/event-stream"])
      await service.untilWaiting(atLeast: 1)
      withExtendedLifetime(response) {}
      try await client.close()
      await service.untilWaiting(atMost: 0)
    }
    try await server.stop()
  }

  @Test("A client that does not read costs no memory: the record waits for it")
  func slowReader() async throws {
    let service = FakeRunService()
    let text = String(repeating: "x", count: 1000)
    service.publish((1...60_000).map { Sample.event($0, text: text) })
    try await TestServer.with(service) { server, client in
      guard case .unix(let path) = server.addresses[0] else { return }
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.autoRead, value: false).connect(unixDomainSocketPath: path).get()
      try await channel.writeAndFlush(
        ByteBuffer(string: "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
      // Another client is served meanwhile, far longer than the stream would need to send everything.
      for _ in 0..<200 { #expect(try await client.ask("GET", "/healthz").status == 200) }
      #expect(service.bytesHandedOut > 0)
      #expect(service.bytesHandedOut < 8 * 1024 * 1024)
      try? await channel.close()  // on a slow machine it has been let go
    }
  }

  @Test("Clients that take nothing are let go and counted, and those that read get every event meanwhile")
  func stalled() async throws {
    let service = FakeRunService()
    let text = String(repeating: "x", count: 1000)
    service.publish((1...4000).map { Sample.event($0, text: text) })
    let timing = StreamTiming(keepAlive: .seconds(3600), linger: .zero, patience: .seconds(60))
    try await TestServer.with(service, timing: timing) { server, client in
      guard case .unix(let path) = server.addresses[0] else { return }
      var stalled: [any Channel] = []
      for _ in 0..<10 {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
          .channelOption(.autoRead, value: false).connect(unixDomainSocketPath: path).get()
        try await channel.writeAndFlush(
          ByteBuffer(string: "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
        stalled.append(channel)
      }
      // Far more than a socket holds.
      for _ in 0..<5 {
        let text = try await client.follow("/v1/events?follow=false").readToEnd()
        #expect(seqs(text).count == 4000)
      }
      // Their connections end from the other side; a stalled client sees it as soon as it looks.
      while server.server.stalledClients < 10 || server.server.connectionCount > 2 {
        #expect(try await client.ask("GET", "/healthz").status == 200)
      }
      for channel in stalled { try? await channel.close() }  // closed already
      #expect(try await client.ask("GET", "/healthz").status == 200)
    }
  }
}
