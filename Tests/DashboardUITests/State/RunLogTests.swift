import RunModel
import Testing

@testable import DashboardUI

@Suite("The lines of the open run") struct RunLogTests {
  private let run = Sample.id(1)

  private func lines(_ seqs: ClosedRange<UInt64>, _ text: String) -> [RunEvent] {
    seqs.map { Sample.event($0, .output, run, 3, ["stream": "stdout", "text": .string(text)]) }
  }

  /// The bytes that the kept lines take at least.
  private func bytes(_ log: RunLog) -> Int {
    (0..<log.count).reduce(0) { $0 + (log[$1]?.text.utf8.count ?? 0) }
  }

  @Test("Long lines are bounded by their bytes, and the newest are kept", arguments: [16_000, 100_000])
  func longLines(length: Int) {
    var log = RunLog(run: run)
    let text = String(repeating: "x", count: length)
    log.load(lines(1...10, text))
    for event in lines(11...4000, text) {
      log.append(event)
      if event.seq % 500 == 0 { #expect(bytes(log) <= Bounds.log + Bounds.log / 4) }
    }
    #expect(log[log.count - 1]?.seq == 4000)
    #expect(log.count > 1000)
    #expect(bytes(log) <= Bounds.log + Bounds.log / 4)
  }

  @Test("A backlog larger than the bound is its end, and earlier ones are asked for once, not again and again")
  func backlog() {
    var log = RunLog(run: run)
    log.load(lines(1...2500, String(repeating: "x", count: 16_000)))
    #expect(bytes(log) <= Bounds.log)
    #expect(log[log.count - 1]?.seq == 2500)
    let none = log.askForEarlier()
    #expect(none == nil)
    var short = RunLog(run: run)
    short.load(lines(1001...2000, "x"))
    let wanted = short.askForEarlier()
    #expect(wanted ?? 0 >= 2000)
    short.load(lines(1...2000, "x"))
    #expect(short.count == 2000)
    let more = short.askForEarlier()
    #expect(more != nil)
    // The answer brought nothing that was not there.
    short.load(lines(1...2000, "x"))
    let again = short.askForEarlier()
    #expect(again == nil)
  }

  @Test("What the orchestrator and its adapters tell of a run is told in words, not in JSON")
  func words() {
    let conflict = Sample.event(
      1, .conflict, run, 3,
      ["conflicts": [["run": .string(Sample.id(2).description), "path": "src/a.swift"]], "files": 3])
    #expect(LogLine(conflict).text == "\(Sample.id(2).shortName) changes src/a.swift and 2 other files too")
    #expect(
      LogLine(Sample.event(2, .conflict, run, 3, ["conflicts": [], "files": 0])).text
        == "no other live run changes its files any more")
    let cleaned = Sample.event(3, .custom("worktree_cleaned", of: "local"), run, 3, ["files": 2, "message": "2 files"])
    #expect(LogLine(cleaned).text == "2 files" && LogLine(cleaned).label == "worktree cleaned")
    let silent = Sample.event(3, .custom("worktree_cleaned", of: "local"), run, 3, ["files": 2])
    #expect(LogLine(silent).label == "local.worktree_cleaned")
    let asked = LogLine(
      Sample.event(
        3, .approvalRequested, run, 3, ["risk": "critical", "taskClass": "general_task", "by": "ana"]))
    #expect(asked.text == "asked for, critical risk, general task" && asked.detail == "by ana")
    let cut = LogLine(Sample.event(4, .outputCut, run, 3, ["lines": 2, "limit": 1_000_000]))
    #expect(cut.text == "2 lines of output beyond limits.output (1 MB) are gone")
  }

  @Test("Any number of empty lines are no more than the bound of lines")
  func emptyLines() {
    var log = RunLog(run: run)
    for event in lines(1...40_000, "") { log.append(event) }
    #expect(log.count <= Bounds.logLines * 5 / 4)
    #expect(log[log.count - 1]?.seq == 40_000)
  }
}
