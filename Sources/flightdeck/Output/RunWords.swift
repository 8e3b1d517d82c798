import RunModel
import TerminalKit

/// How runs are put into words and glyphs for people.
struct RunWords {
  var utf8: Bool
  var now: Timestamp
  /// Those that say how long a run of theirs may be silent before it is called quiet; without one nothing is.
  var runtimes: [RuntimeSummary] = []

  func glyph(_ run: Run) -> String {
    if run.needsAttention { return utf8 ? "▲" : "!" }
    return glyph(run.status)
  }

  func glyph(_ status: RunStatus) -> String {
    switch status {
    case .queued: utf8 ? "◔" : "."
    case .running: utf8 ? "▶" : ">"
    case .succeeded: utf8 ? "✔" : "+"
    case .failed: utf8 ? "✖" : "x"
    case .canceled: utf8 ? "⊘" : "/"
    }
  }

  func tone(_ run: Run) -> Tone { run.needsAttention ? .warning : tone(run.status) }

  func tone(_ status: RunStatus) -> Tone {
    switch status {
    case .queued: .faint
    case .running: .active
    case .succeeded: .good
    case .failed: .bad
    case .canceled: .faint
    }
  }

  /// Glyph and word; a canceled one that is not yet proven dead says so.
  func status(_ run: Run) -> String {
    var word = run.status.rawValue
    if run.needsAttention {
      word = "needs you"
    } else if run.cancellation != nil, !run.status.isTerminal {
      word = "canceling"
    } else if run.isVerifying {
      word = "verifying"
    }
    return "\(glyph(run)) \(word)"
  }

  func plan(_ status: PlanEntry.Status) -> String {
    switch status {
    case .completed: glyph(.succeeded)
    case .inProgress: glyph(.running)
    case .pending: utf8 ? "·" : "-"
    }
  }

  func remembered(_ rule: PermissionRule) -> String {
    rule.words + (rule.rememberedFrom.map { "  (as \($0) said)" } ?? "")
  }

  func progress(_ run: Run) -> String {
    let share = run.progressKnown ? "\(Int(run.progress * 100))%" : ""
    return switch run.status {
    case .queued: run.waits.first?.sentence ?? ""
    case .running:
      if let quiet = quiet(run) {
        share.isEmpty ? quiet : "\(share), \(quiet)"
      } else {
        share.isEmpty ? "working" : share
      }
    case .succeeded, .failed, .canceled: share
    }
  }

  /// The same, and of a failed run why: for lists, where nothing else says so.
  func outcome(_ run: Run) -> String {
    guard run.status == .failed else { return progress(run) }
    return run.reason ?? run.exitCode.map { "exit \($0)" } ?? progress(run)
  }

  /// `quiet 34 s`, for a live run that has said nothing for longer than its runtime allows.
  func quiet(_ run: Run) -> String? {
    guard run.cancellation == nil, !run.isVerifying,
      let runtime = runtimes.first(where: { $0.runtimeId == run.runtimeId }), runtime.isStalled(run, at: now)
    else { return nil }
    let seconds = max(0, (now - run.lastEventAt).components.seconds)
    if seconds < 120 { return "quiet \(seconds) s" }
    return seconds < 7200 ? "quiet \(seconds / 60) min" : "quiet \(seconds / 3600) h"
  }

  /// `4:12`, `1:04:12`; empty before it starts.
  func elapsed(_ run: Run) -> String {
    guard let start = run.startedAt else { return "" }
    return Self.clock((run.endedAt ?? now) - start)
  }

  static func clock(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return seconds >= 3600
      ? "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))" : "\(seconds / 60):\(two(seconds % 60))"
  }

  func files(_ run: Run) -> String {
    guard let files = run.filesChanged else { return "" }
    var text = "\(files)"
    if let added = run.added { text += " +\(added)" }
    if let removed = run.removed { text += " -\(removed)" }
    return text
  }

  func tests(_ run: Run) -> String {
    guard let total = run.testsTotal, total > 0 else { return "" }
    return "\(run.testsPassed ?? 0)/\(total)"
  }

  /// `show` has a reason whole.
  private static let longestProgress = 48

  func table(_ runs: [Run]) -> Table {
    var table = Table([
      .init(title: "RUN"), .init(title: "STATUS"), .init(title: "TITLE", shrinksTo: 16), .init(title: "RUNTIME"),
      .init(title: "PROGRESS", shrinksTo: 8), .init(title: "ELAPSED", side: .right), .init(title: "FILES"),
      .init(title: "TESTS", side: .right),
    ])
    for run in runs {
      table.add([
        .init(run.runId.shortName), .init(status(run), tone(run)), .init(run.title),
        .init(run.runtimeId?.rawValue ?? ""),
        .init(Table.cut(DisplayText(outcome(run)), to: Self.longestProgress).text), .init(elapsed(run)),
        .init(files(run)),
        .init(tests(run).isEmpty ? (utf8 ? "—" : "-") : tests(run)),
      ])
    }
    return table
  }
}
