import TerminalKit

/// A stretch of text with its role.
struct Span: Sendable, Equatable {
  var text: String
  var role: Role
  var attributes: Attributes = []
  /// Where it leads, if it is a link.
  var link: LinkAddress?
  /// What a click on it means.
  var target: ClickTarget?

  init(_ text: String, _ role: Role = .text, _ attributes: Attributes = []) {
    self.text = text
    self.role = role
    self.attributes = attributes
  }

  var width: Int { measure(text) }

  /// The same with another text.
  func with(_ text: String) -> Span {
    var span = self
    span.text = text
    return span
  }

  /// The same as a link to `address`, if that is one that may be followed.
  func linked(to address: String) -> Span {
    var span = self
    span.link = LinkAddress(address)
    return span
  }

  /// The same as a button: a click on it is this key.
  func pressing(_ key: Key) -> Span {
    var span = self
    span.target = .key(key)
    return span
  }
}

/// A line of spans, with some more at its right end.
struct StyledLine: Sendable, Equatable {
  var spans: [Span]
  var right: [Span] = []

  init(_ spans: [Span] = [], right: [Span] = []) {
    self.spans = spans
    self.right = right
  }

  init(_ text: String, _ role: Role = .text) { spans = [Span(text, role)] }

  static let blank = StyledLine()
}

/// Columns that `text` takes on the screen.
func measure(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
  return DisplayText(text).width
}

/// `text` in exactly `width` columns: cut with `…`, or filled with spaces, at the left if `right`.
func fitted(_ text: String, _ width: Int, right: Bool = false) -> String {
  let own = measure(text)
  guard own != width else { return text }
  if own < width {
    let space = String(repeating: " ", count: width - own)
    return right ? space + text : text + space
  }
  guard width > 0 else { return "" }
  var cut = ""
  var used = 0
  for cluster in DisplayText(text).clusters {
    guard used + Int(cluster.width) <= width - 1 else { break }
    cut += cluster.text
    used += Int(cluster.width)
  }
  return cut + "…" + String(repeating: " ", count: max(0, width - 1 - used))
}

/// Breaks a line into lines of at most `width` columns, between words where it can; later ones begin with `indent`
/// spaces.
func wrapped(_ spans: [Span], width: Int, indent: Int = 0, most: Int = 2000) -> [[Span]] {
  struct Piece {
    var text: String
    var width: Int
    var span: Int
  }
  let width = max(1, width)
  let indent = indent < width / 2 ? indent : 0
  var pieces: [Piece] = []
  for (place, span) in spans.enumerated() {
    for cluster in DisplayText(span.text).clusters {
      pieces.append(Piece(text: cluster.text, width: Int(cluster.width), span: place))
    }
  }
  var lines: [[Span]] = []
  var start = 0
  repeat {
    var used = lines.isEmpty ? 0 : indent
    var end = start
    var lastSpace: Int?
    while end < pieces.count, used + pieces[end].width <= width {
      used += pieces[end].width
      if pieces[end].text == " " { lastSpace = end }
      end += 1
    }
    if end < pieces.count, let space = lastSpace, space > start, pieces[end].text != " " { end = space + 1 }
    if end == start, end < pieces.count { end += 1 }
    var line: [Span] = lines.isEmpty || indent == 0 ? [] : [Span(String(repeating: " ", count: indent))]
    var last = -1
    for piece in pieces[start..<end] {
      if piece.span == last, !line.isEmpty {
        line[line.count - 1].text += piece.text
      } else {
        line.append(spans[piece.span].with(piece.text))
        last = piece.span
      }
    }
    lines.append(line)
    start = end
    if start < pieces.count, pieces[start].text == " ", start > 0, pieces[start - 1].text != " " { start += 1 }
  } while start < pieces.count && lines.count < most
  return lines
}

/// Without the first `columns` columns: what is left of them is scrolled out.
func scrolledLeft(_ spans: [Span], by columns: Int) -> [Span] {
  guard columns > 0 else { return spans }
  var left = columns
  var kept: [Span] = []
  for span in spans {
    if left == 0 {
      kept.append(span)
      continue
    }
    var text = ""
    for cluster in DisplayText(span.text).clusters {
      if left > 0 { left = max(0, left - Int(cluster.width)) } else { text += cluster.text }
    }
    if !text.isEmpty { kept.append(span.with(text)) }
  }
  return kept
}

/// Gives every place of `needle` the role `role`; case does not matter.
func highlighted(_ spans: [Span], _ needle: String, _ role: Role = .match) -> [Span] {
  let wanted = needle.map { $0.lowercased() }
  guard !wanted.isEmpty else { return spans }
  let all = spans.enumerated().flatMap { place, span in span.text.map { (character: $0, span: place) } }
  guard all.count >= wanted.count else { return spans }
  var marked = [Bool](repeating: false, count: all.count)
  var found = false
  var at = 0
  while at + wanted.count <= all.count {
    if (0..<wanted.count).allSatisfy({ all[at + $0].character.lowercased() == wanted[$0] }) {
      for place in at..<at + wanted.count { marked[place] = true }
      found = true
      at += wanted.count
    } else {
      at += 1
    }
  }
  guard found else { return spans }
  var result: [Span] = []
  var last: (span: Int, marked: Bool)?
  for (place, piece) in all.enumerated() {
    if let last, last == (piece.span, marked[place]) {
      result[result.count - 1].text.append(piece.character)
    } else {
      let span = spans[piece.span]
      var part = span.with(String(piece.character))
      if marked[place] { part.role = role }
      result.append(part)
      last = (piece.span, marked[place])
    }
  }
  return result
}

extension Frame {
  /// Draws spans from the left; what does not fit is cut with `…`. `ground` gives the background of another role.
  @discardableResult
  mutating func draw(_ spans: [Span], x: Int, y: Int, width: Int, _ theme: Theme, ground: Role? = nil) -> Int {
    var used = 0
    for span in spans {
      guard used < width else { break }
      var style = theme[span.role].adding(span.attributes)
      if let ground { style = style.on(theme[ground].background) }
      if let address = span.link { style.link = link(address) }
      let start = used
      used += put(span.text, x: x + used, y: y, width: width - used, style: style)
      if let target = span.target { addZone(Rect(x: x + start, y: y, width: used - start, height: 1), target) }
    }
    return used
  }

  /// The same with spans at the right end, which come first when room is short.
  mutating func draw(_ line: StyledLine, in rect: Rect, _ theme: Theme, ground: Role? = nil) {
    guard !rect.isEmpty else { return }
    let rightWidth = line.right.reduce(0) { $0 + $1.width }
    let rightRoom = min(rightWidth, rect.width)
    let leftRoom = rightWidth == 0 ? rect.width : max(0, rect.width - rightRoom - 1)
    draw(line.spans, x: rect.x, y: rect.y, width: leftRoom, theme, ground: ground)
    if rightRoom > 0 {
      draw(line.right, x: rect.right - rightRoom, y: rect.y, width: rightRoom, theme, ground: ground)
    }
  }

  mutating func draw(_ lines: some Collection<StyledLine>, in rect: Rect, _ theme: Theme, ground: Role? = nil) {
    for (row, line) in lines.prefix(rect.height).enumerated() { draw(line, in: rect.row(row), theme, ground: ground) }
  }

  /// A line across, with a title in it.
  mutating func rule(_ rect: Rect, _ title: [Span], right: [Span] = [], _ theme: Theme) {
    guard !rect.isEmpty else { return }
    fill(rect.row(0), "─", style: theme[.border])
    let rightWidth = right.reduce(0) { $0 + $1.width }
    let room = rect.width - 4 - (right.isEmpty ? 0 : rightWidth + 4)
    if !title.isEmpty, room > 6 {
      draw([Span(" ")] + title + [Span(" ")], x: rect.x + 2, y: rect.y, width: room, theme)
    }
    if !right.isEmpty, rightWidth + 8 < rect.width {
      draw([Span(" ")] + right + [Span(" ")], x: rect.right - rightWidth - 4, y: rect.y, width: rightWidth + 2, theme)
    }
  }

  /// A box over what is there; returns the room inside.
  mutating func box(_ rect: Rect, title: String, _ theme: Theme, ground: Role = .dialog) -> Rect {
    let style = theme[ground]
    fill(rect, style: style)
    guard rect.width >= 2, rect.height >= 2 else { return rect }
    let line = theme[.accent].on(style.background)
    for x in rect.x..<rect.right {
      put("─", x: x, y: rect.y, width: 1, style: line)
      put("─", x: x, y: rect.bottom - 1, width: 1, style: line)
    }
    for y in rect.y..<rect.bottom {
      put("│", x: rect.x, y: y, width: 1, style: line)
      put("│", x: rect.right - 1, y: y, width: 1, style: line)
    }
    for (corner, x, y) in [
      ("╭", rect.x, rect.y), ("╮", rect.right - 1, rect.y), ("╰", rect.x, rect.bottom - 1),
      ("╯", rect.right - 1, rect.bottom - 1),
    ] { put(corner, x: x, y: y, width: 1, style: line) }
    put(" \(title) ", x: rect.x + 2, y: rect.y, width: rect.width - 4, style: theme[.dialogTitle])
    return rect.inset(dx: 2, dy: 1)
  }

  /// Brings every cell down to ASCII, for terminals that show no more.
  mutating func foldToASCII() {
    for y in 0..<size.height {
      for x in 0..<size.width {
        let cell = self[x, y]
        guard cell.width > 0, cell.width > 1 || cell.text.utf8.contains(where: { $0 >= 0x80 }) else { continue }
        self[x, y] = Cell(text: cell.width > 1 ? "?" : asciiFallback(cell.text), style: cell.style)
        if cell.width > 1 { self[x + 1, y] = Cell(text: "?", style: cell.style) }
      }
    }
  }
}
