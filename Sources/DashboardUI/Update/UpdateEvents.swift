import RunModel
import TerminalKit

/// The run's events tab.
extension DashboardState {
  /// Lines of the log that may show: while paused, those that were there then.
  var shownLogCount: Int {
    guard let log else { return 0 }
    return open?.events.pausedAt.map { log.index(ofSeq: $0 + 1) } ?? log.count
  }

  /// Where the list is, and where an opened event.
  var eventsAreas: (list: Rect, tree: Rect) {
    var list = layout.body
    guard open?.events.tree != nil else { return (list, Rect(x: 0, y: 0, width: 0, height: 0)) }
    let tree = list.width >= 120 ? list.takeRight(list.width / 2) : list.takeBottom(max(4, list.height * 3 / 5))
    return (list, tree)
  }

  /// Rows for events: the first line may say that there are earlier ones.
  private var eventsHeight: Int { max(1, eventsAreas.list.height - (hasEarlierEvents ? 1 : 0)) }

  var hasEarlierEvents: Bool {
    guard let log, let run = board[log.run] else { return false }
    return log.hasEarlier(run)
  }

  var eventsTop: Int {
    guard let log, let pane = open?.events else { return 0 }
    let end = max(0, shownLogCount - eventsAreas.list.height)
    return pane.isFollowing ? end : min(log.index(ofSeq: pane.topSeq), max(0, shownLogCount - 1))
  }

  /// The row that keys are about.
  var eventsCursor: Int {
    guard let log, let pane = open?.events else { return 0 }
    let last = max(0, shownLogCount - 1)
    return pane.isFollowing ? last : min(log.index(ofSeq: pane.cursorSeq), last)
  }

  mutating func moveEvents(_ action: Action) {
    switch action {
    case .left, .right:
      let left = (open?.events.left ?? 0) + (action == .left ? -8 : 8)
      open?.events.left = max(0, min(8192, left))
    case .bottom: followEvents()
    case .top where eventsCursor == 0 && hasEarlierEvents: askEarlierEvents()
    default:
      let cursor = eventsCursor
      let target = Self.moved(cursor, action, page: eventsHeight, count: shownLogCount)
      let goesDown = action == .down || action == .halfDown || action == .pageDown
      if goesDown, target >= shownLogCount - 1 { followEvents() } else { setEventsCursor(target) }
    }
  }

  private mutating func followEvents() { open?.events.isFollowing = true }

  /// The top moves only as far as it must for the cursor to be in sight.
  mutating func setEventsCursor(_ index: Int) {
    guard let log else { return }
    let top = eventsTop
    let height = eventsHeight
    var least = index
    var used = 0
    while least >= 0 {
      used += eventHeight(least)
      if used > height { break }
      least -= 1
    }
    let newTop = index < top ? index : max(top, min(index, least + 1))
    open?.events.isFollowing = false
    open?.events.cursorSeq = log[index]?.seq ?? 0
    open?.events.topSeq = log[newTop]?.seq ?? 0
  }

  private func eventHeight(_ index: Int) -> Int {
    open?.events.wraps == true ? eventLines(index, width: eventsAreas.list.width - 3).count : 1
  }

  private mutating func askEarlierEvents() {
    guard let run = log?.run else { return }
    if log?.isAsking == true { return }
    if let limit = log?.askForEarlier() {
      emit(.fetchBacklog(run, limit: limit))
    } else {
      toast("Earlier ones: flightdeck events --run \(run.shortName)", .info)
    }
  }

  mutating func performInEvents(_ action: Action) {
    guard let open, let log else { return }
    switch action {
    case .follow:
      if open.events.isFollowing { setEventsCursor(eventsCursor) } else { followEvents() }
      self.open?.events.pausedAt = nil
    case .pause:
      self.open?.events.pausedAt = open.events.pausedAt == nil ? (log[log.count - 1]?.seq ?? 0) : nil
    case .wrap: self.open?.events.wraps.toggle()
    case .timestamps:
      let all = EventsPane.Times.allCases
      self.open?.events.times = all[((all.firstIndex(of: open.events.times) ?? 0) + 1) % all.count]
    case .eventTypes: layers.append(.eventTypes(cursor: 0))
    case .search: layers.append(.search(TextField()))
    case .nextMatch: goToEvent(1)
    case .previousMatch: goToEvent(-1)
    case .markLine:
      guard let seq = log[eventsCursor]?.seq else { return }
      if self.open?.events.marks.remove(seq) == nil { self.open?.events.marks.insert(seq) }
      if open.events.isFollowing { setEventsCursor(eventsCursor) }
    case .nextMark: jumpInEvents(1, "mark") { open.events.marks.contains($0.seq) }
    case .previousMark: jumpInEvents(-1, "mark") { open.events.marks.contains($0.seq) }
    case .nextError: jumpInEvents(1, "error") { $0.isError }
    case .previousError: jumpInEvents(-1, "error") { $0.isError }
    default: break
    }
  }

  private mutating func jumpInEvents(_ step: Int, _ what: String, where isWanted: (LogLine) -> Bool) {
    if let row = log?.next(from: eventsCursor, step, where: isWanted), row < shownLogCount {
      setEventsCursor(row)
    } else {
      toast("No \(what) \(step > 0 ? "below" : "above")", .info)
    }
  }

  mutating func searchEvents(_ text: String) {
    open?.events.search = text
    log?.setSearch(text)
  }

  /// The match after or before the cursor, going round.
  mutating func goToEvent(_ step: Int) {
    guard let log, !log.search.isEmpty else { return }
    let here = log[eventsCursor]?.seq ?? 0
    let isFollowing = open?.events.isFollowing ?? false
    let found =
      step > 0
      ? log.matches.first { $0 > here } ?? log.matches.first
      : log.matches.last { isFollowing ? $0 <= here : $0 < here } ?? log.matches.last
    if let found {
      setEventsCursor(log.index(ofSeq: found))
    } else {
      toast("\"\(log.search.text)\" is not in these events", .info)
    }
  }

  /// `3 of 17`, or `17 found` when the cursor is on none of them.
  var matchPlace: String? {
    guard let log, !log.search.isEmpty else { return nil }
    let here = log[eventsCursor]?.seq ?? 0
    guard let place = log.matches.firstIndex(of: here) else { return "\(log.matches.count) found" }
    return "\(place + 1) of \(log.matches.count)"
  }

  /// Enter: the event under the cursor, whole.
  mutating func openEvent() {
    guard let line = log?[eventsCursor] else { return }
    guard let event = line.event, let json = try? JSONValue(parsing: event.jsonBytes) else {  // our own JSON parses
      toast("This event is too long to keep: flightdeck events --after \(line.seq - 1) prints it", .info)
      return
    }
    setEventsCursor(eventsCursor)
    open?.events.tree = JSONTree(json)
    setEventsCursor(eventsCursor)
  }

  // MARK: Choosing types

  /// The rows of the chooser: what there is, and how many.
  var eventTypes: [(name: String, count: Int)] {
    guard let log else { return [] }
    var rows = [(name: "all", count: log.total)]
    if log.errorCount > 0 || log.types.contains(RunLog.errors) { rows.append((RunLog.errors, log.errorCount)) }
    let names = Set(log.counts.keys).union(log.types).subtracting([RunLog.errors])
    return rows + names.sorted().map { ($0, log.counts[$0] ?? 0) }
  }

  mutating func takeInEventTypes(_ key: Key, _ cursor: Int) {
    let rows = eventTypes
    let here = min(cursor, rows.count - 1)
    let action = keys.action(for: key, in: [.events, .moving])
    switch (key, action) {
    case (.escape, _), (.character("q"), _), (_, .eventTypes): layers.removeLast()
    case (.enter, _):
      layers.removeLast()
      if let row = rows[safe: here] { showTypes(row.name == "all" ? [] : [row.name]) }
    case (.character(" "), _):
      guard let row = rows[safe: here], let types = log?.types else { return }
      showTypes(row.name == "all" ? [] : types.symmetricDifference([row.name]))
    case (_, .up?), (_, .down?), (_, .top?), (_, .bottom?):
      layers.removeLast()
      layers.append(.eventTypes(cursor: Self.moved(here, action ?? .up, page: 8, count: rows.count)))
    default: break
    }
  }

  private mutating func showTypes(_ types: Set<String>) {
    let seq = log?[eventsCursor]?.seq ?? 0
    log?.setTypes(types)
    guard open?.events.isFollowing == false, let log else { return }
    setEventsCursor(min(log.index(ofSeq: seq), max(0, log.count - 1)))
  }
}
