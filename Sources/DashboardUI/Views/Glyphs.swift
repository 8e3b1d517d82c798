import RunModel
import TerminalKit

/// How statuses look: a glyph and a role each, so that colour is never alone.
enum Glyphs {
  static let queued = "◔"
  static let running = "▶"
  static let succeeded = "✔"
  static let failed = "✖"
  static let canceled = "⊘"
  static let attention = "▲"
  static let stalled = "◷"
  /// Another live run changes the same file.
  static let conflict = "⚠"

  static func status(_ run: Run) -> (glyph: String, role: Role) {
    if run.needsAttention { return (attention, .runAttention) }
    if run.status == .running, run.isVerifying { return (running, .runVerifying) }
    return status(run.status)
  }

  static func status(_ status: RunStatus) -> (glyph: String, role: Role) {
    switch status {
    case .queued: (queued, .runQueued)
    case .running: (running, .runRunning)
    case .succeeded: (succeeded, .runSucceeded)
    case .failed: (failed, .runFailed)
    case .canceled: (canceled, .runCanceled)
    }
  }

  /// Stands still for what was true when the link was lost.
  static let still = "◌"

  static func spinner(_ now: Timestamp) -> String {
    let steps = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
    return steps[Int((now.milliseconds / 250 % 10 + 10) % 10)]
  }

  /// A bar in eighths of a column.
  static func bar(_ share: Double, width: Int, fill: Role = .progressFill) -> [Span] {
    guard width > 0 else { return [] }
    let share = share.isFinite ? max(0, min(1, share)) : 0
    let eighths = Int((share * Double(width * 8)).rounded(.down))
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    let full = eighths / 8
    let part = parts[eighths % 8]
    let rest = width - full - (part.isEmpty ? 0 : 1)
    return [
      Span(String(repeating: "█", count: full) + part, fill), Span(String(repeating: "░", count: rest), .progressTrack),
    ]
  }
}

extension DashboardState {
  /// Before what goes on; nothing turns on a screen that tells of an earlier time.
  var spinner: String { link.staleSince == nil || replay != nil ? Glyphs.spinner(boardTime) : Glyphs.still }
}
