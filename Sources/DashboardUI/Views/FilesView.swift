import RunModel
import TerminalKit

/// The files tab: folders and files with their counts, reviewed marks and bars.
func drawFiles(_ state: DashboardState, _ open: OpenRun, _ rect: Rect, _ frame: inout Frame) {
  let tree = open.files
  let theme = state.theme
  guard !tree.rows.isEmpty else {
    drawAbsence(
      open.patch?.lineCount == 0 || open.artifacts != nil ? "No file has changed." : nil, open.patchProblem, rect,
      state, &frame)
    return
  }
  let top = state.listTop(tree.cursor, tree.rows.count, rect.height)
  let barWidth = rect.width >= 100 ? min(24, rect.width / 6) : 8
  for row in 0..<rect.height {
    guard let item = tree.rows[safe: top + row] else { break }
    let isSelected = top + row == tree.cursor
    var spans = [Span(isSelected ? "▌" : " ", .accent)]
    var right: [Span] = []
    switch item {
    case .folder(let folder, let depth):
      spans.append(Span(String(repeating: "  ", count: depth) + (folder.isOpen ? "▾ " : "▸ "), .muted))
      spans.append(Span(folder.name + "/", .heading))
      if !folder.isOpen || folder.files > 1 {
        spans.append(Span("  " + Format.plural(folder.files, "file"), .muted))
      }
      if folder.reviewed > 0 {
        let isWhole = folder.reviewed == folder.files
        spans.append(
          Span(isWhole ? "  ✔ reviewed" : "  ✔ \(folder.reviewed) reviewed", isWhole ? .runSucceeded : .muted))
      }
      right = counts(folder.added, folder.removed) + [Span(String(repeating: " ", count: barWidth + 2))]
    case .file(let file, let depth):
      let (letter, role) = changeLetter(file.change)
      let isReviewed = tree.reviewed.contains(file.path)
      spans.append(Span(String(repeating: "  ", count: depth) + (isReviewed ? "✔ " : "  "), .runSucceeded))
      spans.append(Span(letter + "  ", role))
      spans += name(file, depth, isSelected: isSelected, isReviewed: isReviewed)
      if let other = state.board[open.id]?.conflicts.first(where: { $0.path == file.path }),
        state.board[open.id]?.status.isTerminal == false
      {
        spans.append(Span("  \(Glyphs.conflict) also \(other.run.shortName)", .runAttention))
      }
      if let target = file.target { spans.append(Span("  link to \(target)", .runAttention)) }
      if let old = file.oldPath { spans.append(Span("  was \(old)", .muted)) }
      right = bar(file, most: tree.most, width: barWidth)
    }
    let line = Rect(x: rect.x, y: rect.y + row, width: rect.width - 2, height: 1)
    frame.draw(StyledLine(spans, right: right), in: line, theme)
    if isSelected { select(rect.row(row), theme, &frame) }
  }
  drawScrollMark(top, rect, tree.rows.count, theme, &frame)
}

private func name(_ file: FileRow, _ depth: Int, isSelected: Bool, isReviewed: Bool) -> [Span] {
  let own = depth == 0 ? file.path : file.path.split(separator: "/").last.map(String.init) ?? file.path
  return [Span(own, isSelected ? .emphasis : isReviewed ? .muted : .text)]
}

private func counts(_ added: Int, _ removed: Int) -> [Span] {
  [
    Span(fitted("+\(added)", 7, right: true), added > 0 ? .added : .muted),
    Span(fitted("-\(removed)", 7, right: true), removed > 0 ? .removed : .muted),
  ]
}

private func bar(_ file: FileRow, most: Int, width: Int) -> [Span] {
  if file.isBinary { return [Span("binary", .muted), Span(String(repeating: " ", count: width + 2))] }
  guard let added = file.added, let removed = file.removed else { return [] }
  let share = (Double(added) + Double(removed)) / Double(max(1, most))
  let isNothing = added == 0 && removed == 0
  let length = isNothing ? 0 : max(1, min(width, Int(share * Double(width))))
  let ownShare = Double(added) / max(1, Double(added) + Double(removed))
  let plus = min(length, Int((ownShare * Double(length)).rounded(.up)))
  return counts(added, removed) + [
    Span("  " + String(repeating: "█", count: plus), .added),
    Span(String(repeating: "█", count: length - plus), .removed),
    Span(String(repeating: " ", count: width - length)),
  ]
}
