import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// Both versions, with streams and without.
private let ways = ["1.0", "0.3"].flatMap { version in [[version], [version, "--no-streaming"]] }

@Suite("An agent behind Agent2Agent", .timeLimit(.minutes(20)))
struct A2ARuntimeTests {
  private func server(_ way: [String]) throws -> A2AServer {
    way.count == 1 ? try A2AServer("--version", way[0]) : try A2AServer("--version", way[0], way[1])
  }

  @Test("It keeps the contract of every adapter", arguments: RuntimeConformance.Check.allCases, ["1.0", "0.3"])
  func conformance(_ check: RuntimeConformance.Check, _ version: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", version))
    try await RuntimeConformance(
      server.runtime(in: bench), ending: { _ in Contract(title: "hello") },
      endless: { _ in Contract(title: "[[endless]]") }
    ).run(check)
  }

  @Test("What it says is output, its artifact is the note, and each is told once", arguments: ways)
  func hello(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "hello")
    #expect(try await started.end() == TaskEnd(.succeeded))
    #expect(started.lines.sorted() == ["Hello World! Nice to meet you!", "Processing your question..."])
    let artifacts = try await started.runtime.getArtifacts(started.run)
    #expect(artifacts.handoffNote == "Hello World! Nice to meet you!")
    #expect(artifacts.filesChanged == [] && artifacts.evidence?["a2a"]?["taskId"]?.string != nil)
  }

  @Test("It asks, the answer goes into the same task, and the run ends", arguments: ways)
  func asks(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[ask]]")
    let question = try await started.question()
    #expect(question.text == "Which colour?")
    await #expect(throws: Problem.self) {
      try await started.runtime.answer(started.run, attentionId: "another", answer: "red")
    }
    try await started.runtime.answer(started.run, attentionId: question.id, answer: "blue")
    #expect(try await started.end().outcome == .succeeded)
    #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "It is blue now")
    let kinds = started.recorder.events(of: started.run).map(\.kind)
    #expect(kinds.contains(.resolved(id: question.id, answer: "blue", by: "operator")))
    #expect(kinds.count { if case .attention = $0 { true } else { false } } == 1)
    #expect(try JSONValue(parsing: server.tell("prompts")) == ["[[ask]]", "blue"])
  }

  @Test("Signing in is asked for as a question, and a message is the answer to it")
  func signIn() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[auth]]")
    let question = try await started.question()
    #expect(question.text == "The agent needs somebody to sign in. https://login.example/")
    try await started.runtime.send("done", to: started.run)
    #expect(try await started.end().outcome == .succeeded)
  }

  @Test("A message reaches a task that works", arguments: ["1.0", "0.3"])
  func talks(_ version: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", version))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[talk]]")
    try await started.line("Processing your question...")
    try await started.runtime.send("use tabs", to: started.run)
    #expect(try await started.end().outcome == .succeeded)
    #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "heard: use tabs")
    await #expect(throws: Problem.self) { try await started.runtime.send("too late", to: started.run) }
  }

  @Test("A bare answer is the whole run", arguments: ways)
  func bare(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[bare]]")
    #expect(try await started.end().outcome == .succeeded)
    #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "Paris, of course.")
    #expect(started.remarks == ["no_task"])
    #expect(try server.calls("GetTask", "tasks/get") == 0)
  }

  @Test(
    "An end that is no success says why",
    arguments: [
      ("[[reject]]", "The agent rejected the task: not my line of work"),
      ("[[fail]]", "The agent failed: the compiler is missing"),
      ("[[canceled-there]]", "The task was canceled on the agent's side, not from here"),
    ])
  func failures(_ prompt: String, _ reason: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, prompt)
    #expect(try await started.end() == TaskEnd(.failed, reason: reason))
  }

  @Test("A text in pieces is one text, a line of output for each of its lines", arguments: ways)
  func pieces(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[tokens]]")
    #expect(try await started.end().outcome == .succeeded)
    #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "One two three\nfour")
    #expect(started.lines.filter { $0 != "Processing your question..." } == ["One two three", "four"])
  }

  // MARK: Links

  @Test("A stream that breaks off is taken up again, and nothing is told twice", arguments: ["1.0", "0.3"])
  func broken(_ version: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", version))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[drop]]")
    try await started.line("first line")
    try await until("a new stream") { try server.calls("SubscribeToTask", "tasks/resubscribe") > 0 }
    server.tell("release")
    #expect(try await started.end().outcome == .succeeded)
    #expect(started.lines == ["Processing your question...", "first line", "second line", "last line"])
    #expect(try await started.runtime.getArtifacts(started.run).handoffNote == "first line\nsecond line\nlast line\n")
    #expect(try server.calls("SendStreamingMessage", "message/stream") == 1)
  }

  @Test("A server that is away is waited for and said to be", arguments: ways)
  func away(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[hold]]")
    try await started.line("first line")
    server.tell("away")
    try await started.remark("link_lost")
    server.tell("release")
    server.tell("back")
    #expect(try await started.end().outcome == .succeeded)
    #expect(started.remarks.filter { $0.hasPrefix("link_") } == ["link_lost", "link_back"])
    #expect(started.lines == ["Processing your question...", "first line", "second line", "last line"])
  }

  @Test("A server that stays away ends the run when its patience ends, and says that the task may go on")
  func goneForGood() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(
      server.runtime(in: bench) { $0.patience = .milliseconds(200) }, bench, "[[hold]]")
    server.tell("away")
    let end = try await started.end()
    #expect(end.outcome == .failed && end.reason?.contains("may still go on there") == true)
  }

  @Test("A server that has lost its tasks ends the run, with the reason")
  func forgotten() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--no-streaming"))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[hold]]")
    server.tell("forget")
    let end = try await started.end()
    #expect(end.outcome == .failed && end.reason?.contains("does not know the task any more") == true)
  }

  @Test("A stream with an event without end is left for looks; one with garbage in it is read on")
  func badStreams() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let runtime = server.runtime(in: bench)
    let huge = try await A2AStarted(runtime, bench, "[[huge]]")
    #expect(try await huge.end().outcome == .succeeded)
    #expect(huge.lines.contains("Hello World! Nice to meet you!"))
    let garbage = try await A2AStarted(runtime, bench, "[[garbage]]")
    #expect(try await garbage.end().outcome == .succeeded)
    #expect(garbage.remarks.contains("unreadable"))
    #expect(garbage.lines.count == 2)
  }

  @Test("A server that says nothing does not hold a start for ever, nor a run for longer than a call may take")
  func silent() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let runtime = server.runtime(in: bench) {
      $0.startTime = .milliseconds(100)
      $0.quietTime = .milliseconds(500)
      $0.callTime = .milliseconds(500)
    }
    let started = try await A2AStarted(runtime, bench, "[[silent]]")
    let end = try await started.end()
    #expect(end.outcome == .failed && end.reason?.contains("said nothing in time") == true)
    #expect(end.reason?.contains("it does not list it") == true)
  }

  @Test("When the answer to the first message is lost, the task is found by its message and not begun twice")
  func lostAnswer() async throws {
    // On another page of the list than the first.
    let (bench, server) = (try A2ABench(), try A2AServer("--page", "1"))
    let runtime = server.runtime(in: bench)
    _ = try await A2AStarted(runtime, bench, "hello").end()
    let started = try await A2AStarted(runtime, bench, "[[lost-answer]]")
    #expect(try await started.end().outcome == .succeeded)
    #expect(started.remarks.contains("task_found"))
    #expect(try server.calls("SendStreamingMessage", "SendMessage") == 2)
  }

  @Test(
    "When the server is away with the answer, the task is looked for until it is back",
    arguments: [[], ["--no-streaming"]])
  func lostWithServer(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(["1.0"] + way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[lost-away]]")
    try await started.remark("link_lost")
    server.tell("back")
    #expect(try await started.end().outcome == .succeeded)
    #expect(started.remarks.filter { $0 != "artifact" && $0 != "state" } == ["link_lost", "task_found", "link_back"])
    #expect(try server.calls("SendStreamingMessage", "SendMessage") == 1)
  }

  @Test(
    "A task that may have been begun and cannot be found again ends the run, which says so, and is not begun anew",
    arguments: [["0.3"], ["0.3", "--no-streaming"], ["1.0", "--no-list"]])
  func lostForGood(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[lost-answer]]")
    let end = try await started.end()
    let why = way[0] == "0.3" ? "A2A 0.3 lists no tasks" : "Method not found"
    #expect(end.outcome == .failed)
    #expect(end.reason?.contains("The agent may have taken the task and go on working on it") == true)
    #expect(end.reason?.contains(why) == true && end.reason?.contains("flightdeck-\(started.run)") == true)
    #expect(started.remarks == ["task_lost"])
    #expect(try server.calls("SendStreamingMessage", "message/stream", "SendMessage", "message/send") == 1)
  }

  @Test("A cancel waits for the task's name, and a task that has none is canceled without a confirmation")
  func canceledNameless() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", "0.3"))
    let runtime = server.runtime(in: bench) {
      $0.startTime = .milliseconds(50)
      $0.cancelTime = .milliseconds(200)
    }
    let started = try await A2AStarted(runtime, bench, "[[silent]]")
    try await runtime.cancelTask(started.run, reason: "enough")
    let end = try await started.end()
    #expect(end.outcome == .canceled && end.proof?.confirmedAt == nil && started.remarks == ["cancel_unconfirmed"])
  }

  // MARK: Cancel

  @Test("A cancel is proven by the agent's own word", arguments: ways)
  func canceled(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[endless]]")
    try await started.runtime.cancelTask(started.run, reason: "enough")
    let end = try await started.end()
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil && end.proof?.stopSentAt != nil)
  }

  @Test(
    "An agent that does not confirm leaves the run canceled and unconfirmed",
    arguments: ["[[uncancelable]]", "[[deaf]]"])
  func unconfirmed(_ prompt: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let runtime = server.runtime(in: bench) { $0.cancelTime = .milliseconds(300) }
    let started = try await A2AStarted(runtime, bench, prompt)
    try await runtime.cancelTask(started.run, reason: "enough")
    let end = try await started.end()
    #expect(end.outcome == .canceled && end.proof?.confirmedAt == nil && end.proof?.stopSentAt != nil)
    #expect(started.remarks.contains("cancel_unconfirmed"))
  }

  @Test("A cancel while the server is away waits for it, and is confirmed when it is back")
  func canceledAway() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[endless]]")
    try await started.line("Processing your question...")
    server.tell("away")
    try await started.runtime.cancelTask(started.run, reason: "enough")
    try await started.remark("link_lost")
    server.tell("back")
    let end = try await started.end()
    #expect(end.outcome == .canceled && end.proof?.confirmedAt != nil)
  }

  // MARK: Artifacts

  @Test(
    "A pull request that the agent names is the run's where it opens them by the configuration, else evidence alone",
    arguments: ["1.0", "0.3"])
  func pullRequests(_ version: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", version))
    let address = "https://git.example.invalid/acme/app/pull/3"
    let opening = server.runtime(in: bench) { $0.opensPullRequests = true }
    #expect(try await opening.getCapabilities().canCreatePR)
    let opened = try await A2AStarted(opening, bench, "[[pr]]")
    #expect(try await opened.end().outcome == .succeeded)
    #expect(try await opening.getArtifacts(opened.run).prURL == address)
    #expect(opened.remarks.contains("pull_request"))
    let plain = server.runtime(in: bench)
    #expect(try await !plain.getCapabilities().canCreatePR)
    let named = try await A2AStarted(plain, bench, "[[pr]]")
    _ = try await named.end()
    let artifacts = try await plain.getArtifacts(named.run)
    #expect(artifacts.prURL == nil && artifacts.evidence?["a2a"]?["pullRequest"]?.string == address)
    // Another orchestrator has it from the record.
    let later = server.runtime(in: bench) { $0.opensPullRequests = true }
    #expect(try await later.getArtifacts(opened.run).prURL == address)
  }

  @Test("Patches are the run's diff, bounded to what they are; other texts are the note")
  func patches() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[patch]]")
    #expect(try await started.end().outcome == .succeeded)
    let artifacts = try await started.runtime.getArtifacts(started.run)
    #expect(artifacts.filesChanged == ["src/login.py", "src/logout.py"])
    #expect(artifacts.diffSummary == "src/login.py | +2 -1\nsrc/logout.py | +2 -1")
    #expect(artifacts.handoffNote == "Login checks now.")
    let patch = String(decoding: try await started.runtime.patch(of: started.run), as: UTF8.self)
    #expect(
      patch.hasPrefix("diff --git a/src/login.py") && patch.contains("+    return True\ndiff --git a/src/logout.py"))
    let kinds = started.recorder.events(of: started.run).map(\.kind)
    #expect(kinds.contains(.changes(files: 2, added: 4, removed: 2, paths: ["src/login.py", "src/logout.py"])))
    #expect(!started.lines.contains { $0.contains("diff --git") })
  }

  @Test("Files are kept in the run's folder under plain names, whatever they are called; links are not followed")
  func files() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[files]]")
    #expect(try await started.end().outcome == .succeeded)
    let names = Set(Files.names(in: bench.folder(started.run) + "/files"))
    #expect(names.count == 10)
    #expect(
      names.isSuperset(of: [
        "escape.txt", "passwd", "evil.bat", "bashrc", "a[31mb.txt", "a2a.json", "same.txt", "same-2.txt",
      ]))
    #expect(names.allSatisfy { $0.utf8.count <= 130 })
    #expect(Set(Files.names(in: bench.folder(started.run))) == ["a2a.json", "updates.jsonl", "end.json", "files"])
    #expect(Files.names(in: bench.state) == ["runs"])
    let artifacts = try await started.runtime.getArtifacts(started.run)
    #expect(Set(artifacts.filesChanged) == names)
    #expect(artifacts.handoffNote.contains("http://127.0.0.1:1/big.bin"))
    #expect(artifacts.diffSummary.hasPrefix("10 files kept in "))
    let remains = try await started.runtime.remains(of: started.run)
    #expect(remains.output?.obstacle == nil && remains.output?.bytes ?? 0 > 0)
    let freed = try await started.runtime.remove(.output, of: started.run, evenUnmerged: false, isBegun: false)
    #expect(freed > 0)
    #expect(Set(Files.names(in: bench.folder(started.run))) == ["a2a.json", "end.json"])
  }

  // MARK: After a restart

  @Test("Another orchestrator takes the run up, sends nothing twice and tells what was not told", arguments: ways)
  func adopted(_ way: [String]) async throws {
    let (bench, server) = (try A2ABench(), try server(way))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[hold]]")
    try await started.line("first line")
    await started.runtime.retire()
    let told = started.recorder.events(of: started.run)
    let next = server.runtime(in: bench)
    let seen = RuntimeEventRecorder(next)
    #expect(try await next.hasBegun(started.run))
    let position = told.compactMap(\.position).last
    #expect(try await next.adopt(started.contract, run: bench.recorded(started.contract), Adoption(position: position)))
    server.tell("release")
    #expect(try await seen.end(of: started.run).outcome == .succeeded)
    #expect(seen.lines(of: started.run) == ["second line", "last line"])
    #expect(try server.calls("SendStreamingMessage", "SendMessage", "message/stream", "message/send") == 1)
    // One that tells all of it again to somebody who has heard nothing.
    let third = server.runtime(in: bench)
    let all = RuntimeEventRecorder(third)
    #expect(try await third.adopt(started.contract, run: bench.recorded(started.contract), Adoption()))
    try await all.end(of: started.run)
    #expect(all.lines(of: started.run) == ["Processing your question...", "first line", "second line", "last line"])
  }

  @Test("A start that is not on record is looked for with the agent and never sent again")
  func hasBegun() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let started = try await A2AStarted(server.runtime(in: bench), bench, "[[hold]]")
    await started.runtime.retire()
    // As after a kill between the message and the first word of the task.
    let updates = bench.folder(started.run) + "/updates.jsonl"
    try Files.write([], to: updates)
    let next = server.runtime(in: bench)
    let seen = RuntimeEventRecorder(next)
    #expect(try await next.adopt(started.contract, run: bench.recorded(started.contract), Adoption()))
    server.tell("release")
    #expect(try await seen.end(of: started.run).outcome == .succeeded)
    #expect(try server.calls("SendStreamingMessage", "SendMessage") == 1)
    #expect(try JSONValue(parsing: server.tell("ids")) == [.string("flightdeck-\(started.run)")])
  }

  @Test("A follow-up goes on in the same context, as a task of its own")
  func followUp() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let first = try await A2AStarted(server.runtime(in: bench), bench, "hello")
    _ = try await first.end()
    var contract = bench.contract("and again")
    contract.metadata = ["followUpOf": .string(first.run.description)]
    let run = try #require(contract.runId)
    _ = try await first.runtime.startTask(contract)
    try await first.recorder.end(of: run)
    let ids = try await [first.run, run].asyncMap { try await first.runtime.getArtifacts($0).evidence?["a2a"] }
    #expect(ids[0]?["contextId"] == ids[1]?["contextId"] && ids[0]?["taskId"] != ids[1]?["taskId"])
  }
}

extension Array {
  fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
