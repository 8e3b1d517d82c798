import RunModel
import Testing

@testable import DashboardUI

@Suite struct RunFilterTests {
  private func titles(_ filter: String) -> [String] {
    var list = RunList()
    let board = RunBoard(runs: Sample.runs, seq: 100)
    list.reset(board)
    list.setFilter(RunFilter(filter), board)
    return list.visible.map { board.runs[Int($0)].title }
  }

  @Test(
    "The filter's grammar",
    arguments: [
      ("retry", ["Add retry logic to entitlement webhook"]),
      ("ADD webhook", ["Add retry logic to entitlement webhook"]),
      ("rtrylgc", ["Add retry logic to entitlement webhook"]),
      ("status:failed", ["Bump TLS floor"]), ("status:att", ["Migrate user preferences to Postgres"]),
      ("status:queued api", ["Write API docs for /reveal"]), ("runtime:a2a", ["Fix checkout validation on mobile"]),
      ("title:date", ["Replace the date picker"]), ("~^add.*hook$", ["Add retry logic to entitlement webhook"]),
      ("~(tls|date)", ["Replace the date picker", "Bump TLS floor"]),
      ("status:running !runtime:local !vibe", ["Fix checkout validation on mobile"]),
      ("status:canceled", ["Rename the settings page"]), ("nothing-like-this", []),
      ("\"rate limiting\"", ["Add rate limiting to public API"]), ("\"limiting rate\"", []),
      ("title:\"public a\"", ["Add rate limiting to public API"]), ("!\"e \" tls", ["Bump TLS floor"]),
      ("reason:NPM", ["Bump TLS floor"]), ("activity:retry.ts", ["Add retry logic to entitlement webhook"]),
      ("branch:webhook", ["Add retry logic to entitlement webhook"]),
      ("cost:>0.5", ["Add retry logic to entitlement webhook"]), ("cost:>1", []),
      ("files:>=14", ["Migrate user preferences to Postgres"]), ("files:9", ["Add rate limiting to public API"]),
      ("is:attention", ["Migrate user preferences to Postgres"]), ("is:att", ["Migrate user preferences to Postgres"]),
      ("is:live !status:running api", ["Write API docs for /reveal"]), ("priority:>100", []),
      ("attempt:>1", []), ("progress:>80 is:live", ["Speed up the nightly report"]), ("label:x", []),
      ("tokens:>100000", ["Add retry logic to entitlement webhook"]), ("ref:GH", []),
    ])
  func grammar(filter: String, expected: [String]) { #expect(titles(filter) == expected) }

  @Test(
    "What is not finished yet, or makes no sense, hides nothing and says so",
    arguments: ["~(", "~[a", "status:xyz", "~*", "is:weird", "age:soon", "cost:>much", "priority:<x"])
  func unfinished(filter: String) {
    #expect(titles(filter).count == Sample.runs.count)
    #expect(RunFilter(filter).complaint != nil)
  }

  @Test(
    "What is being typed hides nothing and is no complaint",
    arguments: ["status:", "is:", "age:<", "cost:>", "\"", "!", "~"])
  func typing(filter: String) {
    #expect(titles(filter).count == Sample.runs.count)
    #expect(RunFilter(filter).complaint == nil)
  }

  @Test("Labels and references are found in their own fields only")
  func ownFields() {
    let runs = [
      Sample.run(1, "backend GH-7") { $0.labels = ["frontend", "p1"] },
      Sample.run(2, "x") { run in
        run.externalRef = "GH-7"
        run.labels = ["Backend", "two words"]
      },
      Sample.run(3, "y") { $0.externalRef = "GH-8" },
    ]
    let board = RunBoard(runs: runs, seq: 9)
    var list = RunList()
    list.reset(board)
    func found(_ text: String) -> [String] {
      list.setFilter(RunFilter(text), board)
      return list.visible.map { board.runs[Int($0)].title }.sorted()
    }
    #expect(found("label:backend") == ["x"])
    #expect(found("label:gh") == [])
    #expect(found("ref:gh-7") == ["x"])
    #expect(found("ref:gh") == ["x", "y"])
    #expect(found("label:\"two w\"") == ["x"])
    #expect(found("id:\(Sample.id(3).shortName)") == ["y"])
    #expect(found("!label:p1 gh-7") == ["x"])
  }

  @Test("Stalled are live runs that nobody keeps waiting and that said nothing for long; age counts from the dispatch")
  func time() {
    func run(_ number: Int, _ title: String, _ change: (inout Run) -> Void = { _ in }) -> Run {
      Sample.run(number, title) { run in
        run.status = .running
        run.createdAt = Sample.now + .seconds(-3600 * number)
        run.lastEventAt = Sample.now + .seconds(-300)
        change(&run)
      }
    }
    let board = RunBoard(
      runs: [
        run(1, "silent"), run(2, "busy") { $0.lastEventAt = Sample.now },
        run(3, "asks") { $0.attention = Attention(attentionId: "q", question: "?", since: Sample.now) },
        run(4, "verifies") { $0.isVerifying = true }, run(5, "over") { $0.status = .failed },
      ], seq: 9)
    var list = RunList()
    list.reset(board)
    _ = list.setSurroundings(FilterSurroundings(now: Sample.now, marked: [1, 4]), board)
    func found(_ text: String) -> [String] {
      list.setFilter(RunFilter(text), board)
      return list.visible.map { board.runs[Int($0)].title }.sorted()
    }
    #expect(found("is:stalled") == ["silent"])
    #expect(found("age:<90m") == ["silent"])
    #expect(found("age:>3.5h") == ["over", "verifies"])
    #expect(found("silence:>1m") == ["asks", "silent", "verifies"])
    #expect(found("is:marked") == ["busy", "over"])
    #expect(found("is:stalled") == ["silent"])
    var patient = RuntimeSummary(
      runtimeId: "patient", kind: "local", capabilities: RuntimeCapabilities(maxParallelTasks: 1))
    patient.quietSeconds = 600
    let times = QuietTimes([patient])
    #expect(times[board.runs[0]] == .seconds(120))
    #expect(times[Sample.run(1, "x") { $0.runtimeId = "patient" }] == .seconds(600))
    let changes = list.setSurroundings(FilterSurroundings(now: Sample.now + .seconds(200)), board)
    #expect(changes)
    #expect(list.visible.count == 2)
  }

  @Test("An id's end finds its run")
  func byId() { #expect(titles(Sample.id(7).shortName.lowercased()) == ["Speed up the nightly report"]) }

  @Test(
    "Patterns match as regular expressions do",
    arguments: [
      ("a+b", "xaab", true), ("a+b", "xb", false), ("^ab?c$", "ac", true), ("^ab?c$", "abbc", false),
      ("[0-9]{", "1{", true), ("\\d\\d", "a12", true), ("\\bfix\\b", "a fix here", true),
      ("\\bfix\\b", "prefix", false),
      ("(ab)+c", "ababc", true), ("[^a]", "aaa", false), ("a.c", "abc", true), ("", "x", true), ("a|", "x", true),
      ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), ("\\.", "a.b", true), ("\\.", "ab", false),
    ])
  func patterns(pattern: String, text: String, expected: Bool) throws {
    let compiled = try #require(BytePattern(pattern))
    #expect(Array(text.utf8).withUnsafeBufferPointer { compiled.matches($0) } == expected)
  }
}
