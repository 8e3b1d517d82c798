import RunModel
import TerminalKit

/// What folds: evidence, an opened event, an opened audit record.
extension DashboardState {
  /// The tree that keys go to now.
  var tree: JSONTree? {
    get {
      guard screen == .run, let open else { return nil }
      return switch open.tab {
      case .events: open.events.tree
      case .evidence: open.evidence
      case .audit: open.audit.tree
      default: nil
      }
    }
    set {
      switch open?.tab {
      case .events: open?.events.tree = newValue
      case .evidence: open?.evidence = newValue
      case .audit: open?.audit.tree = newValue
      default: break
      }
    }
  }

  mutating func moveTree(_ action: Action) {
    guard var moved = tree else { return }
    let area =
      switch open?.tab {
      case .events: eventsAreas.tree.height - 1
      case .audit: auditAreas.tree.height - 1
      default: layout.body.height
      }
    switch action {
    case .left: moved.fold()
    case .right: moved.unfold()
    default: moved.cursor = Self.moved(moved.cursor, action, page: max(1, area), count: moved.rows.count)
    }
    moved.top = jsonTop(moved, height: max(1, area))
    tree = moved
  }

  /// Escape: an opened event or record closes before the screen does. False when none is open.
  mutating func closeTree() -> Bool {
    guard screen == .run, open?.tab == .events || open?.tab == .audit, tree != nil else { return false }
    tree = nil
    return true
  }

  mutating func takeEvidence(_ artifacts: Artifacts) {
    let old = open?.evidence
    open?.evidence = artifacts.evidence.map { JSONTree($0, like: old) }
  }

  // MARK: Audit

  var auditAreas: (list: Rect, tree: Rect) {
    var list = layout.body
    guard open?.audit.tree != nil else { return (list, Rect(x: 0, y: 0, width: 0, height: 0)) }
    let tree = list.width >= 120 ? list.takeRight(list.width / 2) : list.takeBottom(max(4, list.height * 3 / 5))
    return (list, tree)
  }

  /// Reads the run's records, when they have not been read or may be more by now.
  mutating func askAudit() {
    guard let open, open.tab == .audit, screen == .run else { return }
    if let asked = open.audit.askedAt {
      let isLive = board[open.id]?.status.isTerminal == false
      guard open.audit.problem != nil || isLive || open.audit.trail == nil, (now - asked).milliseconds >= 2000 else {
        return
      }
    }
    self.open?.audit.askedAt = now
    emit(.fetchRunAudit(open.id))
  }

  mutating func moveAudit(_ action: Action) {
    let count = open?.audit.trail?.records.count ?? 0
    let cursor = open?.audit.cursor ?? 0
    let height = auditAreas.list.height
    open?.audit.cursor = Self.moved(cursor, action, page: height, count: count)
  }

  mutating func openAuditRecord() {
    guard let pane = open?.audit, let record = pane.trail?.records[safe: pane.cursor] else { return }
    open?.audit.tree = JSONTree(record.json)
  }
}
