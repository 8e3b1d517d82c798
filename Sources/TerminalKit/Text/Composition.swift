/// Canonical composition of a base and one combining mark (the part of NFC that matters to a terminal).
///
/// The standard library compares strings by canonical equivalence but has no public way to normalise them, so the table is
/// a dictionary that finds `e` + U+0301 under the key `é`.
enum Composition {
  static func compose(_ base: Unicode.Scalar, _ mark: Unicode.Scalar) -> Unicode.Scalar? {
    if let syllable = hangul(base, mark) { return syllable }
    var pair = String.UnicodeScalarView()
    pair.append(base)
    pair.append(mark)
    return table[String(pair)]
  }

  /// A leading consonant with a vowel, or such a syllable with its final.
  private static func hangul(_ base: Unicode.Scalar, _ mark: Unicode.Scalar) -> Unicode.Scalar? {
    switch (base.value, mark.value) {
    case (0x1100...0x1112, 0x1161...0x1175):
      Unicode.Scalar(0xAC00 + ((base.value - 0x1100) * 21 + mark.value - 0x1161) * 28)
    case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (base.value - 0xAC00) % 28 == 0:
      Unicode.Scalar(base.value + mark.value - 0x11A7)
    default: nil
    }
  }

  /// Built at the first combining mark: Latin, Greek, Cyrillic and kana.
  private static let table: [String: Unicode.Scalar] = {
    let blocks: [ClosedRange<UInt32>] = [0xC0...0x24F, 0x386...0x4FF, 0x1E00...0x1FFF, 0x304C...0x30FE]
    var table: [String: Unicode.Scalar] = [:]
    for block in blocks {
      for value in block {
        guard let scalar = Unicode.Scalar(value), scalar.properties.generalCategory != .unassigned else { continue }
        // The first of two equivalent characters stays: the other one (as the Kelvin sign) is never composed to.
        let key = String(Character(scalar))
        if table[key] == nil { table[key] = scalar }
      }
    }
    return table
  }()
}
