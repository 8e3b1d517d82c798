import RunModel
import TerminalKit

/// How the diff is made: asked for, read piece by piece, and found again in the next one.
extension DashboardState {
  private static let contexts = [0, 1, 3, 5, 10, 25, 50, 100, 250, 1000]

  mutating func turnContext(_ step: Int) {
    guard var wanted = open?.diff.wanted else { return }
    let place = Self.contexts.firstIndex { $0 >= wanted.context } ?? 2
    guard let context = Self.contexts[safe: place + step] else {
      toast(
        step > 0 ? "There is no more context than \(wanted.context) lines" : "There is no context to leave out", .info)
      return
    }
    wanted.context = context
    askDiff(wanted)
  }

  /// Asks for the diff made in another way; what is there stays until it comes.
  mutating func askDiff(_ wanted: PatchOptions) {
    guard let open, wanted != open.diff.wanted else { return }
    self.open?.diff.wanted = wanted
    emit(.fetchPatch(open.id, wanted))
  }

  mutating func takePatch(_ run: RunID, _ bytes: [UInt8], _ options: PatchOptions) {
    guard let open, open.id == run, options == open.diff.wanted else { return }
    self.open?.patchProblem = nil
    self.open?.diff.shown = options
    if open.patch?.isSame(as: bytes) == true { return }
    let place = open.diff.place ?? diffPlace
    var patch = Patch(bytes)
    patch.index()
    self.open?.patch = patch
    self.open?.diff.place = place
    self.open?.diff.rangeStart = nil
    self.open?.diff.matchLine = nil
    self.open?.diff.matchCount = nil
    self.open?.diff.moved = MovedLines()
    for _ in 0..<3 { self.open?.diff.moved.advance(patch) }
    closeComment()
    if patch.lineCount > 0 {
      self.open?.diff.cursor = min(open.diff.cursor, patch.lineCount - 1)
      self.open?.diff.top = min(open.diff.top, patch.lineCount - 1)
    } else {
      self.open?.diff.cursor = 0
      self.open?.diff.top = 0
    }
    followPlace()
    followWantedPath()
    layFiles()
    settleDiff()
  }

  /// The diff could not be had: one made in another way is not shown then, and what was there stays.
  mutating func failPatch(_ run: RunID, _ problem: Problem) {
    guard let open, open.id == run else { return }
    if open.diff.wanted != open.diff.shown, open.patch != nil {
      self.open?.diff.wanted = open.diff.shown
      toast(problem.detail, .bad)
    } else {
      self.open?.patchProblem = problem.detail
    }
  }

  /// A piece of what the diff has still to do: its index, its moves, its count of matches.
  mutating func advanceDiff() {
    guard let open, let patch = open.patch else { return }
    if !patch.isComplete {
      self.open?.patch?.index()
      layFilesIfMany()
      followPlace()
      followWantedPath()
      return
    }
    if !open.diff.moved.isComplete { self.open?.diff.moved.advance(patch) }
    if open.tab == .diff { self.open?.diff.matchCount?.advance(patch) }
  }

  var diffHasWork: Bool {
    guard let open, let patch = open.patch else { return false }
    return !patch.isComplete || !open.diff.moved.isComplete
      || open.tab == .diff && open.diff.matchCount?.isComplete == false
  }

  /// Where the cursor is, in words that the next patch understands.
  private var diffPlace: DiffPane.Place? {
    guard let open, let patch = open.patch, let file = diffFile, var scene = diffScene else { return nil }
    let line = patch.line(open.diff.cursor)
    let row = scene.rows.row(at: open.diff.cursor)
    var above = 0
    var at = scene.rows.row(at: open.diff.top)
    while above < size.height, scene.rows.isBefore(at, row), let next = scene.rows.next(at) {
      above += 1
      at = next
    }
    let side: LineComment.Side = line.kind == .removed ? .old : .new
    var number = (side == .old ? line.old : line.new) ?? 0
    if line.kind == .hunk, let hunk = patch.hunk(at: open.diff.cursor) {
      number = patch.numbers(before: hunk.line + 1, in: hunk).new
    }
    return DiffPane.Place(
      path: file.path, side: side, number: number,
      text: line.kind == .hunk ? [] : Array(line.body.prefix(LineComment.longestQuote)),
      above: above)
  }

  private mutating func followPlace() {
    guard let place = open?.diff.place, let patch = open?.patch else { return }
    guard let file = patch.files.firstIndex(where: { $0.path == place.path || $0.oldPath == place.path }) else {
      if patch.isComplete { open?.diff.place = nil }
      return
    }
    // The file's last hunks may not be indexed yet.
    guard patch.isComplete || file + 1 < patch.files.count else { return }
    open?.diff.place = nil
    var line = patch.files[file].firstLine
    if place.number > 0 {
      let same = place.text.isEmpty ? nil : patch.line(inFile: file, place.side, place.number, text: place.text)
      line = same ?? patch.nearest(inFile: file, place.side, place.number) ?? line
    }
    let folded = open?.diff.folded ?? []
    goToDiffLine(line, above: place.above)
    open?.diff.folded = folded
    settleDiff()
  }

  /// Goes to the file that was asked for once the index knows it.
  mutating func followWantedPath() {
    guard let path = open?.diff.wantedPath, let patch = open?.patch else { return }
    if let file = patch.files.first(where: { $0.path == path || $0.oldPath == path }) {
      open?.diff.wantedPath = nil
      open?.diff.place = nil
      open?.diff.folded.remove(path)
      goToDiffLine(file.firstLine)
    } else if patch.isComplete {
      open?.diff.wantedPath = nil
    }
  }
}
