import RunModel
import TerminalKit

/// One row of the files tab: from the patch when it is there, else from the artifacts' list.
struct FileRow: Sendable {
  var path: String
  var oldPath: String?
  var change: PatchFile.Change
  var added: Int?
  var removed: Int?
  var isBinary = false
}

/// The run's files tab, and what it shares with the diff: reviewed marks and the way to $EDITOR.
extension DashboardState {
  var filePaths: [FileRow] {
    if let patch = open?.patch, !patch.files.isEmpty {
      return patch.files.map {
        FileRow(
          path: $0.path, oldPath: $0.oldPath == $0.newPath ? nil : $0.oldPath, change: $0.change, added: $0.added,
          removed: $0.removed, isBinary: $0.isBinary)
      }
    }
    return (open?.artifacts?.filesChanged ?? []).map { FileRow(path: $0, change: .modified) }
  }

  mutating func moveFiles(_ action: Action, _ height: Int) {
    let cursor = open?.fileCursor ?? 0
    let count = filePaths.count
    open?.fileCursor = Self.moved(cursor, action, page: height, count: count)
  }

  mutating func performInFiles(_ action: Action) {
    guard let file = filePaths[safe: open?.fileCursor ?? 0] else { return }
    switch action {
    case .reviewed:
      toggleReviewed(file.path)
      moveFiles(.down, layout.body.height)
    case .editFile: editFile(file.path)
    default: break
    }
  }

  // MARK: Reviewed marks

  /// Whether a file of the open run has been marked as it is now.
  func isReviewed(_ path: String) -> Bool {
    guard let open, let mark = preferences.reviews.mark(open.id, path) else { return false }
    return open.patch?.digest(ofFile: path) == mark
  }

  mutating func toggleReviewed(_ path: String) {
    guard let open, let digest = open.patch?.digest(ofFile: path) else { return }
    let mark = preferences.reviews.mark(open.id, path) == digest ? nil : digest
    keep { $0.reviews.setMark(mark, open.id, path) }
  }

  // MARK: $EDITOR

  /// Opens a file of the run's worktree at `line`, or where it was changed first.
  mutating func editFile(_ path: String, line: Int? = nil) {
    guard let open, let run = board[open.id] else { return }
    guard let worktree = run.worktree else {
      toast("\(run.runId.shortName) has no worktree to open the file in", .info)
      return
    }
    // The path comes from an agent's patch: it must not lead out of the worktree.
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !path.hasPrefix("/"), !parts.contains(".."), !path.isEmpty else {
      toast("\(path) is not in the run's worktree", .bad)
      return
    }
    emit(.openFile(worktree: worktree, path: path, line: line ?? open.patch?.firstChange(ofFile: path) ?? 1))
  }
}
