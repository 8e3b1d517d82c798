/// Takes scalars one by one and builds the clusters of a `DisplayText`.
struct ClusterReader {
  let tabs: DisplayText.Tabs
  var clusters: [DisplayText.Cluster] = []
  var width = 0

  /// What a cell of ncurses holds: a base and its marks.
  private static let maxScalars = 5

  /// The scalar before, when marks may be drawn on it; nil after a visible mark of ours.
  private var base: Unicode.Scalar?

  /// The scalar before, if it vanished: one presentation selector means something, a row of them hides something.
  private var vanished: Unicode.Scalar?

  init(tabs: DisplayText.Tabs) { self.tabs = tabs }

  mutating func append(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    switch value {
    case 0x20..<0x7F, 0xA0...0xAC, 0xAE...0x2FF: add(scalar, width: 1)
    case 0x09: addTab()
    case ..<0x20: addMark(0x2400 + value)
    case 0x7F: addMark(0x2421)
    // Box drawing, blocks, most shapes and braille: the glyphs of charts and bars.
    case 0x2500...0x25FC, 0x2801...0x28FF: add(scalar, width: 1)
    case 0x3041...0x3096, 0x30A0...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: add(scalar, width: 2)
    default: addOther(scalar)
    }
  }

  private mutating func addOther(_ scalar: Unicode.Scalar) {
    let properties = scalar.properties
    if properties.isDefaultIgnorableCodePoint {
      if vanishes(scalar) { vanished = scalar } else { addCode(scalar) }
      return
    }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: addCode(scalar)
    case .nonspacingMark, .enclosingMark: combine(scalar)
    default:
      if CharacterWidth.combines(scalar) {
        combine(scalar)
      } else {
        add(scalar, width: CharacterWidth.of(scalar))
      }
    }
  }

  private mutating func combine(_ mark: Unicode.Scalar) {
    vanished = nil
    guard base != nil, let last = clusters.last else {
      // A mark with nothing under it gets the dotted circle that Unicode shows it on.
      add("\u{25CC}", width: 1)
      clusters[clusters.count - 1].text.unicodeScalars.append(mark)
      return
    }
    let scalars = last.text.unicodeScalars
    // More marks than a cell holds are an attack on the lines around it, not writing.
    guard scalars.count < Self.maxScalars else { return }
    if scalars.count == 1, let first = scalars.first, let composed = Composition.compose(first, mark) {
      clusters[clusters.count - 1].text = String(Character(composed))
      base = composed
    } else {
      clusters[clusters.count - 1].text.unicodeScalars.append(mark)
    }
  }

  private mutating func add(_ scalar: Unicode.Scalar, width columns: UInt8) {
    clusters.append(.init(text: String(Character(scalar)), width: columns))
    width += Int(columns)
    base = scalar
    vanished = nil
  }

  private mutating func addMark(_ value: UInt32) {
    if let scalar = Unicode.Scalar(value) { add(scalar, width: 1) }
    base = nil
  }

  private mutating func addCode(_ scalar: Unicode.Scalar) {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let code = "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "⟩"
    for part in code.unicodeScalars { add(part, width: 1) }
    base = nil
  }

  private mutating func addTab() {
    switch tabs {
    case .arrow: addMark(0x2192)
    case .stops:
      for _ in 0..<(8 - width % 8) { add(" ", width: 1) }
      base = nil
    }
  }

  /// The joiner and the presentation selectors of emoji vanish, as the parts are shown one by one; anywhere else they hide
  /// something.
  private func vanishes(_ scalar: Unicode.Scalar) -> Bool {
    guard let last = clusters.last?.text.unicodeScalars.first, last.properties.isEmoji else { return false }
    switch scalar {
    case "\u{FE0E}", "\u{FE0F}": return vanished == nil
    case "\u{200D}": return last.value > 0xFF && vanished != "\u{200D}"
    default: return false
    }
  }

  /// Goes on after clusters that were read already.
  mutating func resume(after clusters: [DisplayText.Cluster], width: Int) {
    self.clusters = clusters
    self.width = width
    base = clusters.last?.text.unicodeScalars.first
  }
}
