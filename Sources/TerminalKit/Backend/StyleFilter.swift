/// Leaves out what says nothing new about colours and attributes. ncurses names both colours at each change of either, which
/// is most of what a frame of 24-bit colours takes on a line.
///
/// For terminals that take attributes back one by one, as all with 256 colours do.
struct StyleFilter {
  private struct Look: Equatable {
    /// Bits by the number of the attribute: 1 bold, 2 dim, 3 italic, 4 underline, 7 reverse.
    var attributes: UInt16 = 0
    /// The parameters, as `38;2;1;2;3`; empty for the terminal's own.
    var foreground: [UInt8] = []
    var background: [UInt8] = []
  }

  private var wanted = Look()
  /// Nil when the terminal's state is not known.
  private var shown: Look?
  /// The second character set is on: its sequences mean something then.
  private var usesGraphics = false

  /// Forgets what the terminal shows: something else has written to it.
  mutating func forget() { self = StyleFilter() }

  mutating func filter(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      guard bytes[place] == 0x1B, place + 1 < bytes.count else {
        flush(&output)
        output.append(bytes[place])
        place += 1
        continue
      }
      let end = Self.end(of: bytes, from: place)
      let sequence = bytes[place..<end]
      place = end
      take(sequence, &output)
    }
    flush(&output)
    return output
  }

  private mutating func take(_ sequence: ArraySlice<UInt8>, _ output: inout [UInt8]) {
    let kind = sequence[sequence.startIndex + 1]
    let last = sequence.last ?? 0
    if kind == UInt8(ascii: "["), last == UInt8(ascii: "m"), apply(sequence.dropFirst(2).dropLast()) { return }
    if kind == UInt8(ascii: "("), last == UInt8(ascii: "B"), !usesGraphics { return }
    if kind == UInt8(ascii: "(") { usesGraphics = last != UInt8(ascii: "B") }
    // Moving the cursor and switching modes need no colours.
    let movesOnly = kind == UInt8(ascii: "[") && "ABCDGHdfhl".utf8.contains(last)
    if !movesOnly { flush(&output) }
    output += sequence
    if kind == UInt8(ascii: "["), last == UInt8(ascii: "m") { shown = nil }
  }

  /// One past the end of the sequence that begins at `start`.
  private static func end(of bytes: [UInt8], from start: Int) -> Int {
    var place = start + 2
    switch bytes[start + 1] {
    case UInt8(ascii: "["):
      while place < bytes.count, !(0x40...0x7E).contains(bytes[place]) { place += 1 }
      return min(bytes.count, place + 1)
    case UInt8(ascii: "]"):
      while place < bytes.count {
        if bytes[place] == 0x07 { return place + 1 }
        if bytes[place] == UInt8(ascii: "\\"), bytes[place - 1] == 0x1B { return place + 1 }
        place += 1
      }
      return bytes.count
    case UInt8(ascii: "("), UInt8(ascii: ")"): return min(bytes.count, place + 1)
    default: return place
    }
  }

  /// Takes the parameters of an SGR into what is wanted; false for those that are not known, and nothing is changed then.
  private mutating func apply(_ parameters: ArraySlice<UInt8>) -> Bool {
    var look = wanted
    let parts = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(Array.init)
    var place = 0
    while place < max(1, parts.count) {
      let part = place < parts.count ? parts[place] : []
      guard part.allSatisfy({ (0x30...0x39).contains($0) }), part.count <= 3 else { return false }
      let code = part.reduce(0) { $0 * 10 + Int($1) - 0x30 }
      switch code {
      case 0: look = Look()
      case 1...4, 7: look.attributes |= 1 << UInt16(code)
      case 22: look.attributes &= ~0b110
      case 23, 24, 27: look.attributes &= ~(1 << UInt16(code - 20))
      case 30...37, 90...97: look.foreground = part
      case 40...47, 100...107: look.background = part
      case 39: look.foreground = []
      case 49: look.background = []
      case 38, 48:
        guard place + 1 < parts.count else { return false }
        let count = parts[place + 1] == [UInt8(ascii: "5")] ? 3 : 5
        guard place + count <= parts.count else { return false }
        let color = Array(parts[place..<(place + count)].joined(separator: [UInt8(ascii: ";")]))
        if code == 38 { look.foreground = color } else { look.background = color }
        place += count - 1
      default: return false
      }
      place += 1
    }
    wanted = look
    return true
  }

  private mutating func flush(_ output: inout [UInt8]) {
    guard shown != wanted else { return }
    func add(_ code: [UInt8], _ codes: inout [UInt8]) {
      if !codes.isEmpty { codes.append(UInt8(ascii: ";")) }
      codes += code
    }
    func attributes(_ bits: UInt16, _ codes: inout [UInt8]) {
      for code in [1, 2, 3, 4, 7] where bits >> UInt16(code) & 1 == 1 { add([0x30 + UInt8(code)], &codes) }
    }
    // From nothing: always right.
    var whole = [UInt8(ascii: "0")]
    attributes(wanted.attributes, &whole)
    if !wanted.foreground.isEmpty { add(wanted.foreground, &whole) }
    if !wanted.background.isEmpty { add(wanted.background, &whole) }
    if let shown {
      var codes: [UInt8] = []
      var kept = shown.attributes
      let gone = shown.attributes & ~wanted.attributes
      if gone & 0b110 != 0 {
        add(Array("22".utf8), &codes)
        kept &= ~0b110
      }
      for (code, name) in [(3, "23"), (4, "24"), (7, "27")] where gone >> UInt16(code) & 1 == 1 {
        add(Array(name.utf8), &codes)
      }
      attributes(wanted.attributes & ~kept, &codes)
      if shown.foreground != wanted.foreground {
        add(wanted.foreground.isEmpty ? Array("39".utf8) : wanted.foreground, &codes)
      }
      if shown.background != wanted.background {
        add(wanted.background.isEmpty ? Array("49".utf8) : wanted.background, &codes)
      }
      if codes.count < whole.count { whole = codes }
    }
    output += [0x1B, UInt8(ascii: "[")] + whole + [UInt8(ascii: "m")]
    shown = wanted
  }
}
