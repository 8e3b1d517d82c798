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
}
