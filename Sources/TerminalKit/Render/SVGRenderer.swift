/// A frame as a picture. Text is placed run by run at exact columns whatever font shows it; blocks and lines are drawn as
/// shapes, because fonts leave gaps between them.
package struct SVGRenderer: Sendable {
  package var colors: CanvasColors
  /// In a bar above the frame, as a window has it; nil leaves the bar out.
  package var title: String?

  package init(colors: CanvasColors = CanvasColors(), title: String? = nil) {
    self.colors = colors
    self.title = title
  }

  /// A cell in quarters of a pixel, so that all coordinates are exact decimals: 8.5 × 18.
  private static let cellWidth = 34
  private static let cellHeight = 72
  private static let margin = 48
  private static let barHeight = 128

  private var top: Int { title == nil ? Self.margin : Self.barHeight }

  package func render(_ frame: Frame) -> String {
    let width = frame.size.width * Self.cellWidth + 2 * Self.margin
    let height = frame.size.height * Self.cellHeight + top + Self.margin
    var svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(px(width))\" height=\"\(px(height))\" "
      + "viewBox=\"0 0 \(px(width)) \(px(height))\">\n"
      + "<style>text{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace;"
      + "font-size:14px;white-space:pre}.b{font-weight:700}.i{font-style:italic}.u{text-decoration:underline}"
      + "</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"\(hexColor(colors.background))\"/>\n"
    if let title { svg += bar(title, width) }
    for y in 0..<frame.size.height { svg += row(frame, y) }
    return svg + "</svg>\n"
  }

  private func bar(_ title: String, _ width: Int) -> String {
    var svg = ""
    for (place, color) in ["#ff5f57", "#febc2e", "#28c840"].enumerated() {
      svg += "<circle cx=\"\(20 + 20 * place)\" cy=\"16\" r=\"6\" fill=\"\(color)\"/>\n"
    }
    return svg
      + "<text x=\"\(px(width / 2))\" y=\"21\" text-anchor=\"middle\" fill=\"\(hexColor(colors.foreground))\" "
      + "opacity=\"0.7\">\(escapedMarkup(DisplayText.plain(title)))</text>\n"
  }

  private func row(_ frame: Frame, _ y: Int) -> String {
    var backgrounds = ""
    var content = ""
    for span in frame.spans(y) {
      let (foreground, background) = colors.resolve(span.style)
      if background != colors.background {
        backgrounds += rect(left(span.x), above(y), span.width * Self.cellWidth, Self.cellHeight, background)
      }
      let drawn = runs(frame, span, y, foreground)
      if let address = frame.address(of: span.style), !drawn.isEmpty {
        content += "<a href=\"\(escapedMarkup(address.text))\">\n\(drawn)</a>\n"
      } else {
        content += drawn
      }
    }
    return backgrounds + content
  }

  /// Text of one style, cut into runs of ASCII, single other clusters, and shapes.
  private func runs(_ frame: Frame, _ span: Span, _ y: Int, _ color: UInt32) -> String {
    var svg = ""
    var run = ""
    var start = span.x
    var x = span.x
    func flush() {
      // Spaces are drawn only where they are underlined.
      if !span.style.attributes.contains(.underline) {
        while run.last == " " { run.removeLast() }
        while run.first == " " {
          run.removeFirst()
          start += 1
        }
      }
      if !run.isEmpty { svg += text(run, start, y, run.utf8.count, span.style, color) }
      run = ""
    }
    while x < span.x + span.width {
      let cell = frame[x, y]
      let isASCII = cell.text.utf8.count == 1
      if isASCII {
        if run.isEmpty { start = x }
        run += cell.text
      } else {
        flush()
        svg += shape(cell, x, y, color) ?? text(cell.text, x, y, Int(cell.width), span.style, color)
      }
      x += max(1, Int(cell.width))
    }
    flush()
    return svg
  }

  private func text(_ text: String, _ x: Int, _ y: Int, _ columns: Int, _ style: Style, _ color: UInt32) -> String {
    var classes: [String] = []
    if style.attributes.contains(.bold) { classes.append("b") }
    if style.attributes.contains(.italic) { classes.append("i") }
    if style.attributes.contains(.underline) { classes.append("u") }
    let kind = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    return "<text x=\"\(px(left(x)))\" y=\"\(px(above(y) + 54))\" textLength=\"\(px(columns * Self.cellWidth))\" "
      + "lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"\(kind) fill=\"\(hexColor(color))\">\(escapedMarkup(text))</text>\n"
  }

  // MARK: Shapes

  private func shape(_ cell: Cell, _ x: Int, _ y: Int, _ color: UInt32) -> String? {
    guard cell.width == 1, cell.text.unicodeScalars.count == 1, let value = cell.text.unicodeScalars.first?.value
    else { return nil }
    let (left, above, width, height) = (left(x), above(y), Self.cellWidth, Self.cellHeight)
    switch value {
    case 0x2580: return rect(left, above, width, height / 2, color)
    case 0x2581...0x2588:
      let part = height * Int(value - 0x2580) / 8
      return rect(left, above + height - part, width, part, color)
    case 0x2589...0x258F: return rect(left, above, width * Int(0x2590 - value) / 8, height, color)
    case 0x2590: return rect(left + width / 2, above, width / 2, height, color)
    case 0x2591...0x2593:
      return rect(left, above, width, height, color, opacity: ["0.2", "0.4", "0.65"][Int(value - 0x2591)])
    default: return Self.arms[value].map { lines($0, left, above, color) }
    }
  }

  /// Which ways a box character reaches from its middle.
  private struct Arms: OptionSet {
    let rawValue: Int
    static let left = Self(rawValue: 1)
    static let right = Self(rawValue: 2)
    static let up = Self(rawValue: 4)
    static let down = Self(rawValue: 8)
    static let heavy = Self(rawValue: 16)
    static let round = Self(rawValue: 32)
  }

  private static let arms: [UInt32: Arms] = [
    0x2500: [.left, .right], 0x2501: [.left, .right, .heavy], 0x2502: [.up, .down], 0x2503: [.up, .down, .heavy],
    0x250C: [.right, .down], 0x2510: [.left, .down], 0x2514: [.right, .up], 0x2518: [.left, .up],
    0x251C: [.right, .up, .down], 0x2524: [.left, .up, .down], 0x252C: [.left, .right, .down],
    0x2534: [.left, .right, .up], 0x253C: [.left, .right, .up, .down],
    0x250F: [.right, .down, .heavy], 0x2513: [.left, .down, .heavy], 0x2517: [.right, .up, .heavy],
    0x251B: [.left, .up, .heavy], 0x2574: [.left], 0x2575: [.up], 0x2576: [.right], 0x2577: [.down],
    0x256D: [.right, .down, .round], 0x256E: [.left, .down, .round], 0x256F: [.left, .up, .round],
    0x2570: [.right, .up, .round],
  ]

  private func lines(_ arms: Arms, _ left: Int, _ above: Int, _ color: UInt32) -> String {
    let (x, y) = (left + Self.cellWidth / 2, above + Self.cellHeight / 2)
    let (right, below) = (left + Self.cellWidth, above + Self.cellHeight)
    let stroke = arms.contains(.heavy) ? "2.5" : "1.25"
    var path = ""
    if arms.contains(.round) {
      let side = arms.contains(.left) ? left : right
      let end = arms.contains(.up) ? above : below
      path = "M\(px(side)) \(px(y))Q\(px(x)) \(px(y)) \(px(x)) \(px(end))"
    } else {
      if arms.contains(.left) { path += "M\(px(left)) \(px(y))H\(px(x))" }
      if arms.contains(.right) { path += "M\(px(x)) \(px(y))H\(px(right))" }
      if arms.contains(.up) { path += "M\(px(x)) \(px(above))V\(px(y))" }
      if arms.contains(.down) { path += "M\(px(x)) \(px(y))V\(px(below))" }
    }
    return "<path d=\"\(path)\" fill=\"none\" stroke=\"\(hexColor(color))\" stroke-width=\"\(stroke)\"/>\n"
  }

  private func rect(
    _ x: Int, _ y: Int, _ width: Int, _ height: Int, _ color: UInt32, opacity: String? = nil
  ) -> String {
    "<rect x=\"\(px(x))\" y=\"\(px(y))\" width=\"\(px(width))\" height=\"\(px(height))\" fill=\"\(hexColor(color))\""
      + (opacity.map { " opacity=\"\($0)\"" } ?? "") + "/>\n"
  }

  private func left(_ x: Int) -> Int { Self.margin + x * Self.cellWidth }
  private func above(_ y: Int) -> Int { top + y * Self.cellHeight }

  /// Quarters of a pixel as pixels.
  private func px(_ quarters: Int) -> String {
    let fraction = ["", ".25", ".5", ".75"][quarters % 4]
    return "\(quarters / 4)\(fraction)"
  }
}
