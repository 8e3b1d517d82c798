import RunModel
import TerminalKit

/// The audit trail, as logs are read: the newest last.
func drawAudit(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  let page = state.audit
  let layout = state.auditLayout
  if page.records.isEmpty {
    var lines = [StyledLine("Reading the audit trail…", .muted)]
    if let problem = page.problem {
      lines = wrapped([Span("✖ " + problem, .runFailed)], width: rect.width - 6, indent: 2, most: 5).map {
        StyledLine($0)
      }
      lines += [.blank, StyledLine([Span("r", .accent, .bold), Span("  read again")])]
    } else if page.isLoaded {
      lines = [
        StyledLine("Nothing is on the trail yet.", .heading), .blank,
        StyledLine("Who does what to a run, and why, is recorded here.", .muted),
      ]
    }
    drawPageWord(lines, rect, state, &frame)
    return
  }
  drawAuditSummary(state, layout.summary, &frame)
  let columns = AuditColumns(width: layout.rows.width, last: page.last)
  frame.draw([Span(columns.heads, .muted)], x: rect.x, y: layout.heads.y, width: layout.heads.width, theme)
  if page.count == 0 {
    frame.draw(
      StyledLine([
        Span("   No record among the \(page.records.count) that are read matches "), Span(page.filter, .accent),
        Span(".  esc", .footerKey), Span(" shows all again", .muted),
      ]), in: layout.rows.row(1), theme)
  }
  let cursor = page.cursor
  for row in 0..<layout.rows.height {
    guard let record = page[page.top + row] else { break }
    let isSelected = page.top + row == cursor
    frame.draw(
      columns.row(record, isSelected, state), x: rect.x, y: layout.rows.y + row, width: layout.rows.width, theme)
    if isSelected { select(layout.rows.row(row), theme, &frame) }
  }
  drawScrollMark(page.top, layout.rows, page.count, theme, &frame)
  if !layout.detail.isEmpty { drawAuditDetail(state, layout.detail, &frame) }
}

private func drawAuditSummary(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let page = state.audit
  var spans = [Span("   ")]
  if let broken = page.complaints.keys.min() {
    spans.append(Span("✖ record \(broken) is broken: \(page.complaints[broken] ?? "")", .runFailed))
  } else if page.isVerifying {
    spans.append(Span("checking the whole chain…", .muted))
  } else if let whole = page.whole {
    if let at = whole.brokenAt {
      spans.append(Span("✖ the chain breaks at record \(at): \(whole.broken ?? "")", .runFailed))
    } else {
      spans.append(Span("✔ the chain is whole, records 1 to \(whole.checked)", .yes))
    }
  } else if let first = page.records.first, let last = page.records.last {
    spans.append(Span("✔ records \(first.seq) to \(last.seq) checked", .yes))
    if first.seq > 1 {
      spans += [Span("   V", .accent), Span(" checks all \(page.last)", .muted)]
    }
  }
  var right: [Span] = []
  if let problem = page.problem {
    right = [Span("✖ \(fitted(problem, min(measure(problem), 30)))  r reads again ", .runFailed)]
  } else if page.asked == .first || page.asked == .latest {
    right = [Span("reading… ", .muted)]
  }
  if !page.filter.isEmpty {
    right = [Span("/" + page.filter, .accent), Span("   \(page.count) of \(page.records.count) read ", .muted)]
  }
  frame.draw(StyledLine(spans, right: right), in: rect, state.theme)
}

/// Widths of the trail's columns.
struct AuditColumns {
  static let time = 11
  static let run = 6
  var seq: Int
  /// Our own name is whole: `flightdeck`.
  var actor = 10
  /// The longest of ours is whole: `approval_requested`.
  var event = 18
  var why: Int
  var hash = 7

  /// `last`: the newest record's number, which all have room for.
  init(width: Int, last: UInt64) {
    seq = max(4, String(last).count)
    var room = width - 3 - Self.time - Self.run - seq - actor - event - hash - 2 * 6 - 1
    if room > 40 {
      actor += 7
      hash += 5
      event += 4
      room -= 16
    } else if room < 20 {
      // The record has its hash; here the reason needs the room more.
      room += hash + 2
      hash = 0
    }
    why = max(0, room)
  }

  var heads: String {
    var heads = [
      fitted("#", seq, right: true), fitted("TIME", Self.time, right: true), fitted("WHO", actor), fitted("DID", event),
      fitted("RUN", Self.run), fitted("WHY, ELSE TITLE", why),
    ]
    if hash > 0 { heads.append(fitted("HASH", hash)) }
    return "   " + heads.joined(separator: "  ")
  }

  func row(_ record: AuditRecord, _ isSelected: Bool, _ state: DashboardState) -> [Span] {
    let broken = state.audit.complaints[record.seq] != nil
    let role: Role =
      switch record.eventType {
      case "agent_run.failed", "agent_run.rejected": .runFailed
      case "agent_run.completed", "agent_run.approved": .runSucceeded
      case "agent_run.canceled", "agent_run.cancel_requested", "agent_run.stop_sent": .runCanceled
      default: .text
      }
    let why =
      record.rationale.map { Span($0) } ?? (answerWords(record) ?? tokenWords(record)).map { Span($0) }
      ?? Span(record.run.flatMap { state.board[$0]?.title } ?? "", .muted)
    return [
      Span(isSelected ? "▌" : " ", .accent), Span(broken ? "✖ " : "✔ ", broken ? .runFailed : .yes),
      Span(fitted("\(record.seq)", seq, right: true), .muted),
      Span("  " + fitted(auditTime(record.createdAt, state), Self.time, right: true), .timestamp),
      Span("  " + fitted(record.actorId ?? record.actorType, actor), record.actorType == "human" ? .emphasis : .muted),
      Span("  " + fitted(auditEvent(record), event), role),
      Span("  " + fitted(record.run?.shortName ?? "—", Self.run), .muted), Span("  "),
      Span(fitted(why.text, self.why), why.role),
      Span(hash > 0 ? "  " + fitted(String(record.eventHash.prefix(hash)), hash) : "", .muted),
    ]
  }
}

/// Without the prefix that most share, and short for the others: `completed`, `runtime.degraded`, `token.created`.
func auditEvent(_ record: AuditRecord) -> String {
  for prefix in ["agent_run.", "agent_", "access_"] where record.eventType.hasPrefix(prefix) {
    return String(record.eventType.dropFirst(prefix.count))
  }
  return record.eventType
}

/// What was answered.
func answerWords(_ record: AuditRecord) -> String? {
  guard record.eventType == "agent_run.answered", let answer = record.eventData["answer"]?.string else { return nil }
  return answer
}

/// Whose token it is about, and what that may do.
private func tokenWords(_ record: AuditRecord) -> String? {
  guard record.eventType.hasPrefix("access_token."), let name = record.eventData["name"]?.string else { return nil }
  return "\(name)'s token" + (record.eventData["role"]?.string.map { ", \($0)" } ?? "")
}

/// The clock of today, or day and time.
private func auditTime(_ time: Timestamp, _ state: DashboardState) -> String {
  let moment = Format.moment(time, offset: state.utcOffset)
  let isToday = moment.prefix(10) == Format.moment(state.now, offset: state.utcOffset).prefix(10)
  return isToday ? String(moment.dropFirst(11)) : String(moment.dropFirst(5).prefix(11))
}

// MARK: One record

private func drawAuditDetail(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  guard let record = state.auditRecord else { return }
  let theme = state.theme
  var rect = rect
  let lines: [StyledLine]
  if rect.x > 0 {
    for y in rect.y..<rect.bottom { frame.put("│", x: rect.x, y: y, width: 1, style: theme[.border]) }
    rect = Rect(x: rect.x + 2, y: rect.y, width: rect.width - 3, height: rect.height)
    lines = state.auditDetailLines(width: rect.width)
  } else {
    lines = state.auditDetailLines(width: rect.width - 4)
    frame.rule(rect.takeTop(1), [Span("Record \(record.seq)", .emphasis)], theme)
    rect = rect.inset(dx: 2, dy: 0)
  }
  let top = max(0, min(state.audit.detailTop, lines.count - rect.height))
  frame.draw(Array(lines.dropFirst(top)), in: rect, theme)
}

extension DashboardState {
  /// All that a record says: who and why, its state before and after, its data, its place in the chain.
  func auditDetailLines(width: Int) -> [StyledLine] {
    guard let record = auditRecord else { return [] }
    func fact(_ name: String, _ spans: [Span]) -> [StyledLine] {
      wrapped([Span(fitted(name, 10), .muted)] + spans, width: width, indent: 10, most: 6).map { StyledLine($0) }
    }
    var lines = fact(
      "who",
      [Span(record.actorId ?? "—", .emphasis), Span("  \(record.actorType)", .muted), Span("  \(record.eventType)")])
    if let why = record.rationale { lines += fact("why", [Span(why)]) }
    if let run = record.run {
      lines += fact(
        "run", [Span(run.description, .muted), Span("  \(board[run]?.title ?? "not among the runs known here")")])
    }
    lines += fact(
      "when",
      [
        Span(Format.moment(record.createdAt, offset: utcOffset)),
        Span("  \(Format.age((boardTime - record.createdAt).milliseconds)) ago", .muted),
        Span("  on \(record.runtimeProvider)", .muted),
      ])
    lines += stateChange(record, fact)
    if record.eventData != .null { lines += [StyledLine("data", .muted)] + jsonLines(record.eventData, width: width) }
    if let complaint = audit.complaints[record.seq] {
      lines += fact("chain", [Span("✖ \(complaint)", .runFailed)])
    } else {
      lines += fact("chain", [Span("✔ its content and its link match their hashes", .yes)])
    }
    lines += fact("hash", [Span(record.eventHash)])
    lines += fact("after", [Span(record.previousHash ?? "nothing: it is the first", .muted)])
    return lines
  }

  /// What the record says changed, member by member: before → after.
  private func stateChange(_ record: AuditRecord, _ fact: (String, [Span]) -> [StyledLine]) -> [StyledLine] {
    let before = record.beforeState.object ?? [:]
    let after = record.afterState.object ?? [:]
    var lines: [StyledLine] = []
    for key in before.keys + after.keys.filter({ !before.keys.contains($0) }) {
      let (old, new) = (before[key], after[key])
      func text(_ value: JSONValue?) -> String { value.map { $0.string ?? $0.jsonText } ?? "—" }
      lines += fact(
        key,
        old == new || record.afterState == .null
          ? [Span(text(old))] : [Span(text(old), .removed), Span(" → ", .muted), Span(text(new), .added)])
    }
    return lines
  }
}

/// A value as indented lines, a member each; deep or long ones are cut, and say so.
func jsonLines(_ value: JSONValue, width: Int, indent: Int = 2, most: Int = 200) -> [StyledLine] {
  var lines: [StyledLine] = []
  func add(_ name: String?, _ value: JSONValue, _ indent: Int) {
    guard lines.count < most else { return }
    let space = String(repeating: " ", count: min(indent, width / 2))
    var spans = [Span(space)]
    if let name { spans += [Span(name, .code), Span(": ", .muted)] }
    if let object = value.object, !object.isEmpty, indent < 24 {
      lines.append(StyledLine(spans))
      for (key, member) in object { add(key, member, indent + 2) }
    } else if let elements = value.array, !elements.isEmpty, indent < 24 {
      lines.append(StyledLine(spans + [Span("\(elements.count)", .muted)]))
      for element in elements { add("-", element, indent + 2) }
    } else {
      let text = value.string ?? value.jsonText
      lines += wrapped(spans + [Span(String(text.prefix(2000)))], width: width, indent: indent + 2, most: 4)
        .map { StyledLine($0) }
    }
  }
  if let object = value.object {
    for (key, member) in object { add(key, member, indent) }
  } else {
    add(nil, value, indent)
  }
  if lines.count >= most { lines.append(StyledLine("  and more; flightdeck audit export has it all", .muted)) }
  return lines
}
