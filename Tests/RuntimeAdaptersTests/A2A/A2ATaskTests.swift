import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("What an agent's word comes to")
struct A2ATaskTests {
  private static let recordings = ["1.0", "0.3"].flatMap { ["a2a-hello-\($0)", "a2a-hello-\($0)-cancel"] }

  private func entries(_ name: String) throws -> [JSONValue] {
    let file = A2AServer.folder.appendingPathComponent("Recordings/\(name).jsonl")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
  }

  @Test("All that was recorded is read, and both versions say the same", arguments: recordings)
  func recorded(_ name: String) throws {
    // By the request that it answers.
    var streams: [Int64: [A2AUpdate]] = [:]
    var errors: [Int64] = []
    for entry in try entries(name) where entry["dir"]?.string?.hasPrefix("<-") == true && entry["msg"]?["id"] != nil {
      let message = try #require(entry["msg"])
      switch try #require(A2AReader.reply(message.jsonBytes)) {
      case .result(let result):
        let updates = A2AReader.updates(result)
        if result["tasks"] == nil { #expect(!updates.isEmpty, "\(result.jsonText)") }
        if entry["dir"]?.string == "<- sse" { streams[message["id"]?.int ?? 0, default: []] += updates }
      case .error(let code, _): errors.append(code)
      }
    }
    let isCancel = name.hasSuffix("cancel")
    let v03 = name.contains("0.3")
    #expect(errors == [-32004, -32002, -32001] + (v03 ? [-32601] : []))
    for (_, updates) in streams where !updates.isEmpty {
      var task = A2ATask()
      let reports = updates.flatMap { task.take($0).reports }
      let lines = reports.compactMap { if case .output(_, let text, _) = $0 { text } else { nil } }
      #expect(lines == ["Processing your question..."] + (isCancel ? [] : ["Hello World! Nice to meet you!"]))
      #expect(task.outcome == (isCancel ? .canceled : .completed))
    }
  }

  @Test("A recorded agent is followed to its end", arguments: recordings)
  func played(_ name: String) async throws {
    let bench = try A2ABench()
    let server = try A2AServer(
      "--version", name.contains("1.0") ? "1.0" : "0.3", "--replay",
      A2AServer.folder.appendingPathComponent("Recordings/\(name).jsonl").path)
    let started = try await A2AStarted(server.runtime(in: bench), bench, "hello")
    if name.hasSuffix("cancel") {
      try await started.line("Processing your question...")
      try await started.runtime.cancelTask(started.run, reason: "test")
      let end = try await started.end()
      #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
    } else {
      #expect(try await started.end().outcome == .succeeded)
      #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "Hello World! Nice to meet you!")
      #expect(started.lines.count == 2)
    }
  }

  @Test(
    "pr_url in the metadata of a task, an update, a message, an artifact or a part, or as data, names a pull request",
    arguments: [
      #"{"id":"t","status":{"state":"working"},"metadata":{"pr_url":"https://h.invalid/p/1"}}"#,
      #"{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_WORKING"},"metadata":{"pr_url":"https://h.invalid/p/1"}}}"#,
      #"{"statusUpdate":{"taskId":"t","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m","role":"ROLE_AGENT","parts":[],"metadata":{"pr_url":"https://h.invalid/p/1"}}}}}"#,
      #"{"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a","parts":[{"text":"x","metadata":{"pr_url":"https://h.invalid/p/1"}}]}}}"#,
      #"{"kind":"artifact-update","taskId":"t","artifact":{"artifactId":"a","metadata":{"pr_url":"https://h.invalid/p/1"},"parts":[]}}"#,
      #"{"kind":"message","messageId":"m","role":"agent","parts":[{"kind":"data","data":{"pr_url":"https://h.invalid/p/1"}}]}"#,
    ])
  func pullRequest(_ json: String) throws {
    func named(_ json: String) throws -> String? {
      var task = A2ATask()
      for update in A2AReader.updates(try JSONValue(parsing: json)) {
        let news = try #require(task.take(update).news)
        #expect(A2AUpdate(json: try JSONValue(parsing: news.jsonBytes)) == news)
      }
      return task.pullRequest
    }
    #expect(try named(json) == "https://h.invalid/p/1")
    #expect(try named(json.replacing("https://h.invalid/p/1", with: "javascript:alert(1)")) == nil)
  }

  @Test("Snapshots tell only what is new in them, and the record tells the same again")
  func snapshots() throws {
    func status(_ state: A2AState, _ id: String, _ text: String) -> A2AUpdate {
      .status(state, A2AMessage(id: id, isAgent: true, parts: [A2APart(content: .text(text))]), stamp: id)
    }
    func artifact(_ texts: [String], appends: Bool = false) -> A2AUpdate {
      .artifact(
        A2AArtifact(id: "a", parts: texts.map { A2APart(content: .text($0)) }), appends: appends, isLast: false)
    }
    let updates: [A2AUpdate] = [
      .task(id: "t", context: nil), status(.working, "1", "I begin"), .task(id: "t", context: "c"),
      status(.working, "1", "I begin"), artifact(["one\ntw"], appends: true), artifact(["o\nthree"], appends: true),
      artifact(["one\ntw", "o\nthree"]), artifact(["one\ntwo\nthree"]), artifact(["one\ntwo\nthree\nfour\n"]),
      status(.inputRequired, "2", "Go on?"), status(.inputRequired, "2", "Go on?"),
      .answered(id: "input-required-1", answer: "yes"), status(.inputRequired, "2", "Go on?"),
      .task(id: "another", context: nil), status(.working, "3", "Thanks"), status(.completed, "4", "Done"),
      status(.failed, "5", "No"),
    ]
    var task = A2ATask()
    var news: [A2AUpdate] = []
    var reports: [RuntimeEvent.Kind] = []
    for update in updates {
      let taken = task.take(update)
      if let new = taken.news {
        news.append(new)
        reports += taken.reports
      } else {
        #expect(taken.reports == [])
      }
    }
    let lines = reports.compactMap { if case .output(_, let text, _) = $0 { text } else { nil } }
    #expect(lines == ["I begin", "one", "two", "three", "four", "Go on?", "Thanks", "Done"])
    #expect(reports.count { if case .attention = $0 { true } else { false } } == 1)
    #expect(task.outcome == .completed && task.id == "t" && task.context == "c")
    var again = A2ATask()
    let read = try news.map { try #require(A2AUpdate(json: try JSONValue(parsing: $0.jsonBytes))) }
    #expect(read == news)
    #expect(read.flatMap { again.take($0).reports } == reports)
  }

  @Test(
    "What is no answer is none",
    arguments: ["", "{", "[]", "null", "{\"result\"", "{\"jsonrpc\":\"2.0\",\"id\":1}", "\u{FFFF}"])
  func noAnswer(_ text: String) { #expect(A2AReader.reply(Array(text.utf8)) == nil) }

  @Test("Results that are none of the protocol's say nothing, and break nothing")
  func strange() throws {
    for text in [
      "null", "[]", "{}", "{\"task\":null}", "{\"task\":{\"id\":7}}", "{\"statusUpdate\":{\"status\":{}}}",
      "{\"artifactUpdate\":{\"artifact\":{\"parts\":3}}}", "{\"kind\":\"strange\"}", "{\"message\":\"text\"}",
    ] {
      #expect(A2AReader.updates(try JSONValue(parsing: text)) == [], "\(text)")
    }
    #expect(Base64.decode("aGVsbG8=") == Array("hello".utf8) && Base64.decode("aGVsbG8") == Array("hello".utf8))
    #expect(Base64.decode("a") == nil && Base64.decode("a*==") == nil && Base64.decode("aGVs=bG8") == nil)
  }

  @Test("A flood of text is kept up to its bound, and that is said")
  func flood() {
    var task = A2ATask()
    let megabyte = String(repeating: "x", count: 1 << 20)
    for _ in 0..<20 {
      _ = task.take(
        .artifact(A2AArtifact(id: "a", parts: [A2APart(content: .text(megabyte))]), appends: true, isLast: false))
    }
    #expect(task.isCutShort && task.artifacts[0].text.utf8.count <= A2ATask.mostText + 8)
  }

  @Test("A patch's own lines count as what they are, and paths are the patch's")
  func patches() {
    let patch =
      "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n---- no header\n+++ nor this\n context\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+a\n"
    #expect(
      PatchText.changes(in: Array(patch.utf8)) == [
        PatchText.Change(paths: ["x"], added: 1, removed: 1), PatchText.Change(paths: ["new"], added: 1, removed: 0),
      ])
    #expect(PatchText.changes(in: Array("@@ -1 +1 @@\n+x\nno patch".utf8)) == [])
  }
}
