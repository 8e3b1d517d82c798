/// One cell of the screen. A cluster of width 2 is followed by one cell of width 0.
package struct Cell: Hashable, Sendable {
  /// One grapheme cluster, sanitised; empty in the second half of a wide one.
  package var text: String
  /// 0, 1 or 2.
  package var width: UInt8
  package var style: Style

  package init(text: String = " ", width: UInt8 = 1, style: Style = .plain) {
    self.text = text
    self.width = width
    self.style = style
  }
}

/// A whole screen as cells: what views draw on and backends show. Drawing outside of it is cut off, never an error.
package struct Frame: Equatable, Sendable {
  package let size: Size
  package private(set) var cells: [Cell]
  /// Where the cursor shows; nil hides it.
  package var cursor: Point?

  package init(size: Size, style: Style = .plain) {
    self.size = size
    cells = Array(repeating: Cell(style: style), count: size.width * size.height)
  }

  package var bounds: Rect { Rect(size: size) }

  package subscript(x: Int, y: Int) -> Cell {
    get { contains(x, y) ? cells[y * size.width + x] : Cell() }
    set { if contains(x, y) { set(newValue, x, y) } }
  }

  private func contains(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < size.width && y < size.height }

  private mutating func set(_ cell: Cell, _ x: Int, _ y: Int) {
    let place = y * size.width + x
    // Overwriting half of a wide cluster blanks its other half.
    if cells[place].width == 0, x > 0, cells[place - 1].width == 2 {
      cells[place - 1] = Cell(style: cells[place - 1].style)
    }
    if cells[place].width == 2, x + 1 < size.width { cells[place + 1] = Cell(style: cells[place + 1].style) }
    cells[place] = cell
  }

  /// Draws `text`, sanitised, from (`x`, `y`) in at most `width` columns; what does not fit is cut with `…`.
  /// Returns the columns used.
  @discardableResult
  package mutating func put(_ text: String, x: Int, y: Int, width: Int, style: Style = .plain) -> Int {
    put(DisplayText(text), x: x, y: y, width: width, style: style)
  }

  /// The same for text that is sanitised and measured already.
  @discardableResult
  package mutating func put(_ text: DisplayText, x: Int, y: Int, width: Int, style: Style = .plain) -> Int {
    guard y >= 0, y < size.height, width > 0 else { return 0 }
    let cut = text.width > width
    let room = cut ? width - 1 : width
    var column = 0
    for cluster in text.clusters {
      let clusterWidth = Int(cluster.width)
      guard column + clusterWidth <= room else { break }
      place(cluster, x + column, y, style)
      column += clusterWidth
    }
    if cut {
      place(.init(text: "…", width: 1), x + column, y, style)
      column += 1
    }
    return column
  }

  private mutating func place(_ cluster: DisplayText.Cluster, _ x: Int, _ y: Int, _ style: Style) {
    guard x >= 0, x < size.width else { return }
    if cluster.width == 2 {
      guard x + 1 < size.width else {
        set(Cell(text: " ", style: style), x, y)
        return
      }
      set(Cell(text: cluster.text, width: 2, style: style), x, y)
      set(Cell(text: "", width: 0, style: style), x + 1, y)
      cells[y * size.width + x] = Cell(text: cluster.text, width: 2, style: style)
    } else {
      set(Cell(text: cluster.text, width: 1, style: style), x, y)
    }
  }

  package mutating func fill(_ rect: Rect, _ text: String = " ", style: Style = .plain) {
    let columns = max(0, rect.x)..<max(max(0, rect.x), min(rect.right, size.width))
    for y in max(0, rect.y)..<max(max(0, rect.y), min(rect.bottom, size.height)) {
      for x in columns { set(Cell(text: text, style: style), x, y) }
    }
  }

  /// Changes the style of what is drawn already: for selections and emphasis.
  package mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
    let columns = max(0, rect.x)..<max(max(0, rect.x), min(rect.right, size.width))
    for y in max(0, rect.y)..<max(max(0, rect.y), min(rect.bottom, size.height)) {
      for x in columns { cells[y * size.width + x].style = change(cells[y * size.width + x].style) }
    }
  }

  /// The text of one row, without the spaces at its end.
  package func line(_ y: Int) -> String {
    var text = ""
    for x in 0..<size.width { text += self[x, y].text }
    while text.last == " " { text.removeLast() }
    return text
  }

  package var text: String { (0..<size.height).map(line).joined(separator: "\n") }
}
