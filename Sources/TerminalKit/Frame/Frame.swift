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
///
/// A cell of width 2 is always followed by one of width 0, and no cell of width 0 stands anywhere else.
package struct Frame: Equatable, Sendable {
  package let size: Size
  package private(set) var cells: [Cell]
  /// Where the cursor shows; nil hides it.
  package var cursor: Point?
  /// What takes clicks; see `addZone`.
  package internal(set) var zones: [ClickZone] = []
  /// Where links lead; a style's `link` is a place in it, counted from 1.
  var links: [LinkAddress] = []

  package init(size: Size, style: Style = .plain) {
    self.size = size
    cells = Array(repeating: Cell(style: style), count: size.width * size.height)
  }

  package var bounds: Rect { Rect(size: size) }

  /// Setting a cell of width 2 takes the one to its right too; the second half of a wide one cannot be set alone.
  package subscript(x: Int, y: Int) -> Cell {
    get { contains(x, y) ? cells[y * size.width + x] : Cell() }
    set {
      guard y >= 0, y < size.height else { return }
      if newValue.width == 0 {
        place(" ", 1, x, y, newValue.style)
      } else {
        place(newValue.text, newValue.width, x, y, newValue.style)
      }
    }
  }

  private func contains(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < size.width && y < size.height }

  /// Draws `text`, sanitised, from (`x`, `y`) in at most `width` columns; what does not fit is cut with `…`.
  /// Returns the columns used.
  @discardableResult
  package mutating func put(_ text: String, x: Int, y: Int, width: Int, style: Style = .plain) -> Int {
    guard y >= 0, y < size.height, width > 0 else { return 0 }
    return put(DisplayText(text, maxWidth: width), x: x, y: y, width: width, style: style)
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
      // The columns that are used count to the end, those that show do not go past the edge.
      guard column + clusterWidth <= room else { break }
      place(cluster.text, cluster.width, x + column, y, style)
      column += clusterWidth
    }
    if cut {
      place("…", 1, x + column, y, style)
      column += 1
    }
    return column
  }

  /// Puts one cluster on row `y`, which exists. The half of a wide one that falls off an edge takes the other with it.
  private mutating func place(_ text: String, _ width: UInt8, _ x: Int, _ y: Int, _ style: Style) {
    guard x < size.width, x >= 0 else {
      if x == -1, width == 2, size.width > 0 { place(" ", 1, 0, y, style) }
      return
    }
    let place = y * size.width + x
    if width == 2 {
      guard x + 1 < size.width else {
        free(place)
        cells[place] = Cell(style: style)
        return
      }
      free(place)
      free(place + 1)
      cells[place] = Cell(text: text, width: 2, style: style)
      cells[place + 1] = Cell(text: "", width: 0, style: style)
    } else {
      if cells[place].width != 1 { free(place) }
      cells[place] = Cell(text: text, width: 1, style: style)
    }
  }

  /// Blanks the other half of a wide cluster that this cell is part of.
  private mutating func free(_ place: Int) {
    switch cells[place].width {
    case 0: cells[place - 1] = Cell(style: cells[place - 1].style)
    case 2: cells[place + 1] = Cell(style: cells[place + 1].style)
    default: break
    }
  }

  /// The columns and rows of `rect` that exist.
  private func visible(_ rect: Rect) -> (columns: Range<Int>, rows: Range<Int>) {
    let left = min(max(0, rect.x), size.width)
    let top = min(max(0, rect.y), size.height)
    return (left..<max(left, min(rect.right, size.width)), top..<max(top, min(rect.bottom, size.height)))
  }

  /// Fills with one cluster of width 1; anything else fills with spaces.
  package mutating func fill(_ rect: Rect, _ text: String = " ", style: Style = .plain) {
    let text = DisplayText(text, maxWidth: 1)
    let cell = Cell(text: text.width == 1 ? text.clusters[0].text : " ", style: style)
    let (columns, rows) = visible(rect)
    guard let first = columns.first, let last = columns.last else { return }
    for y in rows {
      free(y * size.width + first)
      free(y * size.width + last)
      for x in columns { cells[y * size.width + x] = cell }
    }
  }

  /// Changes the style of what is drawn already: for selections and emphasis.
  package mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
    let (columns, rows) = visible(rect)
    for y in rows {
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
