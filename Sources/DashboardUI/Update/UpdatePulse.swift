import RunModel
import TerminalKit

/// The pulse screen.
extension DashboardState {
  /// At arrival, when the window changes, and once a second while it is looked at.
  mutating func redrawPulse() {
    history.advance(to: boardTime)
    pulse.picture = PulsePicture(history, pulse.window)
    guard !isActing || pulse.rows.isEmpty else { return }
    let start = Timestamp(milliseconds: history.end.milliseconds - pulse.window.milliseconds)
    pulse.rows = timeline.runs(since: start, board)
    refindTimeline()
  }

  /// How often charts and sparklines are drawn anew: once a second, or once a minute while nothing happens.
  var pulseInterval: Int64 {
    let isQuiet = board.count(.running) == 0 && board.count(.queued) == 0
    return isQuiet && (now - (eventsAt ?? Timestamp(milliseconds: 0))).milliseconds > 120_000 ? 60_000 : 1000
  }

  mutating func settlePulse() {
    guard screen == .pulse, (now - pulse.picture.end).milliseconds >= pulseInterval, link.isLive else { return }
    redrawPulse()
  }

  private mutating func refindTimeline() {
    if let run = pulse.selection, let index = pulse.rows.firstIndex(of: run) {
      pulse.cursor = index
    } else {
      pulse.cursor = max(0, min(pulse.cursor, pulse.rows.count - 1))
    }
    // Until someone moves, the newest run is the one that is chosen.
    if pulse.selection == nil || pulse.rows.isEmpty { pulse.cursor = 0 }
    keepTimelineVisible()
  }

  var timelineRows: Rect { PulseLayout(layout.body, pulse.parts).rows }

  mutating func keepTimelineVisible() {
    let height = max(1, timelineRows.height)
    pulse.top = min(max(pulse.top, pulse.cursor - height + 1), pulse.cursor)
    pulse.top = max(0, min(pulse.top, pulse.rows.count - height))
  }

  mutating func moveTimeline(to index: Int) {
    guard !pulse.rows.isEmpty else { return }
    actingUntil = now + .milliseconds(1500)
    pulse.cursor = max(0, min(index, pulse.rows.count - 1))
    pulse.selection = pulse.rows[pulse.cursor]
    keepTimelineVisible()
  }

  /// A longer window, or a shorter one.
  mutating func turnWindow(_ step: Int) {
    let all = PulsePage.Window.allCases
    let place = (all.firstIndex(of: pulse.window) ?? 0) + step
    guard all.indices.contains(place) else { return }
    pulse.window = all[place]
    actingUntil = now
    redrawPulse()
    let title = all[place].rawValue
    keep { $0.pulseWindow = title }
  }

  mutating func turnPulseParts() {
    let all = PulsePage.Parts.allCases
    pulse.parts = all[((all.firstIndex(of: pulse.parts) ?? 0) + 1) % all.count]
    keepTimelineVisible()
  }

  /// How charts are drawn here: as chosen, but never in what the terminal cannot show.
  var chartStyle: ChartStyle { asciiOnly ? .ascii : preferences.chartStyle ?? (hasBraille ? .braille : .blocks) }

  mutating func turnChartStyle() {
    guard !asciiOnly else {
      toast("This terminal shows ASCII alone", .info)
      return
    }
    let all = ChartStyle.allCases
    let next = all[((all.firstIndex(of: chartStyle) ?? 0) + 1) % all.count]
    keep { $0.chartStyle = next }
    toast("Charts in \(next == .ascii ? "ASCII" : next.rawValue)", .info)
  }
}

extension LinkState {
  var isLive: Bool { self == .live }
}
