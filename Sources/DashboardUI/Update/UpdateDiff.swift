import RunModel
import TerminalKit

/// The diff tab: moving, searching, folding, and what it copies and opens.
extension DashboardState {
  mutating func moveInDiff(_ action: Action) {
    guard let pane = open?.diff, var scene = diffScene else { return }
    let page = diffLayout.rows.height
    let cursor = scene.rows.row(at: pane.cursor)
    switch action {
    case .left: open?.diff.left = max(0, pane.left - 8)
    case .right: open?.diff.left = min(1 << 20, pane.left + 8)
    case .up: setDiffCursor(scene.rows.moved(cursor, by: -1), &scene)
    case .down: setDiffCursor(scene.rows.moved(cursor, by: 1), &scene)
    case .top: setDiffCursor(scene.rows.row(at: 0), &scene)
    case .bottom: setDiffCursor(scene.rows.end(), &scene)
    case .halfDown: turnDiff(max(1, page / 2), &scene)
    case .halfUp: turnDiff(-max(1, page / 2), &scene)
    case .pageDown: turnDiff(max(1, page - 1), &scene)
    case .pageUp: turnDiff(-max(1, page - 1), &scene)
    default: break
    }
  }

  /// The page and the cursor in it go on together.
  private mutating func turnDiff(_ rows: Int, _ scene: inout DiffScene) {
    guard let pane = open?.diff else { return }
    let top = scene.rows.row(at: pane.top)
    var wanted = scene.rows.moved(top, by: rows)
    // The end of the diff stays at the bottom of the page, unless it was above that already.
    if rows > 0, let last = lowestTop(&scene, max(1, diffLayout.rows.height)), scene.rows.isBefore(last, wanted) {
      wanted = scene.rows.isBefore(last, top) ? top : last
    }
    open?.diff.top = wanted.line
    setDiffCursor(scene.rows.moved(scene.rows.row(at: pane.cursor), by: rows), &scene)
  }

  private mutating func setDiffCursor(_ row: DiffRow, _ scene: inout DiffScene) {
    open?.diff.cursor = row.line
    keepDiffCursorVisible(&scene)
  }

  /// Scrolls no more than it must, with some rows left around the cursor.
  private mutating func keepDiffCursorVisible(_ scene: inout DiffScene) {
    guard let pane = open?.diff else { return }
    let page = max(1, diffLayout.rows.height)
    let margin = min(3, page / 5)
    let cursor = scene.rows.row(at: pane.cursor)
    var top = scene.rows.row(at: pane.top)
    let highest = scene.rows.moved(cursor, by: -margin)
    if scene.rows.isBefore(highest, top) { top = highest }
    var row = top
    var used = scene.height(row)
    while row != cursor, used < page, let next = scene.rows.next(row) {
      row = next
      used += scene.height(row)
    }
    var below = 0
    var after = cursor
    for _ in 0..<margin {
      guard let next = scene.rows.next(after) else { break }
      below += scene.height(next)
      after = next
    }
    if row != cursor || used + below > page {
      var room = page - scene.height(cursor) - below
      top = cursor
      while let before = scene.rows.previous(top) {
        room -= scene.height(before)
        if room < 0 { break }
        top = before
      }
    }
    open?.diff.top = top.line
  }

  /// The lowest row that may be the first on the page; nil while the end is far or not known yet.
  private func lowestTop(_ scene: inout DiffScene, _ page: Int) -> DiffRow? {
    guard scene.patch.isComplete, scene.patch.lineCount - (open?.diff.top ?? 0) < 20_000 else { return nil }
    var row = scene.rows.end()
    var room = page - scene.height(row)
    while room > 0, let before = scene.rows.previous(row) {
      room -= scene.height(before)
      if room < 0 { break }
      row = before
    }
    return row
  }

  /// Puts the cursor on a line, `above` rows below the top.
  mutating func goToDiffLine(_ line: Int, above: Int = 0) {
    guard let patch = open?.patch, line < patch.lineCount else { return }
    if let file = patch.fileIndex(at: line), patch.files[file].firstLine != line {
      open?.diff.folded.remove(patch.files[file].path)
    }
    guard var scene = diffScene else { return }
    let row = scene.rows.row(at: line)
    open?.diff.cursor = row.line
    open?.diff.top = scene.rows.moved(row, by: -above).line
    if above > 0 { keepDiffCursorVisible(&scene) }
  }

  mutating func performInDiff(_ action: Action) {
    guard let open else { return }
    let patch = open.patch
    let cursor = open.diff.cursor
    switch action {
    case .search: layers.append(.search(TextField()))
    case .wrap:
      self.open?.diff.wraps.toggle()
      self.open?.diff.left = 0
      settleDiff()
    case .nextHunk: goToHunk(1)
    case .previousHunk: goToHunk(-1)
    case .nextFile, .previousFile:
      guard let patch, let file = patch.fileIndex(at: cursor) else { return }
      let isInside = patch.files[file].firstLine < cursor
      let wanted = action == .nextFile ? file + 1 : isInside ? file : file - 1
      if let head = patch.files[safe: wanted] { goToDiffLine(head.firstLine) }
    case .sideBySide: toggleSideBySide()
    case .syntaxColours:
      keep { $0.diffSyntax.toggle() }
      toast(preferences.diffSyntax ? "Syntax colours are on" : "Syntax colours are off", .info)
    case .moreContext: turnContext(1)
    case .lessContext: turnContext(-1)
    case .whiteSpace:
      var wanted = open.diff.wanted
      wanted.ignoresWhiteSpace.toggle()
      askDiff(wanted)
    case .foldFile:
      guard let path = diffFile?.path else { return }
      fold([path], !open.diff.folded.contains(path))
    case .foldAll:
      guard let patch else { return }
      let paths = Set(patch.files.map(\.path))
      fold(paths, !paths.isSubset(of: open.diff.folded))
    case .reviewed: reviewDiffFile()
    case .lineRange: self.open?.diff.rangeStart = open.diff.rangeStart == nil ? cursor : nil
    case .comment: beginComment()
    case .sendComments: beginReview()
    case .editFile:
      guard let file = diffFile else { return }
      editFile(file.path, line: diffNewNumber)
    case .copyHunk: copyHunk()
    case .copyFile: copyFile()
    case .compareRuns: beginCompare()
    default: break
    }
  }

  /// The file under the cursor.
  var diffFile: PatchFile? {
    guard let open, let patch = open.patch else { return nil }
    return patch.fileIndex(at: open.diff.cursor).map { patch.files[$0] }
  }

  /// The number of the line in the new file that the cursor is at or after.
  private var diffNewNumber: Int? {
    guard let open, let patch = open.patch, let hunk = patch.hunk(at: open.diff.cursor) else { return nil }
    return patch.numbers(before: max(hunk.line + 1, open.diff.cursor), in: hunk).new
  }

  /// The lines between where `v` was pressed and the cursor.
  var diffRange: ClosedRange<Int>? {
    guard let pane = open?.diff, let start = pane.rangeStart else { return nil }
    return min(start, pane.cursor)...max(start, pane.cursor)
  }

  private mutating func goToHunk(_ step: Int) {
    guard let open, let patch = open.patch else { return }
    var place = patch.hunkPlace(after: open.diff.cursor)
    if step < 0 {
      place -= 1
      if let hunk = patch.hunks[safe: place], hunk.line == open.diff.cursor { place -= 1 }
    }
    while let hunk = patch.hunks[safe: place], open.diff.folded.contains(patch.files[hunk.file].path) { place += step }
    if let hunk = patch.hunks[safe: place] { goToDiffLine(hunk.line) }
  }

  /// After the rows have changed: the cursor is on one that shows, and in sight.
  mutating func settleDiff() {
    guard let pane = open?.diff, var scene = diffScene else { return }
    setDiffCursor(scene.rows.row(at: pane.cursor), &scene)
  }

  private mutating func toggleSideBySide() {
    keep { $0.diffSideBySide.toggle() }
    let width = diffLayout.rows.width
    if preferences.diffSideBySide, width < DiffScene.sideBySideWidth {
      toast(
        "Side by side needs \(DiffScene.sideBySideWidth) columns and here are \(width); it shows when there is room",
        .info)
    }
    settleDiff()
  }

  mutating func fold(_ paths: Set<String>, _ folded: Bool) {
    if folded { open?.diff.folded.formUnion(paths) } else { open?.diff.folded.subtract(paths) }
    settleDiff()
  }

  private mutating func reviewDiffFile() {
    guard let path = diffFile?.path else { return }
    toggleReviewed(path)
    fold([path], isReviewed(path))
    if isReviewed(path) { performInDiff(.nextFile) }
  }

  // MARK: Search

  mutating func goToDiffMatch(_ step: Int) {
    guard let open, let patch = open.patch, !open.diff.search.isEmpty else { return }
    let needle = open.diff.search.lowercased()
    if open.diff.matchCount?.needle != needle { self.open?.diff.matchCount = .init(needle: needle) }
    let start = open.diff.matchLine ?? (step > 0 ? open.diff.cursor - 1 : open.diff.cursor)
    guard let line = patch.search(needle, from: start, direction: step) else {
      let rest = patch.isComplete ? "" : "; it is still being read"
      toast("\"\(open.diff.search)\" is not in this diff\(rest)", .info)
      return
    }
    self.open?.diff.matchLine = line
    self.open?.diff.matchCount?.advance(patch)
    goToDiffLine(line, above: diffLayout.rows.height / 3)
    showMatchColumn(line)
  }

  /// Scrolls sideways so that the match in a long line shows.
  private mutating func showMatchColumn(_ line: Int) {
    guard let open, let patch = open.patch, !open.diff.wraps, let scene = diffScene else { return }
    let body = patch.line(line, limit: 1 << 20).body
    guard let match = DiffText.matches(Array(open.diff.search.lowercased().utf8), in: body).first else { return }
    let column = measure(String(decoding: body.prefix(match.lowerBound), as: UTF8.self))
    let width = scene.textWidth
    if column < open.diff.left || column + match.count > open.diff.left + width {
      self.open?.diff.left = column + match.count <= width ? 0 : max(0, column - width / 3)
    }
  }

  // MARK: Copies

  /// More than terminals take into the clipboard.
  private static let longestCopy = 1 << 20

  private mutating func copyHunk() {
    guard let open, let patch = open.patch, let file = patch.fileIndex(at: open.diff.cursor) else { return }
    guard let hunk = patch.hunk(at: open.diff.cursor), let first = patch.files[file].firstHunk else {
      copyFile()
      return
    }
    let bytes = patch.raw(patch.files[file].firstLine..<first) + patch.raw(hunk.line..<hunk.end)
    copyPatch(Array(bytes), "the hunk")
  }

  private mutating func copyFile() {
    guard let open, let patch = open.patch, let file = patch.fileIndex(at: open.diff.cursor) else { return }
    guard patch.isComplete || file + 1 < patch.files.count else {
      toast("The file is still being read; try again in a moment", .info)
      return
    }
    copyPatch(Array(patch.raw(patch.lines(ofFile: file))), patch.files[file].path)
  }

  private mutating func copyPatch(_ bytes: [UInt8], _ what: String) {
    let way = "flightdeck artifacts \(open?.id.shortName ?? "RUN") --diff has it"
    guard bytes.count <= Self.longestCopy else {
      toast("That is more than a clipboard takes (\(Format.count(Int64(bytes.count))) bytes); \(way)", .bad)
      return
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      toast("That holds bytes that are no UTF-8, which a clipboard would change; \(way)", .bad)
      return
    }
    emit(.copy(text))
    let pane = open?.diff.shown ?? PatchOptions()
    let hint =
      pane.ignoresWhiteSpace
      ? "; made without white space, it may not apply" : pane.context == 0 ? "; git apply needs --unidiff-zero" : ""
    toast("Copied \(what) as a patch\(hint)", .info)
  }
}
