import Orchestration
import RunModel

/// What of an agent's reports is handed on, so that no agent floods those who follow it. A value that is told the time.
///
/// Lines and tool calls: so many a second, the others are counted. Progress, usage, plans and questions say how things stand: after
/// a burst, what comes faster than their rate is told by the newest, and the last always is. All else passes.
struct ReportBudget {
  private let linesPerSecond: Int
  /// What is said of lines that are not handed on; the count goes in front.
  private let remark: String
  private var window = (start: Duration.zero, lines: 0)
  private(set) var dropped = 0
  private var progress = Allowance()
  private var usage = Allowance()
  private var question = Allowance()
  private var plan = Allowance()

  /// One kind of report: its tokens, and the newest report that waits for one.
  private struct Allowance {
    var tokens = Double(Bounds.reportBurst)
    var refilled = Duration.zero
    var waiting: RuntimeEvent.Kind?

    mutating func takes(at now: Duration) -> Bool {
      let gained = (now - refilled) / .seconds(1) * Double(Bounds.reportsPerSecond)
      tokens = min(Double(Bounds.reportBurst), tokens + max(0, gained))
      refilled = now
      guard tokens >= 1 else { return false }
      tokens -= 1
      return true
    }

    mutating func take() -> RuntimeEvent.Kind? {
      defer { waiting = nil }
      return waiting
    }
  }

  /// `log`: where the lines are that are not handed on.
  init(linesPerSecond: Int, log: String) {
    self.init(linesPerSecond: linesPerSecond, remark: "lines are in \(log) alone")
  }

  /// `remark`: what is said of those that are not handed on, after their count.
  init(linesPerSecond: Int, remark: String) {
    self.linesPerSecond = linesPerSecond
    self.remark = remark
  }

  /// What is to be handed on now that this has come; `now` is any time that only grows.
  mutating func take(_ report: RuntimeEvent.Kind, at now: Duration) -> [RuntimeEvent.Kind] {
    switch report {
    case .output(let stream, let text, let lost):
      guard hasRoom(at: now) else {
        dropped += 1 + lost
        return []
      }
      defer { dropped = 0 }
      return [.output(stream: stream, text: text, dropped: lost + dropped)]
    case .custom(AgentStream.invalidUTF8, _): return [report]
    case .tool, .custom:
      guard hasRoom(at: now) else {
        dropped += 1
        return []
      }
      return [report]
    case .progress: return Self.pass(Self.joined(progress.waiting, report), &progress, now)
    case .usage: return Self.pass(report, &usage, now)
    case .plan: return Self.pass(report, &plan, now)
    case .attention: return Self.pass(report, &question, now)
    case .resolved:
      // A question comes before its answer.
      return [question.take(), report].compactMap { $0 }
    case .outputCut, .stopSent, .changes, .ended: return [report]
    }
  }

  /// What has waited long enough, and the count of what was dropped and not told; to be asked for now and then.
  mutating func due(at now: Duration) -> [RuntimeEvent.Kind] {
    var due: [RuntimeEvent.Kind] = []
    if progress.waiting != nil, progress.takes(at: now), let report = progress.take() { due.append(report) }
    if usage.waiting != nil, usage.takes(at: now), let report = usage.take() { due.append(report) }
    if plan.waiting != nil, plan.takes(at: now), let report = plan.take() { due.append(report) }
    if question.waiting != nil, question.takes(at: now), let report = question.take() { due.append(report) }
    if now - window.start > .seconds(1), let told = tellDropped() { due.append(told) }
    return due
  }

  /// All that waits, at the end.
  mutating func flush() -> [RuntimeEvent.Kind] {
    [question.take(), plan.take(), progress.take(), usage.take(), tellDropped()].compactMap { $0 }
  }

  private mutating func hasRoom(at now: Duration) -> Bool {
    if now - window.start > .seconds(1) { window = (now, 0) }
    window.lines += 1
    return window.lines <= linesPerSecond
  }

  /// The count of what was dropped and not told, to be told before what comes next.
  mutating func takeDropped() -> [RuntimeEvent.Kind] { [tellDropped()].compactMap { $0 } }

  private mutating func tellDropped() -> RuntimeEvent.Kind? {
    guard dropped > 0 else { return nil }
    defer { dropped = 0 }
    return .output(stream: .stdout, text: "[\(dropped) \(remark)]", dropped: dropped)
  }

  private static func pass(
    _ report: RuntimeEvent.Kind, _ allowance: inout Allowance, _ now: Duration
  ) -> [RuntimeEvent.Kind] {
    if allowance.takes(at: now) {
      allowance.waiting = nil
      return [report]
    }
    allowance.waiting = report
    return []
  }

  /// One report for two: a lower value than the last is none that counts, and a message stays until there is another.
  private static func joined(_ earlier: RuntimeEvent.Kind?, _ later: RuntimeEvent.Kind) -> RuntimeEvent.Kind {
    guard case .progress(let old, let oldMessage)? = earlier, case .progress(let new, let message) = later else {
      return later
    }
    let isOlder = (0...1).contains(old) && !(old...1).contains(new)
    return .progress(isOlder ? old : new, message: message ?? oldMessage)
  }
}
