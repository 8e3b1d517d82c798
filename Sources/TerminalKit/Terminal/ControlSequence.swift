/// Sequences that are not drawing. What goes into them is made safe first.
package enum ControlSequence {
  /// OSC 52: asks the terminal to put `text` on the clipboard. Carries any text, as it is encoded.
  package static func copy(_ text: String) -> [UInt8] {
    Array("\u{1B}]52;c;".utf8) + base64(Array(text.utf8)) + [0x07]
  }

  /// The title of the window.
  package static func title(_ text: String) -> [UInt8] {
    Array("\u{1B}]2;\(DisplayText.plain(text))\u{07}".utf8)
  }

  /// Asks what the background is (OSC 11), then what kind of terminal it is: nearly all answer the second, in order, so that
  /// nobody waits for a first answer that will not come.
  static let backgroundQuestion = Array("\u{1B}]11;?\u{07}\u{1B}[c".utf8)

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = 0
      for byte in group { bits = bits << 8 | Int(byte) }
      bits <<= 8 * (3 - group.count)
      for place in 0..<4 {
        text.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return text
  }
}
