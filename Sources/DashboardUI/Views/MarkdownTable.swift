import TerminalKit

/// A table of a note: columns aligned as it says; where room is short the widest give way, and cut cells say so with `…`.
struct MarkdownTable {
  private enum Side { case left, center, right }

  private let sides: [Side]
  private var rows: [[[Span]]]
  private static let mostRows = 1000

  /// Nil unless the second line is a table's: `|---|:-:|`.
  init?(head: Substring, delimiter: Substring) {
    let marks = Self.cells(delimiter)
    guard delimiter.contains("-"), !marks.isEmpty,
      marks.allSatisfy({ cell in cell.contains("-") && cell.allSatisfy { $0 == "-" || $0 == ":" } })
    else { return nil }
    sides = marks.map { $0.hasSuffix(":") ? ($0.hasPrefix(":") ? .center : .right) : .left }
    rows = []
    add(head)
  }

  mutating func add(_ line: Substring) {
    guard rows.count <= Self.mostRows else { return }
    let cells = Self.cells(line).prefix(sides.count).map { Markdown.inline($0) }
    rows.append(cells + Array(repeating: [], count: sides.count - cells.count))
  }

  /// Parts at each `|` that is not escaped and not in `code`.
  private static func cells(_ line: Substring) -> [String] {
    var cells: [String] = []
    var cell = ""
    var isCode = false
    var isEscaped = false
    let line = String(line).trimmed
    for character in line {
      if isEscaped {
        cell += character == "|" ? "|" : "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "|", !isCode {
        cells.append(cell.trimmed)
        cell = ""
      } else {
        if character == "`" { isCode.toggle() }
        cell.append(character)
      }
    }
    cells.append(cell.trimmed)
    if line.hasPrefix("|") { cells.removeFirst() }
    if line.hasSuffix("|"), !cells.isEmpty { cells.removeLast() }
    return cells
  }

  func lines(width: Int) -> [StyledLine] {
    let shown = min(sides.count, (width + 2) / 3)
    let widths = widths(width, shown)
    func line(_ row: [[Span]], isHead: Bool) -> StyledLine {
      var spans: [Span] = []
      for (place, cell) in row.prefix(shown).enumerated() {
        if place > 0 { spans.append(Span("  ")) }
        spans += fitted(
          isHead ? cell.map { Span($0.text, .heading, $0.attributes) } : cell, widths[place], sides[place])
      }
      return StyledLine(spans)
    }
    var lines = rows.prefix(1).map { line($0, isHead: true) }
    let ruled = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    lines.append(StyledLine(ruled, .faint))
    lines += rows.dropFirst().map { line($0, isHead: false) }
    if shown < sides.count { lines += notice("… \(sides.count - shown) columns more", width: width) }
    if rows.count > Self.mostRows { lines += notice("… the table goes on", width: width) }
    return lines
  }

  private func notice(_ text: String, width: Int) -> [StyledLine] {
    wrapped([Span(text, .muted)], width: width).map { StyledLine($0) }
  }

  /// Of the first `count` columns.
  private func widths(_ width: Int, _ count: Int) -> [Int] {
    var widths = (0..<count).map { place in
      max(1, rows.map { $0[place].reduce(0) { $0 + $1.width } }.max() ?? 1)
    }
    let room = max(count, width - 2 * (count - 1))
    var over = widths.reduce(0, +) - room
    while over > 0, let widest = widths.max(), widest > 1 {
      // Down to the next narrower one, all that are widest alike.
      let places = widths.indices.filter { widths[$0] == widest }
      let next = widths.filter { $0 < widest }.max() ?? 1
      let step = max(1, min(widest - next, (over + places.count - 1) / places.count))
      for place in places where over > 0 {
        let less = min(step, over)
        widths[place] -= less
        over -= less
      }
    }
    return widths
  }

  private func fitted(_ cell: [Span], _ width: Int, _ side: Side) -> [Span] {
    let own = cell.reduce(0) { $0 + $1.width }
    if own <= width {
      let left =
        switch side {
        case .left: 0
        case .center: (width - own) / 2
        case .right: width - own
        }
      return [Span(String(repeating: " ", count: left))] + cell
        + [Span(String(repeating: " ", count: width - own - left))]
    }
    var spans: [Span] = []
    var room = width
    for span in cell where room > 0 {
      if span.width < room {
        spans.append(span)
        room -= span.width
      } else {
        // Also what would just fit is cut, as more would follow.
        spans.append(span.with(DashboardUI.fitted(span.text + "…", room)))
        room = 0
      }
    }
    return spans
  }
}
