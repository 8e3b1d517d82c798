/// ncurses knows no links: after its own output the cells that lead somewhere are written once more, within OSC 8, and those
/// that lead nowhere any more without. The cursor and its colours are saved and restored around that, so that ncurses finds
/// the terminal as it left it.
struct LinkOverlay {
  private var renderer: ANSIRenderer
  private let isUTF8: Bool

  /// Nil where the terminal may not know the sequence: those that do not ignore what they do not know.
  init?(term: String, depth: ColorDepth, isUTF8: Bool, environment: (String) -> String?) {
    let inTmux = environment("TMUX").map { !$0.isEmpty } ?? false
    let simple = ["linux", "vt", "cons", "dumb", "ansi", "rxvt", "Eterm"] + (inTmux ? [] : ["screen"])
    guard !simple.contains(where: { term.hasPrefix($0) }) else { return nil }
    renderer = ANSIRenderer(depth: depth)
    self.isUTF8 = isUTF8
  }

  /// `before` is what the terminal shows, nil when all is drawn anew. Rows in which nothing changed were not written on.
  mutating func bytes(from before: Frame?, to frame: Frame) -> [UInt8] {
    guard !frame.links.isEmpty || !(before?.links.isEmpty ?? true) else { return [] }
    var text = ""
    let width = frame.size.width
    for y in 0..<frame.size.height {
      let row = (y * width)..<((y + 1) * width)
      if let before, before.cells[row] == frame.cells[row], isSame(before, frame, row) { continue }
      var x = 0
      while x < width {
        let style = frame.cells[y * width + x].style
        let was = before?.cells[y * width + x].style.link ?? 0
        guard style.link != 0 || was != 0 else {
          x += 1
          continue
        }
        var end = x
        var shown = ""
        while end < width, frame.cells[y * width + end].style == style,
          style.link != 0 || before?.cells[y * width + end].style.link ?? 0 != 0
        {
          shown += cell(frame.cells[y * width + end])
          end += 1
        }
        text += "\u{1B}[\(y + 1);\(x + 1)H\u{1B}[0m" + renderer.sequence(style)
        if let address = frame.address(of: style) {
          text += ControlSequence.link(address) + shown + ControlSequence.linkEnd
        } else {
          text += shown
        }
        x = end
      }
    }
    return text.isEmpty ? [] : Array(("\u{1B}7" + text + "\u{1B}8").utf8)
  }

  /// The same numbers may lead elsewhere.
  private func isSame(_ before: Frame, _ frame: Frame, _ row: Range<Int>) -> Bool {
    before.links == frame.links
      || frame.cells[row].allSatisfy { before.address(of: $0.style) == frame.address(of: $0.style) }
  }

  private func cell(_ cell: Cell) -> String {
    if cell.width == 0 || cell.text.utf8.count == 1 { return cell.text }
    return isUTF8 ? cell.text : asciiFallback(cell.text, width: Int(cell.width))
  }
}
