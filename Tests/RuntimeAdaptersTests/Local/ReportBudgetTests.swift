import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("What of a flood of reports is handed on")
struct ReportBudgetTests {
  private func progress(_ value: Double, _ message: String? = nil) -> RuntimeEvent.Kind {
    .progress(value, message: message)
  }
  private func question(_ id: String) -> RuntimeEvent.Kind {
    .attention(id: id, question: "?", options: [], kind: "question")
  }

  @Test("A hundred thousand progress lines in a minute are some hundred reports, and the last is always told")
  func progressFlood() {
    var budget = ReportBudget(linesPerSecond: 100, log: "/log")
    var told: [RuntimeEvent.Kind] = []
    let count = 100_000
    for number in 1...count {
      told += budget.take(progress(Double(number) / Double(count)), at: .microseconds(600 * number))
    }
    told += budget.flush()
    #expect(told.count <= Bounds.reportBurst + 60 * Bounds.reportsPerSecond + 1)
    #expect(told.last == progress(1))
    #expect(budget.flush().isEmpty)
  }

  @Test("What waits is told as soon as the rate allows it, and keeps its message and its highest value")
  func waiting() {
    var budget = ReportBudget(linesPerSecond: 100, log: "/log")
    for _ in 0..<Bounds.reportBurst { #expect(budget.take(progress(0.1), at: .zero) == [progress(0.1)]) }
    #expect(budget.take(progress(0.6, "at work"), at: .zero).isEmpty)
    #expect(budget.take(progress(0.4), at: .zero).isEmpty)
    #expect(budget.due(at: .milliseconds(50)).isEmpty)
    #expect(budget.due(at: .milliseconds(200)) == [progress(0.6, "at work")])
    #expect(budget.due(at: .milliseconds(200)).isEmpty)
  }

  @Test("Of many questions the last is told, and before its answer")
  func questions() {
    var budget = ReportBudget(linesPerSecond: 100, log: "/log")
    var told: [RuntimeEvent.Kind] = []
    for number in 1...10_000 { told += budget.take(question("q\(number)"), at: .zero) }
    #expect(told.count == Bounds.reportBurst)
    let answer = RuntimeEvent.Kind.resolved(id: "q10000", answer: "yes", by: "operator")
    #expect(budget.take(answer, at: .zero) == [question("q10000"), answer])
    #expect(budget.flush().isEmpty)
  }

  @Test("Lines and tool calls above the rate are counted, each once, and the count is told even when none follows")
  func lines() {
    var budget = ReportBudget(linesPerSecond: 100, log: "/log")
    var told: [RuntimeEvent.Kind] = []
    for number in 0..<1000 {
      told += budget.take(.output(stream: .stdout, text: "\(number)", dropped: number == 900 ? 5 : 0), at: .zero)
      told += budget.take(.tool(.init(name: "edit")), at: .zero)
      told += budget.take(.custom(type: "x", data: [:]), at: .zero)
    }
    #expect(told.count == 100)
    #expect(budget.due(at: .milliseconds(900)).isEmpty)
    #expect(
      budget.due(at: .milliseconds(1100)) == [
        .output(stream: .stdout, text: "[2905 lines are in /log alone]", dropped: 2905)
      ])
    #expect(budget.flush().isEmpty)
  }

  @Test("The count goes with the next line where there is one, and what decides a run's life always passes")
  func counts() {
    var budget = ReportBudget(linesPerSecond: 1, log: "/log")
    let line = RuntimeEvent.Kind.output(stream: .stderr, text: "x", dropped: 0)
    #expect(budget.take(line, at: .zero) == [line])
    #expect(budget.take(line, at: .zero).isEmpty)
    #expect(budget.take(line, at: .seconds(2)) == [.output(stream: .stderr, text: "x", dropped: 1)])
    let others: [RuntimeEvent.Kind] = [
      .outputCut(OutputCut(lines: 7, limit: 100)), .stopSent, .ended(TaskEnd(.failed)),
      .changes(files: 1, added: 1, removed: 0),
      .custom(type: AgentStream.invalidUTF8, data: [:]),
    ]
    for other in others { for _ in 0..<1000 { #expect(budget.take(other, at: .seconds(2)) == [other]) } }
  }
}
