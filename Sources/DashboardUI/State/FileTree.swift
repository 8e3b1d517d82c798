/// One changed file: from the patch when it is there, else from the artifacts' list.
struct FileRow: Sendable, Equatable {
  var path: String
  var oldPath: String?
  var change: PatchFile.Change
  var added: Int?
  var removed: Int?
  var isBinary = false
  /// Where a symbolic link leads.
  var target: String?
}

/// The changed files as a tree of folders that fold, in the order of their paths. Made anew only when files come or
/// something folds.
struct FileTree: Sendable {
  struct Folder: Sendable, Equatable {
    var path: String
    /// More than one level when nothing else is in between: `src/webhooks`.
    var name: String
    var files = 0
    var reviewed = 0
    var added = 0
    var removed = 0
    var isOpen = true
  }

  enum Row: Sendable, Equatable {
    case folder(Folder, depth: Int)
    case file(FileRow, depth: Int)

    var path: String {
      switch self {
      case .folder(let folder, _): folder.path
      case .file(let file, _): file.path
      }
    }
  }

  private(set) var rows: [Row] = []
  /// All of them, folded away or not.
  private(set) var files: [FileRow] = []
  /// Paths of files that are as they were when they were reviewed.
  private(set) var reviewed: Set<String> = []
  /// The most lines that one file adds and removes: what bars are measured by.
  private(set) var most = 0
  private var folded: Set<String> = []
  var cursor = 0

  /// Deeper folders are written as one name.
  private static let deepest = 24

  mutating func set(_ files: [FileRow], reviewed: Set<String>) {
    self.files = files.sorted { $0.path < $1.path }
    self.reviewed = reviewed
    most = files.map { Self.sum($0.added ?? 0, $0.removed ?? 0) }.max() ?? 0
    lay()
  }

  /// Counts that no honest patch has do not trap.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, isOver) = a.addingReportingOverflow(b)
    return isOver ? .max : sum
  }

  private mutating func lay() {
    let here = rows[safe: cursor]?.path
    rows = []
    lay(files[...], prefix: "", depth: 0)
    if let here, let place = rows.firstIndex(where: { $0.path == here }) { cursor = place }
    cursor = max(0, min(cursor, rows.count - 1))
  }

  private mutating func lay(_ slice: ArraySlice<FileRow>, prefix: String, depth: Int) {
    var rest = slice
    while let first = rest.first {
      let inside = first.path.dropFirst(prefix.count)
      guard depth < Self.deepest, let slash = inside.firstIndex(of: "/"), slash != inside.startIndex else {
        rows.append(.file(first, depth: depth))
        rest = rest.dropFirst()
        continue
      }
      var folder = prefix + inside[...slash]
      let end = rest.firstIndex { !$0.path.hasPrefix(folder) } ?? rest.endIndex
      let members = rest[rest.startIndex..<end]
      rest = rest[end...]
      // A folder with nothing but another folder in it is drawn with it.
      while let next = members.first?.path.dropFirst(folder.count).firstIndex(of: "/"), let path = members.first?.path {
        let deeper = String(path[...next])
        guard deeper.count > folder.count + 1, members.allSatisfy({ $0.path.hasPrefix(deeper) }) else { break }
        folder = deeper
      }
      var row = Folder(path: folder, name: String(folder.dropFirst(prefix.count).dropLast()))
      row.files = members.count
      row.reviewed = members.count { reviewed.contains($0.path) }
      row.added = members.reduce(0) { Self.sum($0, $1.added ?? 0) }
      row.removed = members.reduce(0) { Self.sum($0, $1.removed ?? 0) }
      row.isOpen = !folded.contains(folder)
      rows.append(.folder(row, depth: depth))
      if row.isOpen { lay(members, prefix: folder, depth: depth + 1) }
    }
  }

  /// The file under the cursor; nil on a folder.
  var current: FileRow? {
    if case .file(let file, _)? = rows[safe: cursor] { file } else { nil }
  }

  // MARK: Folding

  mutating func toggle() {
    guard case .folder(let folder, _)? = rows[safe: cursor] else { return }
    if folded.remove(folder.path) == nil { folded.insert(folder.path) }
    lay()
  }

  /// Left: folds the folder, or goes to the one that this is in.
  mutating func fold() {
    guard let row = rows[safe: cursor] else { return }
    if case .folder(let folder, _) = row, folder.isOpen {
      toggle()
      return
    }
    let above = rows[..<cursor].lastIndex { other in
      if case .folder(let folder, _) = other { row.path.hasPrefix(folder.path) } else { false }
    }
    if let above { cursor = above }
  }

  /// Right: unfolds, or goes on into it.
  mutating func unfold() {
    guard case .folder(let folder, _)? = rows[safe: cursor] else { return }
    if folder.isOpen { cursor = min(rows.count - 1, cursor + 1) } else { toggle() }
  }
}
