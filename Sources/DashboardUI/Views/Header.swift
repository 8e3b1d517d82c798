import RunModel
import TerminalKit

/// How much the top line says. What there is no room for is left out whole, never cut in a word.
private struct HeaderForm {
  enum Counts: Int, Comparable {
    case none, live, some, all

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  var isWide = false
  var hasRate = false
  /// Words beside the counts of what is live.
  var namesCounts = false
  var counts = Counts.all
  var hasDrops = true
  var longestPlace = Int.max

  /// The fullest first.
  static let all = [
    HeaderForm(isWide: true, hasRate: true, namesCounts: true), HeaderForm(isWide: true, namesCounts: true),
    HeaderForm(isWide: true, namesCounts: true, counts: .some), HeaderForm(isWide: true, counts: .some), HeaderForm(),
    HeaderForm(counts: .some), HeaderForm(counts: .live), HeaderForm(counts: .none),
    HeaderForm(counts: .none, hasDrops: false), HeaderForm(counts: .none, hasDrops: false, longestPlace: 24),
    HeaderForm(counts: .none, hasDrops: false, longestPlace: 12),
  ]
}

/// The top line: who, the link, the counts, who needs someone, the rate and the time.
func drawHeader(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  frame.fill(rect, style: theme[.header])
  let forms = HeaderForm.all.filter { rect.width >= 110 || !$0.isWide }
  var line = StyledLine([])
  for form in forms {
    line = StyledLine(headerLeft(state, form), right: headerRight(state, form))
    if (line.spans + line.right).reduce(0, { $0 + $1.width }) <= rect.width { break }
  }
  frame.draw(line, in: rect, theme, ground: nil)
  // Statuses keep their colour, on the bar's ground.
  let bar = theme[.header].background
  frame.restyle(rect) { $0.background == theme[.text].background ? $0.on(bar) : $0 }
}

private func headerLeft(_ state: DashboardState, _ form: HeaderForm) -> [Span] {
  var left = [Span(" flightdeck ", .headerName), Span(" ", .header)]
  left.append(state.replay.map { replayWords($0, state) } ?? linkWords(state, form))
  // This user's own orchestrator goes without saying where there is little room; another one never does.
  if form.isWide || state.replay == nil && !(state.isHere && state.place == "local") {
    let place = state.place.utf8.count > form.longestPlace ? shortPlace(state.place) : state.place
    left.append(Span("  \(fitted(place, min(measure(place), form.longestPlace)))", .header))
  }
  if state.isReadOnly { left.append(Span("  read-only", .headerName)) }
  if let role = state.role, role < .admin { left.append(Span("  as \(role.rawValue)", .headerName)) }
  if form.counts != .none { left.append(Span(form.isWide ? "     " : "   ", .header)) }
  for status in RunStatus.allCases.sorted(by: { order($0) < order($1) }) {
    // One that waits for its approval is nobody's but the person's: it is told as that.
    let count = state.board.count(status) - (status == .queued ? state.board.awaitingApproval : 0)
    switch state.link.staleSince != nil && !form.isWide ? min(form.counts, .live) : form.counts {
    case .none: continue
    case .live where count == 0 || status.isTerminal, .some where count == 0: continue
    case .live, .some, .all: break
    }
    let (glyph, role) = Glyphs.status(status)
    let named = form.namesCounts && !status.isTerminal
    let text = "\(glyph) \(count)\(named ? " \(status.rawValue)" : "")\(form.isWide ? "  " : " ")"
    left.append(Span(text, count > 0 ? role : .header))
  }
  return left
}

private func linkWords(_ state: DashboardState, _ form: HeaderForm) -> Span {
  func age(_ since: Timestamp) -> String { Format.age((state.now - since).milliseconds) }
  switch state.link {
  case .connecting: return Span("◌ connecting", .linkConnecting)
  case .live: return Span("● live", .linkLive)
  case .lost(let since, let next):
    let again = next.map { $0 > state.now ? " in \(Format.age(($0 - state.now).milliseconds + 999))" : "" } ?? ""
    return Span(" ✖ lost, \(age(since)) old, trying again\(form.isWide ? again : "") ", .linkLost)
  case .starting(let since):
    let who = form.longestPlace < .max ? "it" : "the orchestrator"
    return Span(" ✖ \(who) ended, \(age(since)) old, starting it again ", .linkLost)
  case .refused(let since, _):
    let old = state.hasSnapshot ? ", \(age(since)) old" : ""
    return Span(" ✖ refused\(old): not let in ", .linkLost)
  }
}

/// Without how it is spoken to.
private func shortPlace(_ place: String) -> String {
  place.hasPrefix("https://") ? String(place.dropFirst(8)) : place
}

private func headerRight(_ state: DashboardState, _ form: HeaderForm) -> [Span] {
  var right: [Span] = []
  let waiting = state.board.needingAttention
  if waiting > 0 {
    right.append(
      Span(form.isWide ? "▲ \(waiting) \(waiting == 1 ? "needs" : "need") you" : "▲ \(waiting)", .runAttention))
  }
  if form.hasDrops, let lines = state.drops.recent(state.now), state.replay == nil {
    let words = "\(Glyphs.conflict) \(Format.count(lines)) "
    right.append(Span(form.isWide ? "   \(words)lines dropped" : " \(words)dropped", .linkConnecting))
  }
  if form.hasRate, state.replay == nil {
    right.append(Span("   \(Format.count(state.rate.perSecond)) ev/s", .header))
  }
  let clock = Format.clock(state.replay?.time ?? state.now, offset: state.utcOffset, seconds: false)
  return right + [Span("   \(clock) ", .header)]
}

private func order(_ status: RunStatus) -> Int {
  switch status {
  case .running: 0
  case .queued: 1
  case .succeeded: 2
  case .failed: 3
  case .canceled: 4
  }
}

// MARK: The banner

extension DashboardState {
  /// What keeps the screen from telling the truth, or the orchestrator from recording it; on every screen for as long.
  var banner: (mark: String, words: String, more: String, role: Role)? {
    if replay == nil, hasSnapshot, let words = linkTrouble { return ("✖", words, "", .linkLost) }
    if let outage {
      let words = outage.sentence { Format.clock($0, offset: utcOffset, seconds: false) }
      let lost = outage.dropped > 0 ? "\(Format.count(Int64(outage.dropped))) lines not kept" : ""
      return ("✖", words, lost, .linkLost)
    }
    guard let problem = configurationProblem else { return nil }
    let more = problem.split(separator: "\n").count
    return (
      "▲", "the old settings stay: \(Self.withoutFolder(String(problem.prefix { $0 != "\n" })))",
      more > 1 ? "and \(more - 1) more" : "", .linkConnecting
    )
  }

  /// An orchestrator of this user's that is gone for so long will not come back by itself.
  static let patience = Duration.seconds(5)

  private var linkTrouble: String? {
    switch link {
    case .connecting, .live, .starting: nil
    case .refused(_, let reason): String(reason.prefix { $0 != "\n" })
    case .lost(let since, _):
      isHere && now - since >= Self.patience
        ? "not current; agents go on. If it has ended, start it: flightdeck serve" : nil
    }
  }

  /// The name of a file says enough of where a message comes from.
  private static func withoutFolder(_ message: String) -> String {
    guard message.hasPrefix("/"), let colon = message.firstIndex(of: ":"),
      let slash = message[..<colon].lastIndex(of: "/")
    else { return message }
    return String(message[message.index(after: slash)...])
  }
}

func drawBanner(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard !rect.isEmpty, let banner = state.banner else { return }
  frame.fill(rect, style: state.theme[banner.role])
  frame.draw(
    StyledLine(
      [Span(" \(banner.mark) \(banner.words)", banner.role)],
      right: banner.more.isEmpty ? [] : [Span("  \(banner.more) ", banner.role)]), in: rect, state.theme,
    ground: banner.role)
}
