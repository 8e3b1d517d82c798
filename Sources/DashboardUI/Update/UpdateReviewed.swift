import RunModel

extension DashboardState {
  func isReviewed(_ path: String) -> Bool {
    guard let open, let mark = preferences.reviews.mark(open.id, path) else { return false }
    return open.patch?.digest(ofFile: path) == mark
  }

  mutating func toggleReviewed(_ path: String) {
    guard let open, let digest = open.patch?.digest(ofFile: path) else { return }
    let mark = preferences.reviews.mark(open.id, path) == digest ? nil : digest
    keep { $0.reviews.setMark(mark, open.id, path) }
  }

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
