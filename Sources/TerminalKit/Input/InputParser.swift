/// Turns the bytes that a terminal sends into inputs. Pure: the caller knows the time, and says when a sequence that has
/// begun goes on too long.
///
/// It reads what xterm and its many relatives, the Linux console and rxvt send, whatever `TERM` says, so that a
/// terminfo entry that is wrong about keys does no harm. Modifiers of arrows and the like are dropped.
package struct InputParser {
  private enum State {
    case ground
    case escape
    case control
    /// After `ESC [ [`: the function keys of the Linux console.
    case console
    case singleShift
    /// An answer of the terminal (OSC, DCS, …) up to its end; `escaped` says that an ESC came.
    case string(isOSC: Bool, escaped: Bool)
    case paste
  }

  private var state = State.ground
  private var bytes: [UInt8] = []
  private var scalar = UTF8Assembler()
  /// Whether the character that has begun came after an ESC.
  private var scalarIsAlt = false
  private var swallowed = 0

  /// No paste grows past this; what follows is dropped.
  private static let maxPaste = 16 << 20
  /// A terminal's answer is never longer.
  private static let maxAnswer = 8192

  /// A question was put to the terminal: an ESC is then more likely the begin of its answer than a key.
  package var awaitsAnswer = false
  /// How often the terminal has said what kind it is (primary device attributes).
  package private(set) var attributesAnswered = 0

  package init() {}

  /// How long to wait for the rest of a sequence before `expire`: 75 ms for a lone ESC, which is also a key; more once it
  /// is plain that a sequence has begun, and much more in the middle of an answer, whose rest must never be taken for keys.
  /// Nil when nothing waits.
  package var patience: Int? {
    switch state {
    case .ground, .paste: nil
    case .escape: awaitsAnswer ? 300 : 75
    case .string(isOSC: true, _) where isAnswer: 3000
    default: 300
    }
  }

  /// Whether an OSC has begun as answers do: with a number and a semicolon.
  private var isAnswer: Bool {
    let digits = bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }
    return !digits.isEmpty && (digits.count == bytes.count || bytes[digits.count] == UInt8(ascii: ";"))
  }

  /// What came so far is all there is.
  package mutating func expire() -> [Input] {
    defer {
      state = .ground
      bytes = []
    }
    switch state {
    case .ground, .paste, .string, .console: return []
    case .escape: return [.key(.escape)]
    case .control: return bytes.isEmpty ? [.key(.alt("["))] : []
    case .singleShift: return [.key(.alt("O"))]
    }
  }

  package mutating func feed(_ input: some Sequence<UInt8>) -> [Input] {
    var found: [Input] = []
    for byte in input { step(byte, &found) }
    return found
  }

  private mutating func step(_ byte: UInt8, _ found: inout [Input]) {
    switch state {
    case .ground: ground(byte, alt: false, &found)
    case .escape: escape(byte, &found)
    case .control: control(byte, &found)
    case .console:
      state = .ground
      if byte >= 0x41, byte <= 0x45 { found.append(.key(.function(Int(byte) - 0x40))) }
    case .singleShift:
      state = .ground
      if let key = Self.letterKey(byte) ?? Self.keypad(byte) { found.append(.key(key)) }
    case .string(let isOSC, let escaped): string(byte, isOSC: isOSC, escaped: escaped, &found)
    case .paste: paste(byte, &found)
    }
  }

  // MARK: Plain keys

  private mutating func ground(_ byte: UInt8, alt: Bool, _ found: inout [Input]) {
    if byte < 0x80 {
      scalar.reset()
      if byte == 0x1B {
        state = .escape
      } else if byte >= 0x20, byte < 0x7F {
        let character = Character(Unicode.Scalar(byte))
        found.append(.key(alt ? .alt(character) : .character(character)))
      } else {
        if alt { found.append(.key(.escape)) }
        found.append(.key(Self.controlKey(byte)))
      }
    } else {
      if byte >= 0xC0 { scalarIsAlt = alt }
      // C1 has no keys.
      guard let whole = scalar.take(byte), whole.value >= 0xA0 else { return }
      found.append(.key(scalarIsAlt ? .alt(Character(whole)) : .character(Character(whole))))
    }
  }

  private static func controlKey(_ byte: UInt8) -> Key {
    switch byte {
    case 0x00: .ctrl(" ")
    case 0x08, 0x7F: .backspace
    case 0x09: .tab
    case 0x0D: .enter
    case 0x01...0x1A: .ctrl(Character(Unicode.Scalar(byte + 0x60)))
    default: .ctrl(Character(Unicode.Scalar(byte + 0x40)))
    }
  }

  private mutating func escape(_ byte: UInt8, _ found: inout [Input]) {
    state = .ground
    switch byte {
    case UInt8(ascii: "["):
      bytes = []
      state = .control
    case UInt8(ascii: "O"): state = .singleShift
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
      // Also alt with that character; the pause after it tells them apart only for a person who waits.
      swallowed = 0
      bytes = []
      state = .string(isOSC: byte == UInt8(ascii: "]"), escaped: false)
    case 0x1B:
      found.append(.key(.escape))
      state = .escape
    default: ground(byte, alt: true, &found)
    }
  }

  private mutating func string(_ byte: UInt8, isOSC: Bool, escaped: Bool, _ found: inout [Input]) {
    swallowed += 1
    if byte == 0x07 || escaped && byte == UInt8(ascii: "\\") {
      state = .ground
      if isOSC, let color = Self.background(bytes) { found.append(.background(color)) }
    } else if byte == 0x18 || swallowed > Self.maxAnswer {
      state = .ground
    } else {
      if byte != 0x1B, bytes.count < 64 { bytes.append(byte) }
      state = .string(isOSC: isOSC, escaped: byte == 0x1B)
    }
  }

  /// Reads `11;rgb:1414/1717/1c1c`, whatever number of digits each part has.
  private static func background(_ answer: [UInt8]) -> UInt32? {
    let text = String(decoding: answer, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":"), ["11;rgb", "11;rgba"].contains(text[..<colon]) else { return nil }
    let parts = text[text.index(after: colon)...].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3 || parts.count == 4 else { return nil }
    var color: UInt32 = 0
    for part in parts.prefix(3) {
      guard (1...4).contains(part.count), let value = UInt32(part, radix: 16), part.first != "+" else { return nil }
      let most = (UInt32(1) << (4 * UInt32(part.count))) - 1
      color = color << 8 | (value * 255 + most / 2) / most
    }
    return color
  }

  // MARK: Sequences

  private mutating func control(_ byte: UInt8, _ found: inout [Input]) {
    switch byte {
    case UInt8(ascii: "[") where bytes.isEmpty: state = .console
    case 0x20...0x3F:
      bytes.append(byte)
      if bytes.count > 64 { state = .ground }
    case 0x40...0x7E:
      // The old mouse report: three raw bytes follow.
      if byte == UInt8(ascii: "M"), bytes.isEmpty {
        bytes = [byte]
        return
      }
      if bytes.first == UInt8(ascii: "M") { return oldMouse(byte, &found) }
      state = .ground
      finish(byte, &found)
    default:
      if bytes.first == UInt8(ascii: "M") { return oldMouse(byte, &found) }
      state = .ground
      if byte == 0x1B { state = .escape }
    }
    if bytes.first == UInt8(ascii: "M"), bytes.count == 4 { finishOldMouse(&found) }
  }

  private mutating func oldMouse(_ byte: UInt8, _ found: inout [Input]) {
    bytes.append(byte)
    if bytes.count == 4 { finishOldMouse(&found) }
  }

  private mutating func finishOldMouse(_ found: inout [Input]) {
    state = .ground
    guard bytes[1] >= 32, bytes[2] > 32, bytes[3] > 32 else { return }
    mouse(Int(bytes[1]) - 32, x: Int(bytes[2]) - 33, y: Int(bytes[3]) - 33, pressed: true, &found)
  }

  private mutating func finish(_ final: UInt8, _ found: inout [Input]) {
    if bytes.first == UInt8(ascii: "<") {
      let numbers = Self.numbers(bytes.dropFirst())
      guard numbers.count == 3, final == UInt8(ascii: "M") || final == UInt8(ascii: "m") else { return }
      mouse(numbers[0], x: numbers[1] - 1, y: numbers[2] - 1, pressed: final == UInt8(ascii: "M"), &found)
      return
    }
    if bytes.first == UInt8(ascii: "?"), final == UInt8(ascii: "c") { attributesAnswered += 1 }
    // Answers of the terminal begin with ? or >.
    if let first = bytes.first, first >= 0x3C { return }
    let numbers = Self.numbers(bytes[...])
    switch final {
    case UInt8(ascii: "~"): tilde(numbers, &found)
    case UInt8(ascii: "u"): if let code = numbers.first { coded(code, modifiers: Self.modifiers(numbers, 1), &found) }
    case UInt8(ascii: "Z"): found.append(.key(.shiftTab))
    // With parameters it is the answer to a question about the cursor, unless it looks like F3 with modifiers.
    case UInt8(ascii: "R") where numbers.first != 1 || numbers.count != 2: break
    default: if let key = Self.letterKey(final) { found.append(.key(key)) }
    }
  }

  private mutating func tilde(_ numbers: [Int], _ found: inout [Input]) {
    switch numbers.first ?? 0 {
    case 1, 7: found.append(.key(.home))
    case 4, 8: found.append(.key(.end))
    case 3: found.append(.key(.delete))
    case 5: found.append(.key(.pageUp))
    case 6: found.append(.key(.pageDown))
    case let number where (11...15).contains(number): found.append(.key(.function(number - 10)))
    case let number where (17...21).contains(number): found.append(.key(.function(number - 11)))
    case let number where (23...24).contains(number): found.append(.key(.function(number - 12)))
    case 27: if numbers.count > 2 { coded(numbers[2], modifiers: Self.modifiers(numbers, 1), &found) }
    case 200:
      bytes = []
      state = .paste
    default: break
    }
  }

  /// A key by its code point, as terminals send it that tell ctrl-i from tab.
  private func coded(_ code: Int, modifiers: Int, _ found: inout [Input]) {
    guard code >= 0, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else { return }
    if code < 0x20 || code == 0x7F {
      let isShiftTab = code == 9 && modifiers & 1 != 0
      found.append(.key(isShiftTab ? .shiftTab : code == 0x1B ? .escape : Self.controlKey(UInt8(code))))
    } else if code >= 0xA0 || code < 0x80 {
      let character = Character(scalar)
      // Private use stands for keys that we have no name for.
      if (0xE000...0xF8FF).contains(code) { return }
      found.append(
        .key(modifiers & 4 != 0 ? .ctrl(character) : modifiers & 2 != 0 ? .alt(character) : .character(character)))
    }
  }

  private static func modifiers(_ numbers: [Int], _ place: Int) -> Int {
    numbers.count > place ? max(0, numbers[place] - 1) : 0
  }

  private static func letterKey(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "P"): .function(1)
    case UInt8(ascii: "Q"): .function(2)
    case UInt8(ascii: "R"): .function(3)
    case UInt8(ascii: "S"): .function(4)
    default: nil
    }
  }

  /// The number pad of a terminal in application mode.
  private static func keypad(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "M"): .enter
    case UInt8(ascii: "j")...UInt8(ascii: "y"): .character(Character(Unicode.Scalar(byte - 0x40)))
    default: nil
    }
  }

  private static func numbers(_ bytes: ArraySlice<UInt8>) -> [Int] {
    guard !bytes.isEmpty else { return [] }
    return bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { part in
      var number = 0
      // Sub-parameters after a colon say nothing that we need.
      for byte in part.prefix(while: { $0 >= 0x30 && $0 <= 0x39 }) {
        number = min(number * 10 + Int(byte) - 0x30, 1 << 24)
      }
      return number
    }
  }

  // MARK: Mouse and paste

  private func mouse(_ code: Int, x: Int, y: Int, pressed: Bool, _ found: inout [Input]) {
    guard x >= 0, y >= 0, pressed else { return }
    // 4, 8 and 16 are modifiers, 32 is motion.
    switch code & ~28 {
    case 0: found.append(.mouse(.init(.press, at: Point(x: x, y: y))))
    case 64: found.append(.mouse(.init(.wheelUp, at: Point(x: x, y: y))))
    case 65: found.append(.mouse(.init(.wheelDown, at: Point(x: x, y: y))))
    default: break
    }
  }

  private static let pasteEnd = Array("\u{1B}[201~".utf8)

  private mutating func paste(_ byte: UInt8, _ found: inout [Input]) {
    bytes.append(byte)
    if byte == Self.pasteEnd[5], bytes.count >= 6, bytes.suffix(6).elementsEqual(Self.pasteEnd) {
      found.append(.paste(Self.pasted(bytes.dropLast(6))))
      bytes = []
      state = .ground
    } else if bytes.count > Self.maxPaste + 64 {
      // Keeps enough of the end to see the sequence that closes the paste.
      bytes.removeSubrange(Self.maxPaste..<(bytes.count - 6))
    }
  }

  private static func pasted(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var previous: UInt8 = 0
    for byte in bytes {
      if byte == 0x0A, previous == 0x0D { /* the second half of one line end */
      } else {
        text.append(byte == 0x0D ? 0x0A : byte)
      }
      previous = byte
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Puts the bytes of one character together; what is not UTF-8 is dropped.
private struct UTF8Assembler {
  private var value: UInt32 = 0
  private var missing = 0
  private var least: UInt32 = 0

  mutating func reset() { missing = 0 }

  mutating func take(_ byte: UInt8) -> Unicode.Scalar? {
    switch byte {
    case 0x80...0xBF:
      guard missing > 0 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
      missing -= 1
      return missing == 0 && value >= least ? Unicode.Scalar(value) : nil
    case 0xC2...0xDF: start(UInt32(byte & 0x1F), missing: 1, least: 0x80)
    case 0xE0...0xEF: start(UInt32(byte & 0x0F), missing: 2, least: 0x800)
    case 0xF0...0xF4: start(UInt32(byte & 0x07), missing: 3, least: 0x10000)
    default: missing = 0
    }
    return nil
  }

  private mutating func start(_ value: UInt32, missing: Int, least: UInt32) {
    self.value = value
    self.missing = missing
    self.least = least
  }
}
