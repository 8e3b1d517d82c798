/// The colours that terminals number, and the nearest of them to a colour of a theme.
package enum Palette {
  /// xterm's first sixteen. Terminals draw them as their user likes, so nearness to them is a guess.
  package static let basic: [UInt32] = [
    0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
    0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
  ]

  private static let levels: [Int] = [0, 95, 135, 175, 215, 255]

  /// The colour that number `index` of 256 stands for.
  package static func rgb(_ index: Int) -> UInt32 {
    switch index {
    case ..<0: return 0
    case ..<16: return basic[index]
    case ..<232:
      let place = index - 16
      return pack(levels[place / 36], levels[place / 6 % 6], levels[place % 6])
    default:
      let gray = 8 + (min(index, 255) - 232) * 10
      return pack(gray, gray, gray)
    }
  }

  /// The nearest of the fixed 240 (cube and greys); never one of the first sixteen, which users repaint.
  package static func nearest256(_ rgb: UInt32) -> Int {
    let (red, green, blue) = unpack(rgb)
    let cube = 16 + 36 * level(red) + 6 * level(green) + level(blue)
    let gray = 232 + max(0, min(23, ((red + green + blue) / 3 - 3) / 10))
    return distance(rgb, Self.rgb(gray)) < distance(rgb, Self.rgb(cube)) ? gray : cube
  }

  /// The nearest of the first `count` basic colours (8 or 16).
  package static func nearestBasic(_ rgb: UInt32, count: Int) -> Int {
    var best = 0
    for index in 1..<max(1, min(count, basic.count))
    where distance(rgb, basic[index]) < distance(rgb, basic[best]) { best = index }
    return best
  }

  /// Perceived brightness, 0 to 255.
  package static func brightness(_ rgb: UInt32) -> Int {
    let (red, green, blue) = unpack(rgb)
    return (red * 299 + green * 587 + blue * 114) / 1000
  }

  private static func level(_ value: Int) -> Int { value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40 }

  static func unpack(_ rgb: UInt32) -> (red: Int, green: Int, blue: Int) {
    (Int(rgb >> 16 & 0xFF), Int(rgb >> 8 & 0xFF), Int(rgb & 0xFF))
  }

  private static func pack(_ red: Int, _ green: Int, _ blue: Int) -> UInt32 {
    UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
  }

  /// Weighted as the eye sees (redmean), squared.
  private static func distance(_ one: UInt32, _ two: UInt32) -> Int {
    let a = unpack(one)
    let b = unpack(two)
    let mean = (a.red + b.red) / 2
    let (red, green, blue) = (a.red - b.red, a.green - b.green, a.blue - b.blue)
    return (512 + mean) * red * red / 256 + 4 * green * green + (767 - mean) * blue * blue / 256
  }
}
