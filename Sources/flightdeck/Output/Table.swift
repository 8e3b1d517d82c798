import TerminalKit

/// Aligned columns for people: as wide as what they hold, narrowed to the terminal's width when there is one.
struct Table {
  struct Column {
    enum Side { case left, right }
    var title: String
    var side: Side = .left
    /// May be narrowed to this many columns when there is no room; nil: never.
    var shrinksTo: Int?
  }

  struct Field {
    var text: DisplayText
    var tone: Tone

    init(_ text: String, _ tone: Tone = .plain) {
      self.text = DisplayText(text)
      self.tone = tone
    }
  }

  private let columns: [Column]
  private var rows: [[Field]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ row: [Field]) { rows.append(row) }

  /// Lines without newlines; the first is the heading.
  func lines(width: Int?, colour: Bool) -> [String] {
    var widths = columns.indices.map { index in
      rows.reduce(DisplayText(columns[index].title).width) { max($0, $1[index].text.width) }
    }
    if let width {
      var excess = widths.reduce(0, +) + 2 * (columns.count - 1) - width
      for (index, column) in columns.enumerated() where excess > 0 {
        guard let least = column.shrinksTo else { continue }
        let taken = min(excess, max(0, widths[index] - least))
        widths[index] -= taken
        excess -= taken
      }
    }
    let heading = columns.map { Field($0.title, .faint) }
    return ([heading] + rows).map { row in
      var line = ""
      var used = 0
      for (index, field) in row.enumerated() {
        var room = widths[index]
        if let width { room = min(room, width - used) }
        guard room > 0 else { break }
        let (text, taken) = Self.cut(field.text, to: room)
        let padding = String(repeating: " ", count: room - taken)
        let painted = field.tone.paint(text, in: colour)
        line += columns[index].side == .right ? padding + painted : painted + padding
        line += "  "
        used += room + 2
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  func text(width: Int?, colour: Bool) -> String { lines(width: width, colour: colour).joined(separator: "\n") }

  /// At most `room` columns, with `…` where something is missing, and how many it takes.
  static func cut(_ text: DisplayText, to room: Int) -> (text: String, width: Int) {
    let fits = text.width <= room
    var line = ""
    var used = 0
    for cluster in text.clusters {
      let width = Int(cluster.width)
      guard used + width <= (fits ? room : room - 1) else { break }
      line += cluster.text
      used += width
    }
    if !fits, room > 0 {
      line += "…"
      used += 1
    }
    return (line, used)
  }
}
