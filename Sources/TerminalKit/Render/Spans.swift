/// Cells of one row that stand side by side in one style.
struct Span {
  var x: Int
  var width: Int
  var text: String
  var style: Style
}

extension Frame {
  /// A row cut wherever the style changes.
  func spans(_ y: Int) -> [Span] {
    var spans: [Span] = []
    for x in 0..<size.width {
      let cell = self[x, y]
      guard cell.width > 0 else { continue }
      if let last = spans.indices.last, spans[last].style == cell.style {
        spans[last].text += cell.text
        spans[last].width += Int(cell.width)
      } else {
        spans.append(Span(x: x, width: Int(cell.width), text: cell.text, style: cell.style))
      }
    }
    return spans
  }
}

/// Text that means itself in XML and HTML, in elements and in attributes.
func escapedMarkup(_ text: String) -> String {
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}

/// The colours that stand in for the terminal's own where there is no terminal, each 0xRRGGBB.
package struct CanvasColors: Hashable, Sendable {
  package var foreground: UInt32
  package var background: UInt32

  package init(foreground: UInt32 = 0xD8DEE9, background: UInt32 = 0x1B1F27) {
    self.foreground = foreground
    self.background = background
  }

  /// What a style looks like: reverse and dim are worked out.
  func resolve(_ style: Style) -> (foreground: UInt32, background: UInt32) {
    var front = foreground
    var back = background
    if case .rgb(let rgb) = style.foreground { front = rgb }
    if case .rgb(let rgb) = style.background { back = rgb }
    if style.attributes.contains(.reverse) { swap(&front, &back) }
    if style.attributes.contains(.dim) { front = Self.mix(front, back) }
    return (front, back)
  }

  /// Three parts of `one`, two of `two`.
  private static func mix(_ one: UInt32, _ two: UInt32) -> UInt32 {
    var mixed: UInt32 = 0
    for shift in [16, 8, 0] as [UInt32] {
      mixed |= (((one >> shift & 0xFF) * 3 + (two >> shift & 0xFF) * 2) / 5) << shift
    }
    return mixed
  }
}

/// `#rrggbb`.
func hexColor(_ rgb: UInt32) -> String {
  let digits = String(rgb & 0xFFFFFF, radix: 16)
  return "#" + String(repeating: "0", count: 6 - digits.count) + digits
}
