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

  package init(
    foreground: Color = .terminalDefault, background: Color = .terminalDefault, attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  package static let plain = Style()

  package func on(_ background: Color) -> Style {
    Style(foreground: foreground, background: background, attributes: attributes)
  }
  package func adding(_ attributes: Attributes) -> Style {
    Style(foreground: foreground, background: background, attributes: self.attributes.union(attributes))
  }
}
