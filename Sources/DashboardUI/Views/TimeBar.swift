import RunModel
import TerminalKit

extension DashboardState {
  /// Where the bar itself is, for drawing and for clicks.
  func timeTrack(_ rect: Rect) -> Rect {
    let count = timeCount
    let room = rect.width - 10 - 11 - measure(count) - 3
    return Rect(x: rect.x + 10, y: rect.y, width: max(0, room), height: rect.height)
  }

  fileprivate var timeCount: String {
    guard let replay else { return "" }
    let bad = replay.badCount > 0 ? "  ✖ \(Format.plural(replay.badCount, "bad line"))" : ""
    let more = replay.isIndexing ? "+" : ""
    return "\(Format.count(Int64(replay.place)))/\(Format.count(Int64(replay.count)))\(more) events\(bad)"
  }
}

/// When the recording began and ends, how far it is, and where something failed or someone was needed.
func drawTimeBar(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard let replay = state.replay, !rect.isEmpty else { return }
  let theme = state.theme
  frame.fill(rect, style: theme[.text])
  let track = state.timeTrack(rect)
  frame.put(
    Format.clock(replay.first, offset: state.utcOffset), x: rect.x + 1, y: rect.y, width: 8, style: theme[.timestamp])
  let span = max(1, (replay.last - replay.first).milliseconds)
  func column(_ time: Timestamp) -> Int {
    let share = Double(max(0, min(span, (time - replay.first).milliseconds))) / Double(span)
    return track.x + Int((share * Double(max(0, track.width - 1))).rounded())
  }
  if track.width > 4 {
    let here = column(replay.time)
    for x in track.x..<track.right {
      frame.put(x <= here ? "━" : "─", x: x, y: rect.y, width: 1, style: theme[x <= here ? .progressFill : .faint])
    }
    // Failures over questions, and both over the line; the place over all.
    for kind in [ReplayMark.Kind.attention, .failed] {
      for mark in replay.marks where mark.kind == kind {
        frame.put(
          kind == .failed ? Glyphs.failed : Glyphs.attention, x: column(mark.time), y: rect.y, width: 1,
          style: theme[kind == .failed ? .runFailed : .runAttention])
      }
    }
    frame.put("●", x: here, y: rect.y, width: 1, style: theme[.accent])
  }
  frame.put(
    Format.clock(replay.last, offset: state.utcOffset), x: track.right + 2, y: rect.y, width: 8,
    style: theme[.timestamp])
  frame.put(
    state.timeCount, x: track.right + 11, y: rect.y, width: max(0, rect.right - track.right - 11),
    style: theme[replay.badCount > 0 ? .runFailed : .muted])
}

/// In the header, where otherwise the link is told: never "live".
func replayWords(_ replay: ReplayStatus, _ state: DashboardState) -> Span {
  let time = Format.clock(replay.time, offset: state.utcOffset)
  switch replay.motion {
  case .playing: return Span("▷ replay \(replay.speed.name) \(time)", .linkConnecting)
  case .paused: return Span("‖ replay paused \(time)", .linkConnecting)
  case .ended: return Span("■ replay ended \(time)", .linkConnecting)
  case .seeking: return Span("… replay \(replay.speed.name) \(time)", .linkConnecting)
  }
}
