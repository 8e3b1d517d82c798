import RunModel
import TerminalKit

/// The run's events tab.
extension DashboardState {
  /// Lines of the log that may show: while paused, those that were there then.
  var shownLogCount: Int {
    guard let log else { return 0 }
    return open?.events.pausedAt.map { log.index(ofSeq: $0 + 1) } ?? log.count
  }

  var eventsTop: Int {
    guard let log, let pane = open?.events else { return 0 }
    let end = max(0, shownLogCount - layout.body.height)
    return pane.isFollowing ? end : min(log.index(ofSeq: pane.topSeq), max(0, shownLogCount - 1))
  }

  mutating func moveEvents(_ action: Action, _ height: Int) {
    switch action {
    case .left, .right:
      let left = (open?.events.left ?? 0) + (action == .left ? -8 : 8)
      open?.events.left = max(0, min(8192, left))
    case .bottom: open?.events.isFollowing = true
    default:
      let end = max(0, shownLogCount - height)
      let target = Self.scrolled(eventsTop, action, page: height, count: shownLogCount)
      let goesDown = action == .down || action == .halfDown || action == .pageDown
      setEventsTop(target, following: goesDown && target >= end)
    }
  }

  private mutating func setEventsTop(_ index: Int, following: Bool = false) {
    open?.events.isFollowing = following
    open?.events.topSeq = log?[index]?.seq ?? 0
  }

  mutating func performInEvents(_ action: Action) {
    guard let open else { return }
    switch action {
    case .follow:
      if open.events.isFollowing { setEventsTop(eventsTop) } else { self.open?.events.isFollowing = true }
      self.open?.events.pausedAt = nil
    case .pause:
      self.open?.events.pausedAt = open.events.pausedAt == nil ? (log?[(log?.count ?? 0) - 1]?.seq ?? 0) : nil
    case .wrap: self.open?.events.wraps.toggle()
    case .timestamps:
      let all = EventsPane.Times.allCases
      self.open?.events.times = all[((all.firstIndex(of: open.events.times) ?? 0) + 1) % all.count]
    case .eventTypes:
      guard let log else { return }
      let seq = log[eventsTop]?.seq ?? 0
      let all = LogFilter.allCases
      self.log?.setFilter(all[((all.firstIndex(of: log.filter) ?? 0) + 1) % all.count])
      if !open.events.isFollowing { self.open?.events.topSeq = seq }
    case .search: layers.append(.search(TextField()))
    case .nextMatch: goToMatch(1)
    case .previousMatch: goToMatch(-1)
    default: break
    }
  }

  mutating func goToEvent(_ step: Int) {
    guard let open, let log, !open.events.search.isEmpty, log.count > 0 else { return }
    let wanted = open.events.search.lowercased()
    var index = eventsTop
    for _ in 0..<log.count {
      index = (index + step + log.count) % log.count
      if log[index]?.text.lowercased().contains(wanted) == true {
        setEventsTop(index)
        return
      }
    }
    toast("\"\(open.events.search)\" is not in these events", .info)
  }
}
