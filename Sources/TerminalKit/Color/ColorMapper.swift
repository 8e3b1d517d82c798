/// Brings a style's colours down to what a terminal can, remembering each answer.
package struct ColorMapper: Sendable {
  package enum Mapped: Hashable, Sendable {
    case terminalDefault
    case index(Int)
    case rgb(UInt32)
  }

  package let depth: ColorDepth
  private var known: [UInt32: Int] = [:]

  package init(depth: ColorDepth) { self.depth = depth }

  package mutating func map(_ color: Color) -> Mapped {
    guard case .rgb(let rgb) = color else { return .terminalDefault }
    switch depth {
    case .none: return .terminalDefault
    case .trueColor: return .rgb(rgb)
    case .palette256: return .index(nearest(rgb) { Palette.nearest256($0) })
    case .sixteen: return .index(nearest(rgb) { Palette.nearestBasic($0, count: 16) })
    case .eight: return .index(nearest(rgb) { Palette.nearestBasic($0, count: 8) })
    }
  }

  /// Both colours of a style. Where few colours make the two the same, the text turns black or white to stay readable.
  package mutating func map(_ style: Style) -> (foreground: Mapped, background: Mapped) {
    let foreground = map(style.foreground)
    let background = map(style.background)
    guard foreground == background, case .index = foreground, style.foreground != style.background,
      case .rgb(let rgb) = style.background
    else { return (foreground, background) }
    let white = depth == .palette256 ? 231 : 7
    let black = depth == .palette256 ? 16 : 0
    return (.index(Palette.brightness(rgb) > 127 ? black : white), background)
  }

  private mutating func nearest(_ rgb: UInt32, _ find: (UInt32) -> Int) -> Int {
    if let index = known[rgb] { return index }
    let index = find(rgb)
    known[rgb] = index
    return index
  }
}
