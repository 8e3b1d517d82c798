import RunModel
import TerminalKit

/// Where the audit screen's parts are.
struct AuditLayout {
  var summary: Rect
  var heads: Rect
  var rows: Rect
  /// Empty when it is closed.
  var detail: Rect
}

/// The audit screen.
extension DashboardState {
  var auditLayout: AuditLayout {
    var rest = layout.body
    let summary = rest.takeTop(1)
    var detail = Rect(x: rest.x, y: rest.bottom, width: 0, height: 0)
    if audit.showsDetail, audit.count > 0 {
      detail = rest.width >= 160 ? rest.takeRight(rest.width * 2 / 5) : rest.takeBottom(max(6, rest.height * 2 / 5))
    }
    let heads = rest.takeTop(1)
    return AuditLayout(summary: summary, heads: heads, rows: rest, detail: detail)
  }

  var auditRecord: AuditRecord? { audit[audit.cursor] }

  mutating func arriveAtAudit() {
    if audit.isLoaded { audit.isStale = true } else { askAudit(.latest) }
  }

  private mutating func askAudit(_ portion: AuditPortion) {
    guard audit.asked == nil else { return }
    audit.asked = portion
    audit.askedAt = now
    emit(.fetchAudit(portion))
  }

  /// Follows the trail once a second while someone looks at its end.
  mutating func settleAudit() {
    guard screen == .audit, audit.isStale, audit.asked == nil, audit.reachesLast, audit.problem == nil,
      (now - audit.askedAt).milliseconds >= 1000
    else { return }
    audit.isStale = false
    askAudit(audit.records.isEmpty ? .latest : .after(audit.records.last?.seq ?? 0))
  }

  mutating func takeAudit(_ part: AuditPart, _ portion: AuditPortion) {
    guard audit.asked == portion else { return }
    audit.asked = nil
    let board = board
    let cursor = audit.cursorSeq
    guard audit.take(part, portion, titles: { board[$0]?.title }) else {
      audit = AuditPage()
      askAudit(.latest)
      return
    }
    switch portion {
    case .first: audit.cursorSeq = audit[0]?.seq
    case .latest: audit.cursorSeq = nil
    case .before, .after: audit.cursorSeq = cursor
    }
    keepAuditVisible()
    wantMoreAudit()
  }

  mutating func failAudit(_ problem: Problem) {
    audit.asked = nil
    audit.problem = problem.detail
    audit.isLoaded = true
  }

  /// Near an edge of what is read, the next part is asked for.
  private mutating func wantMoreAudit() {
    guard screen == .audit, audit.isLoaded, audit.problem == nil, let first = audit.records.first,
      let last = audit.records.last
    else { return }
    let height = auditLayout.rows.height
    if audit.cursor < height, !audit.reachesFirst, audit.cursorSeq != nil || audit.count < height {
      askAudit(.before(first.seq))
    } else if audit.cursor > audit.count - height, !audit.reachesLast {
      askAudit(.after(last.seq))
    }
  }

  mutating func keepAuditVisible() {
    let height = max(1, auditLayout.rows.height)
    let cursor = audit.cursor
    audit.top = min(max(audit.top, cursor - height + 1), cursor)
    audit.top = max(0, min(audit.top, audit.count - height))
  }

  mutating func moveTrail(_ action: Action) {
    switch action {
    case .top where !audit.reachesFirst && audit.filter.isEmpty: askAudit(.first)
    case .bottom:
      audit.cursorSeq = nil
      if !audit.reachesLast { askAudit(.latest) }
    case .left, .right:
      let count = auditDetailLines(width: max(1, auditLayout.detail.width - 4)).count
      audit.detailTop = Self.scrolled(
        audit.detailTop, action == .left ? .up : .down, page: max(1, auditLayout.detail.height - 1), count: count)
      return
    default:
      moveTrail(to: Self.moved(audit.cursor, action, page: auditLayout.rows.height, count: audit.count))
      return
    }
    audit.detailTop = 0
    keepAuditVisible()
    wantMoreAudit()
  }

  mutating func moveTrail(to index: Int) {
    guard audit.count > 0 else { return }
    let isEnd = index >= audit.count - 1 && audit.reachesLast
    audit.cursorSeq = isEnd ? nil : audit[max(0, index)]?.seq
    audit.detailTop = 0
    keepAuditVisible()
    wantMoreAudit()
  }

  mutating func setAuditFilter(_ text: String) {
    let seq = auditRecord?.seq
    let board = board
    audit.setFilter(text, titles: { board[$0]?.title })
    // The record stays under the cursor if it still shows, else the one before it.
    audit.cursorSeq = audit.cursorSeq == nil ? nil : seq
    keepAuditVisible()
    wantMoreAudit()
  }

  mutating func performOnAudit(_ action: Action) {
    switch action {
    case .auditDetail:
      audit.showsDetail.toggle()
      keepAuditVisible()
    case .reloadAudit:
      let shows = audit.showsDetail
      audit = AuditPage()
      audit.showsDetail = shows
      askAudit(.latest)
    case .verifyAudit:
      guard !audit.isVerifying else { return }
      audit.isVerifying = true
      emit(.verifyAudit)
    default: break
    }
  }

  mutating func copyFromAudit() {
    guard let record = auditRecord else { return }
    emit(.copy(record.eventHash))
    toast("Copied the hash of record \(record.seq)", .info)
  }

  mutating func takeInAuditFilter(_ key: Key, _ field: TextField, _ before: String) {
    var field = field
    switch key {
    case .enter: layers.removeLast()
    case .escape:
      layers.removeLast()
      setAuditFilter(field.text.isEmpty ? before : "")
    case .backspace where field.text.isEmpty: layers.removeLast()
    default:
      guard field.handle(key) else { return }
      layers.removeLast()
      layers.append(.auditFilter(field, before: before))
      setAuditFilter(field.text)
    }
  }
}
