import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct NotificationTests {
  private static func run(_ change: (inout Run) -> Void) -> Run { Sample.run(40, "Mend it", change) }

  private static let running = run { $0.status = .running }
  private static let asking = run {
    $0.status = .running
    $0.attention = Attention(attentionId: "q1", question: "Go on?", since: Sample.now)
  }
  private static let askingAnew = run {
    $0.status = .running
    $0.attention = Attention(attentionId: "q2", question: "Really?", since: Sample.now)
  }
  private static let failed = run { $0.status = .failed }
  private static let succeeded = run { $0.status = .succeeded }
  private static let canceled = run { $0.status = .canceled }

  @Test(
    "Each transition is one word, and what stays is none",
    arguments: [
      (running, asking, RunNotification.Kind.attention), (nil, asking, .attention), (asking, asking, nil),
      (asking, askingAnew, .attention), (asking, running, nil), (running, failed, .failed), (asking, failed, .failed),
      (nil, failed, .failed), (failed, failed, nil), (running, succeeded, .ended), (succeeded, succeeded, nil),
      (running, canceled, .ended), (running, running, nil), (nil, running, nil),
    ] as [(Run?, Run, RunNotification.Kind?)])
  func transitions(before: Run?, after: Run, kind: RunNotification.Kind?) {
    #expect(NotificationMachine.kind(before, after, Set(RunNotification.Kind.allCases)) == kind)
  }

  @Test("A failure is an end for those who want to hear of ends alone; what nobody wants is silent")
  func wishes() {
    #expect(NotificationMachine.kind(Self.running, Self.failed, [.ended]) == .ended)
    #expect(NotificationMachine.kind(Self.running, Self.failed, [.attention]) == nil)
    #expect(NotificationMachine.kind(Self.running, Self.asking, [.failed, .ended]) == nil)
  }

  private func state() -> DashboardState {
    var state = Sample.state(Size(width: 120, height: 40))
    state.notificationRules.on = Set(RunNotification.Kind.allCases)
    state.notificationRules.by = .osc9
    return state
  }

  private func told(_ effects: [Effect]) -> [String] {
    effects.compactMap { if case .notify(let notification) = $0 { notification.text } else { nil } }
  }

  @Test("The first word comes at once, many at once are one, and what was told is not told by a snapshot again")
  func batches() {
    var state = state()
    let first = state.update(.events([Sample.event(2000, .failed, Sample.id(5), 1, ["reason": "no"])]))
    #expect(told(first) == ["\(Sample.id(5).shortName) failed: Add retry logic to entitlement webhook (no)"])
    let more = [6, 7, 8].enumerated().map { Sample.event(2001 + UInt64($0), .failed, Sample.id($1), 1, [:]) }
    #expect(told(state.update(.events(more))).isEmpty)
    #expect(state.nextTick.map { $0 <= Sample.now + .seconds(2) } == true)
    #expect(told(state.update(.tick(Sample.now + .seconds(3)))) == ["3 runs failed"])
    let again = Snapshot(seq: 3000, runs: state.board.runs, runtimes: [])
    #expect(told(state.update(.snapshot(again))).isEmpty)
    #expect(told(state.update(.tick(Sample.now + .seconds(9)))).isEmpty)
  }

  @Test("What happened while the link was down is told once, and the first snapshot tells nothing")
  func snapshots() {
    var state = DashboardState(size: Size(width: 120, height: 40), now: Sample.now)
    state.notificationRules.by = .osc9
    #expect(told(state.update(.snapshot(Snapshot(seq: 1, runs: Sample.runs, runtimes: [])))).isEmpty)
    var runs = Sample.runs
    runs[5].attention = Attention(attentionId: "z", question: "Which one?", since: Sample.now)
    let effects = state.update(.snapshot(Snapshot(seq: 2, runs: runs, runtimes: [])))
    #expect(told(effects) == ["\(runs[5].runId.shortName) asks: Which one? (\(runs[5].title))"])
  }

  @Test("A question that was answered before its turn is not told")
  func answered() {
    var state = state()
    _ = state.update(.events([Sample.event(2000, .failed, Sample.id(5), 1, [:])]))
    _ = state.update(
      .events([Sample.event(2001, .attention, Sample.id(6), 1, ["attentionId": "q", "question": "?"])]))
    _ = state.update(.events([Sample.event(2002, .resolved, Sample.id(6), 1, ["attentionId": "q"])]))
    #expect(told(state.update(.tick(Sample.now + .seconds(3)))).isEmpty)
  }

  @Test("In quiet hours nothing is told, then or later")
  func quiet() {
    var state = state()
    state.notificationRules.quiet = QuietHours("00:00-23:59")
    #expect(told(state.update(.events([Sample.event(2000, .failed, Sample.id(5), 1, [:])]))).isEmpty)
    #expect(told(state.update(.tick(Sample.now + .seconds(9)))).isEmpty)
  }

  @Test(
    "Quiet hours go over midnight, by the clock of the person",
    arguments: [
      ("22:00-07:00", 23 * 60, 0, true), ("22:00-07:00", 6 * 60 + 59, 0, true), ("22:00-07:00", 7 * 60, 0, false),
      ("12:00-13:00", 12 * 60 + 30, 0, true), ("12:00-13:00", 13 * 60, 0, false),
      ("22:00-07:00", 21 * 60, 7200, true),
    ])
  func hours(text: String, minute: Int, offset: Int, isQuiet: Bool) throws {
    let quiet = try #require(QuietHours(text))
    #expect(quiet.contains(Timestamp(milliseconds: Int64(minute) * 60_000), offset: offset) == isQuiet)
  }

  @Test(
    "What is no stretch of a day is none", arguments: ["22-7", "24:00-07:00", "22:00", "22:60-23:00", "7:0-8:00", ""])
  func badHours(text: String) { #expect(QuietHours(text) == nil) }
}
