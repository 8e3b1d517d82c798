import TerminalKit

/// A colour to reckon with: mixing and contrast.
struct RGB: Hashable, Sendable {
  var red: Double
  var green: Double
  var blue: Double

  init(red: Double, green: Double, blue: Double) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  init(_ value: UInt32) {
    red = Double(value >> 16 & 255) / 255
    green = Double(value >> 8 & 255) / 255
    blue = Double(value & 255) / 255
  }

  /// `#rrggbb` or `rrggbb`.
  init?(hex text: String) {
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    guard digits.utf8.count == 6, let value = UInt32(digits, radix: 16), digits.first != "+" else { return nil }
    self.init(value)
  }

  init?(_ color: Color) {
    guard case .rgb(let value) = color else { return nil }
    self.init(value)
  }

  var color: Color {
    .rgb(UInt32(Self.byte(red)) << 16 | UInt32(Self.byte(green)) << 8 | UInt32(Self.byte(blue)))
  }

  func mixed(with other: RGB, _ share: Double) -> RGB {
    RGB(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }

  /// Relative luminance (WCAG 2.2) of the colour as it is shown, in eight bits a channel.
  var luminance: Double {
    0.2126 * Self.linear[Self.byte(red)] + 0.7152 * Self.linear[Self.byte(green)] + 0.0722
      * Self.linear[Self.byte(blue)]
  }

  /// Light, from 0 to 1, of each value of a channel.
  static let linear: [Double] = (0..<256).map { byte in
    let value = Double(byte) / 255
    return value <= 0.04045 ? value / 12.92 : power((value + 0.055) / 1.055)
  }

  static func byte(_ value: Double) -> Int { Int((min(1, max(0, value)) * 255).rounded()) }

  /// `#rrggbb`.
  var hex: String {
    let digits = [red, green, blue].map { channel in
      let text = String(Self.byte(channel), radix: 16)
      return text.count == 1 ? "0" + text : text
    }
    return "#" + digits.joined()
  }

  /// x^2.4 for x in (0, 1] without a math library: x² · x^(2/5), the fifth root by Newton's method.
  private static func power(_ x: Double) -> Double {
    let square = x * x
    guard square > 0 else { return 0 }
    var root = 1.0
    for _ in 0..<40 { root -= (root * root * root * root * root - square) / (5 * root * root * root * root) }
    return square * root
  }

  /// From 1 to 21 (WCAG 2.2).
  func contrast(with other: RGB) -> Double {
    let a = luminance
    let b = other.luminance
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  /// White or black: what can be read better on all of `grounds`.
  static func ink(on grounds: [RGB]) -> RGB {
    func worst(_ color: RGB) -> Double { grounds.map { color.contrast(with: $0) }.min() ?? 21 }
    let (white, black) = (RGB(0xFFFFFF), RGB(0))
    return worst(white) >= worst(black) ? white : black
  }

  /// This colour, moved towards white or black until it can be read on all of `grounds`.
  func readable(on grounds: [RGB], ratio: Double = 4.5) -> RGB {
    func worst(_ color: RGB) -> Double { grounds.map { color.contrast(with: $0) }.min() ?? 21 }
    if worst(self) >= ratio { return self }
    let goal = Self.ink(on: grounds)
    for step in 1...20 {
      let moved = mixed(with: goal, Double(step) / 20)
      if worst(moved) >= ratio { return moved }
    }
    return goal
  }
}
