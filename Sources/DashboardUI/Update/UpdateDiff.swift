import RunModel
import TerminalKit

/// The diff tab.
extension DashboardState {
  mutating func moveInDiff(_ action: Action) {
    guard let open else { return }
    switch action {
    case .left: self.open?.diff.left = max(0, open.diff.left - 8)
    case .right: self.open?.diff.left = min(Patch.longest, open.diff.left + 8)
    default:
      let count = open.patch?.lineCount ?? 0
      let height = layout.body.height
      let page = open.diff.wraps ? 1 : height
      self.open?.diff.top = Self.scrolled(open.diff.top, action, page: height, count: count, last: page)
    }
  }

  mutating func performInDiff(_ action: Action) {
    guard let open else { return }
    switch action {
    case .search: layers.append(.search(TextField()))
    case .wrap: self.open?.diff.wraps.toggle()
    case .nextHunk: goToLine { $0.hunks.first { $0.line > open.diff.top }?.line }
    case .previousHunk: goToLine { $0.hunks.last { $0.line < open.diff.top }?.line }
    case .nextFile: goToLine { $0.files.first { $0.firstLine > open.diff.top }?.firstLine }
    case .previousFile: goToLine { $0.files.last { $0.firstLine < open.diff.top }?.firstLine }
    default: break
    }
  }

  private mutating func goToLine(_ find: (Patch) -> Int?) {
    if let patch = open?.patch, let line = find(patch) { open?.diff.top = line }
  }

  mutating func goToDiffMatch(_ step: Int) {
    guard let open else { return }
    guard let patch = open.patch, !open.diff.search.isEmpty else { return }
    guard let line = patch.search(open.diff.search, from: open.diff.matchLine ?? open.diff.top - 1, direction: step)
    else {
      toast("\"\(open.diff.search)\" is not in this diff", .info)
      return
    }
    self.open?.diff.matchLine = line
    let height = layout.body.height
    if line < open.diff.top || line >= open.diff.top + height { self.open?.diff.top = max(0, line - height / 3) }
  }

  /// Goes to the file that was asked for once the index knows it.
  mutating func followWantedPath() {
    guard let path = open?.diff.wantedPath, let patch = open?.patch else { return }
    if let file = patch.files.first(where: { $0.path == path || $0.oldPath == path }) {
      open?.diff.top = file.firstLine
      open?.diff.wantedPath = nil
    } else if patch.isComplete {
      open?.diff.wantedPath = nil
    }
  }
}
