import DashboardUI
import RunModel
import Testing

@testable import flightdeck

@Suite("Words for people") struct WordsTests {
  @Test("doctor breaks its lines between words, in their column, and not at all in a pipe")
  func finding() {
    let text = "the quick brown fox jumps over the lazy dog and goes on and on for quite a while"
    let finding = Finding("store", .fine, text, remedy: text)
    let lines = finding.line(utf8: true, colour: false, width: 40).split(separator: "\n")
    #expect(lines.count > 4 && lines.allSatisfy { $0.count <= 40 })
    let words = lines.flatMap { $0.split(separator: " ") }.filter { $0 != "✔" && $0 != "store" }
    #expect(words == text.split(separator: " ") + text.split(separator: " "))
    #expect(lines[1].hasPrefix(String(repeating: " ", count: 16)))
    #expect(finding.line(utf8: true, colour: false).split(separator: "\n").count == 2)
  }

  @Test("A live run is called quiet by its own runtime's time, and a failed one says in the list why")
  func quiet() throws {
    let id = "01JD0000000000000000000000"
    var run = Run(
      runId: try #require(RunID(id)), contractId: try #require(ContractID(id)), title: "t",
      createdAt: Timestamp(milliseconds: 1_000_000))
    run.status = .running
    run.runtimeId = "slow"
    var runtime = RuntimeSummary(
      runtimeId: "slow", kind: "local", capabilities: RuntimeCapabilities(maxParallelTasks: 1))
    runtime.quietSeconds = 20
    func words(_ seconds: Int64) -> RunWords {
      RunWords(utf8: true, now: run.lastEventAt + .seconds(seconds), runtimes: [runtime])
    }
    #expect(words(20).progress(run) == "working" && words(34).progress(run) == "quiet 34 s")
    run.progress = 0.3
    run.progressKnown = true
    #expect(words(300).progress(run) == "30%, quiet 5 min")
    #expect(RunWords(utf8: true, now: .now).progress(run) == "30%")
    run.isVerifying = true
    #expect(words(300).progress(run) == "30%")
    run.status = .failed
    run.reason = "verify failed: npm test exited 1"
    #expect(words(0).table([run]).text(width: nil, colour: false).contains("npm test exited 1"))
    run.reason = String(repeating: "long ", count: 100)
    #expect(words(0).table([run]).text(width: nil, colour: false).split(separator: "\n")[1].count < 140)
  }

  @Test("No test and no word of tests are told alike")
  func tests() throws {
    let id = "01JD0000000000000000000000"
    var run = Run(
      runId: try #require(RunID(id)), contractId: try #require(ContractID(id)), title: "t", createdAt: .now)
    let words = RunWords(utf8: true, now: .now)
    #expect(words.tests(run).isEmpty)
    #expect(words.table([run]).text(width: nil, colour: false).contains("—"))
    run.testsPassed = 0
    run.testsTotal = 0
    #expect(words.tests(run).isEmpty)
    run.testsTotal = 2
    #expect(words.tests(run) == "0/2")
  }

  @Test("A speed of a replay is taken as a number and by the words that --help lists")
  func speeds() {
    for speed in ReplaySpeed.allCases { #expect(ReplaySpeed(argument: "\(speed)") == speed) }
    #expect(ReplaySpeed(argument: "4x") == .four && ReplaySpeed(argument: "0.25") == .quarter)
    #expect(ReplaySpeed(argument: "fast") == nil)
  }

  @Test("What a limit was exceeded by never reads as the limit itself")
  func limits() {
    #expect(RunLimits.words(bytes: 31_457_480, unless: 30 << 20) != RunLimits.words(bytes: 30 << 20))
    #expect(RunLimits.words(bytes: 30_000_900, unless: 30_000_000) == "a little over 30 MB")
    #expect(RunLimits.words(bytes: 31_500_000, unless: 30_000_000) == "31.5 MB")
  }

  @Test("An option that is far from what was typed is not proposed")
  func hints() {
    #expect(
      ExitStatus.withoutFarHint("Error: Unknown option '--foo'. Did you mean '--json'?\nUsage: x")
        == "Error: Unknown option '--foo'.\nUsage: x")
    let near = "Error: Unknown option '--jso'. Did you mean '--json'?\nUsage: x"
    #expect(ExitStatus.withoutFarHint(near) == near)
  }

  @Test("Why the orchestrator could not start is said also where it could not say so itself")
  func start() {
    func words(_ said: String, free: UInt64?, complaint: Problem? = nil) -> String {
      BackgroundOrchestrator.words(said: said.utf8, log: "/s/log", state: "/s", free: free) { complaint }
    }
    #expect(words("a\nb\nc\nd\n", free: 0) == "Its last words, from /s/log:\nb\nc\nd")
    #expect(words("", free: 0).contains("The disk that holds /s is full"))
    #expect(words("", free: 1 << 30, complaint: Problem(.unavailable, "It is damaged.")) == "It is damaged.")
    #expect(words("", free: nil).contains("flightdeck serve"))
  }

  @Test("Work whose branch is gone is not said to be on it")
  func collected() {
    var collected = Collected()
    collected.worktree = .now
    #expect(collected.sentences.joined().contains("the work is on its branch"))
    collected.branch = .now
    #expect(!collected.sentences.joined().contains("the work is on its branch"))
  }
}
