import RunModel
import Synchronization
import Testing

@testable import Orchestration

@Suite("The gate for reports of runs that have not started") struct EventGateTests {
  private func runID(_ number: UInt64) -> RunID { RunID(ULID(high: 0x0190_0000_0000_0000, low: number)) }
  private func line(_ run: UInt64, _ text: String = "x") -> RuntimeEvent {
    RuntimeEvent(runID(run), .output(stream: .stdout, text: text, dropped: 0))
  }

  @Test("What comes before the start is held and passes in order when the run opens, under its own name")
  func order() {
    let gate = EventGate()
    gate.expect()
    for number in 0..<100 { gate.receive(line(7, "\(number)")) { _ in Issue.record("not open") } }
    var passed: [RuntimeEvent] = []
    gate.open(runID(1), knownAs: runID(7)) { passed.append($0) }
    gate.expectNoMore()
    #expect(passed == (0..<100).map { line(1, "\($0)") })
    gate.receive(line(7, "later")) { passed.append($0) }
    #expect(passed.last == line(1, "later"))
  }

  @Test("It holds no more than its bound in bytes, counts the lines left out, and keeps what says how the run stands")
  func bound() {
    let gate = EventGate()
    gate.expect()
    let text = String(repeating: "x", count: 1 << 20)
    let state = [
      RuntimeEvent(runID(1), .attention(id: "a", question: "?", options: [], kind: "question")),
      RuntimeEvent(runID(1), .ended(TaskEnd(.succeeded))),
    ]
    for _ in 0..<64 { gate.receive(line(1, text)) { _ in } }
    for event in state { gate.receive(event) { _ in } }
    #expect(gate.heldBytes <= Bounds.heldReports)
    var passed: [RuntimeEvent] = []
    gate.open(runID(1)) { passed.append($0) }
    let lines = passed.count { if case .output(_, let text, _) = $0.kind { !text.isEmpty } else { false } }
    #expect(lines == Bounds.heldReports / 2 / (1 << 20) || lines == Bounds.heldReports / 2 / (1 << 20) - 1)
    #expect(passed.filter { state.contains($0) } == state)
    #expect(passed.last == RuntimeEvent(runID(1), .output(stream: .stderr, text: "", dropped: 64 - lines)))
    #expect(gate.heldBytes == 0)
  }

  @Test("What comes of a run that has ended, or that nobody starts, is not kept")
  func strangers() {
    let gate = EventGate()
    for _ in 0..<1000 { gate.receive(line(9)) { _ in } }
    #expect(gate.heldBytes == 0)
    gate.expect()
    gate.open(runID(1)) { _ in }
    gate.close(runID(1))
    for _ in 0..<1000 { gate.receive(line(1)) { _ in } }
    #expect(gate.heldBytes > 0)
    gate.expectNoMore()
    #expect(gate.heldBytes == 0)
  }
}
