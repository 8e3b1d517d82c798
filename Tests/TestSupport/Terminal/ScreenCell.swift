import CVTerm

/// One cell as a terminal shows it.
package struct ScreenCell: Equatable, Sendable {
  package enum Color: Equatable, Sendable {
    case terminalDefault
    case index(Int)
    case rgb(UInt32)
  }

  package var text: String
  package var width: Int
  package var foreground: Color
  package var background: Color
  package var isBold: Bool
  package var isItalic: Bool
  package var isUnderlined: Bool
  package var isReversed: Bool

  init(_ cell: VTermScreenCell) {
    var scalars = String.UnicodeScalarView()
    withUnsafeBytes(of: cell.chars) { bytes in
      for value in bytes.bindMemory(to: UInt32.self) {
        guard value != 0 else { break }
        if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
      }
    }
    text = String(scalars)
    width = Int(cell.width)
    foreground = Self.color(cell.fg)
    background = Self.color(cell.bg)
    isBold = cell.attrs.bold != 0
    isItalic = cell.attrs.italic != 0
    isUnderlined = cell.attrs.underline != 0
    isReversed = cell.attrs.reverse != 0
  }

  private static func color(_ color: VTermColor) -> Color {
    // Bits 1 and 2: the default foreground or background. Bit 0: a number of the palette.
    if color.type & 6 != 0 { return .terminalDefault }
    if color.type & 1 == 1 { return .index(Int(color.indexed.idx)) }
    return .rgb(UInt32(color.rgb.red) << 16 | UInt32(color.rgb.green) << 8 | UInt32(color.rgb.blue))
  }
}
