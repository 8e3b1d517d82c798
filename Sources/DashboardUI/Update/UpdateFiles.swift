import RunModel
import TerminalKit

/// The run's files tab, and what it shares with the diff: reviewed marks and the way to $EDITOR.
extension DashboardState {
  /// Makes the tree of files anew, from the patch as far as it is read, else from the artifacts.
  mutating func layFiles() {
    guard let open else { return }
    var files: [FileRow]
    var reviewed: Set<String> = []
    if let patch = open.patch, !patch.files.isEmpty {
      files = patch.files.map {
        FileRow(
          path: $0.path,
          oldPath: $0.oldPath == $0.newPath || $0.change == .added || $0.change == .deleted
            ? nil : $0.oldPath, change: $0.change, added: $0.added, removed: $0.removed, isBinary: $0.isBinary,
          target: patch.linkTarget($0))
      }
      let marks = preferences.reviews.marked(open.id)
      if !marks.isEmpty {
        for (place, file) in patch.files.enumerated() {
          if let mark = marks[file.path], patch.digest(ofFileAt: place) == mark { reviewed.insert(file.path) }
        }
      }
    } else {
      files = (open.artifacts?.filesChanged ?? []).map { FileRow(path: $0, change: .modified) }
    }
    self.open?.files.set(files, reviewed: reviewed)
  }

  /// While a long patch is being read: not at every piece of it.
  mutating func layFilesIfMany() {
    guard let open, let patch = open.patch else { return }
    if patch.isComplete || patch.files.count >= 2 * max(1, open.files.files.count) { layFiles() }
  }

  mutating func moveFiles(_ action: Action, _ height: Int) {
    guard let files = open?.files else { return }
    switch action {
    case .left: open?.files.fold()
    case .right: open?.files.unfold()
    default: open?.files.cursor = Self.moved(files.cursor, action, page: height, count: files.rows.count)
    }
  }

  mutating func performInFiles(_ action: Action) {
    guard let files = open?.files, let row = files.rows[safe: files.cursor] else { return }
    switch (action, row) {
    case (.reviewed, .file(let file, _)):
      toggleReviewed(file.path)
      moveFiles(.down, layout.body.height)
    case (.reviewed, .folder(let folder, _)):
      // The whole folder: marked, or when all of it is marked, unmarked.
      let inside = files.files.filter { $0.path.hasPrefix(folder.path) }
      setReviewed(inside.map(\.path), folder.reviewed < folder.files)
    case (.editFile, .file(let file, _)): editFile(file.path)
    default: break
    }
  }

  /// Enter: a folder folds, a file shows in the diff.
  mutating func openFile() {
    guard let file = open?.files.current else {
      open?.files.toggle()
      return
    }
    open?.diff.wantedPath = file.path
    showTab(.diff)
    followWantedPath()
  }

  // MARK: Reviewed marks

  /// Whether a file of the open run has been marked as it is now.
  func isReviewed(_ path: String) -> Bool { open?.files.reviewed.contains(path) ?? false }

  mutating func toggleReviewed(_ path: String) { setReviewed([path], !isReviewed(path)) }

  private mutating func setReviewed(_ paths: [String], _ isReviewed: Bool) {
    guard let open, let patch = open.patch else { return }
    let wanted = Set(paths)
    var marks: [(path: String, digest: String?)] = []
    for (place, file) in patch.files.enumerated() where wanted.contains(file.path) {
      guard let digest = patch.digest(ofFileAt: place) else { continue }
      marks.append((file.path, isReviewed ? digest : nil))
    }
    keep { preferences in for mark in marks { preferences.reviews.setMark(mark.digest, open.id, mark.path) } }
    layFiles()
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
