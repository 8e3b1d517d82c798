/// A colour as a theme gives it: the backend brings it down to what the terminal can (24-bit, 256, 16, none).
package enum Color: Hashable, Sendable {
  case terminalDefault
  /// 0xRRGGBB.
  case rgb(UInt32)
}

package struct Attributes: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let bold = Self(rawValue: 1)
  package static let dim = Self(rawValue: 2)
  package static let italic = Self(rawValue: 4)
  package static let underline = Self(rawValue: 8)
  package static let reverse = Self(rawValue: 16)
}

package struct Style: Hashable, Sendable {
  package var foreground: Color
  package var background: Color
  package var attributes: Attributes
  /// The number that the frame gave to an address; 0: no link.
  package var link: UInt16 = 0

  package init(
    foreground: Color = .terminalDefault, background: Color = .terminalDefault, attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  package static let plain = Style()

  package func on(_ background: Color) -> Style {
    var style = self
    style.background = background
    return style
  }
  package func adding(_ attributes: Attributes) -> Style {
    var style = self
    style.attributes.formUnion(attributes)
    return style
  }
}
