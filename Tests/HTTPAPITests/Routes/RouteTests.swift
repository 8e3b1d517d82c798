import Foundation
import HTTPAPI
import Orchestration
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct RouteTests {
  private let me = Actor(.human, NSUserName())

  @Test("Runs come newest first, filtered and in pages")
  func listRuns() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let all = try await client.ask("GET", "/v1/runs")
      #expect(all.headers["content-type"] == "application/json")
      #expect(try all.json["runs"]?.array?.compactMap { $0["title"]?.string } == ["Run 3", "Run 2", "Run 1"])
      #expect(try all.json["next"] == .null)
      let filtered = try await client.ask("GET", "/v1/runs?status=running&status=queued&runtime=local")
      #expect(try filtered.json["runs"]?.array?.compactMap { $0["title"]?.string } == ["Run 1"])
      let page = try await client.ask("GET", "/v1/runs?limit=2").json
      let next = try #require(page["next"]?.string)
      #expect(next == Sample.runID(2).description)
      let last = try await client.ask("GET", "/v1/runs?limit=2&before=\(next)").json
      #expect(last["runs"]?.array?.count == 1)
      #expect(last["next"] == .null)
    }
  }

  @Test("A dispatch carries the contracts, the key and who asked")
  func dispatch() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let made = try await client.ask(
        "POST", "/v1/runs", body: #"{"contracts":[{"title":"A"},{"title":"B"}]}"#, headers: ["Idempotency-Key": "k1"])
      #expect(made.status == 201)
      #expect(try made.json.array?.compactMap { $0["title"]?.string } == ["A", "B"])
      #expect(try made.json.array?.first?["status"] == "queued")
      let dry = try await client.ask("POST", "/v1/runs", body: #"{"contracts":[{"title":"C"}],"dryRun":true}"#)
      #expect(dry.status == 200)
      #expect(try dry.json.array?.first?["runId"] == .null)
      #expect(try await client.ask("POST", "/v1/runs", body: #"{"title":"D"}"#).status == 201)
      #expect(try await client.ask("POST", "/v1/runs", body: #"[{"title":"E"}]"#).status == 201)
    }
    #expect(
      service.calls == [
        .dispatch(titles: ["A", "B"], dryRun: false, key: "k1", by: me),
        .dispatch(titles: ["C"], dryRun: true, key: nil, by: me),
        .dispatch(titles: ["D"], dryRun: false, key: nil, by: me),
        .dispatch(titles: ["E"], dryRun: false, key: nil, by: me),
      ])
  }

  @Test("A run is found by any end of its id")
  func showRun() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      for id in [Sample.runID(3).description, Sample.runID(3).shortName, "3"] {
        let answer = try await client.ask("GET", "/v1/runs/\(id)")
        #expect(answer.status == 200)
        #expect(try answer.json["runId"]?.string == Sample.runID(3).description)
        #expect(try answer.json["mergeCommand"]?.string == "git merge awf/fix-4MZK9")
      }
    }
  }

  @Test("Artifacts have exactly the contract's members, and the diff is the patch")
  func artifacts() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let artifacts = try await client.ask("GET", "/v1/runs/1/artifacts")
      #expect(
        try artifacts.json.object?.keys == [
          "files_changed", "diff_summary", "commands_run", "tests_run", "handoff_note", "pr_url", "evidence",
        ])
      let diff = try await client.ask("GET", "/v1/runs/1/diff")
      #expect(diff.headers["content-type"] == "text/x-diff")
      #expect(diff.text == "diff --git a/a b/a\n")
    }
  }

  @Test("Cancel, answer and retry reach the service with who asked")
  func actions() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let canceled = try await client.ask("POST", "/v1/runs/1/cancel", body: #"{"reason":"wrong task"}"#)
      #expect(canceled.status == 200)
      #expect(try canceled.json["runId"]?.string == Sample.runID(1).description)
      _ = try await client.ask("POST", "/v1/runs/1/cancel", body: #"{"reason":"now","force":true}"#)
      _ = try await client.ask("POST", "/v1/runs/2/answer", body: #"{"answer":"yes","attentionId":"a1"}"#)
      _ = try await client.ask("POST", "/v1/runs/2/answer", body: #"{"answer":""}"#)
      _ = try await client.ask("POST", "/v1/runs/2/answer", body: #"{"answer":"yes","remember":true}"#)
      _ = try await client.ask(
        "POST", "/v1/runs/2/message", body: #"{"text":"Mind the tests"}"#, headers: ["Idempotency-Key": "k"])
      #expect(try await client.ask("POST", "/v1/runs/2/message", body: #"{"text":" "}"#).status == 400)
      #expect(try await client.ask("POST", "/v1/runs/3/retry").status == 201)
      #expect(try await client.ask("POST", "/v1/runs/3/retry", body: "{}").status == 201)
    }
    #expect(
      service.calls == [
        .cancel(Sample.runID(1), reason: "wrong task", force: false, by: me),
        .cancel(Sample.runID(1), reason: "now", force: true, by: me),
        .answer(Sample.runID(2), attentionId: "a1", answer: "yes", by: me),
        .answer(Sample.runID(2), attentionId: nil, answer: "", by: me),
        .answer(Sample.runID(2), attentionId: nil, answer: "yes", remember: true, by: me),
        .message(Sample.runID(2), text: "Mind the tests", key: "k", by: me),
        .retry(Sample.runID(3), by: me), .retry(Sample.runID(3), by: me),
      ])
  }

  @Test("A snapshot is the state as of a seq, also when it is larger than one write")
  func snapshot() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let small = try Snapshot(parsing: await client.ask("GET", "/v1/snapshot").body)
      #expect(small.seq == 4)
      #expect(small.runs.map(\.title) == ["Run 1", "Run 2", "Run 3"])
      #expect(small.runs[2] == Sample.fullRun(3))
      #expect(small.runtimes.count == 2)
      service.set(runs: (1...2000).map { Sample.fullRun($0) })
      let large = try Snapshot(parsing: await client.ask("GET", "/v1/snapshot").body)
      #expect(large.runs == (1...2000).map { Sample.fullRun($0) })
      service.set(runs: [], runtimes: [])
      #expect(try await client.ask("GET", "/v1/snapshot").json["runs"]?.array == [])
    }
  }

  @Test("A snapshot tells the counts first, then the runs that have not ended, then the latest")
  func order() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      service.set(
        runs: (1...6).map { (number: UInt64) in
          var run = Sample.fullRun(number)
          run.status = number % 3 == 0 ? .running : .failed
          return run
        })
      let text = try await client.ask("GET", "/v1/snapshot").text
      let titles = try JSONValue(parsing: text)["runs"]?.array?.compactMap { $0["title"]?.string }
      #expect(titles == ["Run 3", "Run 6", "Run 5", "Run 4", "Run 2", "Run 1"])
      let counts = try JSONValue(parsing: text)["counts"]
      #expect(counts?["running"] == 2 && counts?["failed"] == 4 && counts?["queued"] == 0)
      let places = ["\"counts\"", "\"runs\""].compactMap { text.range(of: $0)?.lowerBound }
      #expect(places.count == 2 && places == places.sorted())
    }
  }

  @Test("The audit trail comes whole, from a seq, and reduced for one run")
  func audit() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { _, client in
      let all = try await client.ask("GET", "/v1/audit")
      #expect(all.headers["content-type"] == "application/x-ndjson")
      let records = try all.text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
      #expect(records.compactMap { $0["seq"]?.int } == [1, 2, 3])
      #expect(records.allSatisfy { $0["event_type"] != nil })
      #expect(try await client.ask("GET", "/v1/audit?after=2").text.split(separator: "\n").count == 1)
      #expect(try await client.ask("GET", "/v1/audit?after=3").text == "")
      #expect(try await client.ask("GET", "/v1/audit?limit=2").text.split(separator: "\n").count == 2)
      #expect(try await client.ask("GET", "/v1/audit?tail=1").text == client.ask("GET", "/v1/audit?after=2").text)
      #expect(try await client.ask("GET", "/v1/audit?tail=9").text == all.text)
      let one = try await client.ask("GET", "/v1/audit?run=2").text.split(separator: "\n").map {
        try JSONValue(parsing: String($0))
      }
      #expect(one.map { $0["event_type"] != nil } == [false, true, false])
      service.set(audit: (1...1100).map { ["seq": .int($0), "event_hash": "h"] })
      #expect(try await client.ask("GET", "/v1/audit").text.split(separator: "\n").count == 1100)
    }
  }

  @Test("Health names the version, the process and the last seq")
  func health() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let json = try await client.ask("GET", "/healthz").json
      #expect(json["status"] == "ok" && json["version"] == "1.2.3" && json["seq"] == 4)
      #expect(json["pid"] == .int(Int64(getpid())))
    }
  }

  @Test("HEAD answers as GET without the body, also for a stream, and the connection serves on")
  func head() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      for path in ["/v1/runs", "/v1/events", "/v1/snapshot"] {
        let answer = try await client.ask("HEAD", path)
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
      }
      #expect(try await client.ask("HEAD", "/v1/runs/nothing").status == 404)
      #expect(try await client.ask("GET", "/healthz").status == 200)
    }
  }

  @Test("OPTIONS tells the methods of a path")
  func options() async throws {
    try await TestServer.with(Sample.service()) { _, client in
      let answer = try await client.ask("OPTIONS", "/v1/runs")
      #expect(answer.status == 204)
      #expect(answer.headers["allow"] == "GET, HEAD, OPTIONS, POST")
    }
  }

  @Test("Over TCP everything asks for the token, and the actor says so")
  func token() async throws {
    let service = Sample.service()
    let server = try await TestServer(
      service, listening: [.http(host: "localhost", port: 0)], access: AccessControl(secrets: [("secret", .operator)]))
    let client = TestClient(server.addresses[0])
    for path in ["/healthz", "/v1/runs", "/v1/events", "/nothing"] {
      for header in [nil, "Bearer wrong", "Bearer ", "Basic secret", "secret", "Bearer secret2"] {
        let answer = try await client.ask("GET", path, headers: header.map { ["Authorization": $0] } ?? [:])
        #expect(answer.status == 401)
        #expect(try answer.problem?.code == .unauthorized)
        #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
      }
    }
    let answer = try await client.ask(
      "POST", "/v1/runs/1/cancel", body: #"{"reason":"r"}"#, headers: ["Authorization": "bearer secret"])
    #expect(answer.status == 200)
    #expect(service.calls == [.cancel(Sample.runID(1), reason: "r", force: false, by: Actor(.human, "operator-0"))])
    try await client.close()
    try await server.stop()
  }
}

extension Snapshot {
  fileprivate init(parsing bytes: [UInt8]) throws {
    self = try bytes.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
  }
}
