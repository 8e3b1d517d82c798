/// Sequences that are not drawing. What goes into them is made safe first.
package enum ControlSequence {
  /// What lies between us and the terminal and keeps back what it does not know, unless it is wrapped.
  package enum Multiplexer: Sendable, Hashable {
    case none, tmux, screen

    /// `variable` gives the value of a variable of the environment.
    package init(_ variable: (String) -> String?) {
      if let tmux = variable("TMUX"), !tmux.isEmpty {
        self = .tmux
      } else if let session = variable("STY"), !session.isEmpty {
        self = .screen
      } else {
        self = .none
      }
    }

    /// The sequence as the terminal behind it gets it.
    package func wrap(_ sequence: [UInt8]) -> [UInt8] {
      switch self {
      case .none: return sequence
      case .tmux:
        var doubled: [UInt8] = []
        doubled.reserveCapacity(sequence.count + 16)
        for byte in sequence {
          if byte == 0x1B { doubled.append(0x1B) }
          doubled.append(byte)
        }
        return Array("\u{1B}Ptmux;".utf8) + doubled + Array("\u{1B}\\".utf8)
      case .screen:
        // It takes no long strings: pieces, put together by the terminal.
        var wrapped: [UInt8] = []
        for start in stride(from: 0, to: sequence.count, by: 240) {
          let piece = sequence[start..<min(start + 240, sequence.count)]
          wrapped += Array("\u{1B}P".utf8) + piece + Array("\u{1B}\\".utf8)
        }
        return wrapped
      }
    }
  }

  /// The most that `copy` takes, in bytes: with more, terminals drop the whole.
  package static let longestCopy = 74_994

  /// OSC 52: asks the terminal to put `text` on the clipboard. Carries any text, as it is encoded; nil when it is too long.
  ///
  /// Inside tmux it goes out twice: tmux itself takes it with `set-clipboard on`, the terminal behind it with
  /// `allow-passthrough on`.
  package static func copy(_ text: String, through multiplexer: Multiplexer = .none) -> [UInt8]? {
    guard text.utf8.count <= longestCopy else { return nil }
    let sequence = Array("\u{1B}]52;c;".utf8) + base64(Array(text.utf8)) + [0x07]
    return multiplexer == .tmux ? sequence + multiplexer.wrap(sequence) : multiplexer.wrap(sequence)
  }

  /// OSC 9: a notification of the desktop, in the terminals that know it. One line, cut at 200 columns.
  package static func notify(_ text: String, through multiplexer: Multiplexer = .none) -> [UInt8] {
    var shown = cut(text)
    // Some terminals take a number for another command of theirs: progress, a folder, a macro.
    if let first = shown.utf8.first, (0x30...0x39).contains(first) { shown = " " + shown }
    return multiplexer.wrap(Array("\u{1B}]9;\(shown)\u{07}".utf8))
  }

  /// The title of the window, cut at 200 columns.
  package static func title(_ text: String) -> [UInt8] { Array("\u{1B}]2;\(cut(text))\u{07}".utf8) }

  private static func cut(_ text: String) -> String {
    DisplayText(text, maxWidth: 200).clusters.prefix(200).map(\.text).joined()
  }

  /// Asks what the background is (OSC 11), then what kind of terminal it is: nearly all answer the second, in order, so that
  /// nobody waits for a first answer that will not come.
  static let backgroundQuestion = Array("\u{1B}]11;?\u{07}\u{1B}[c".utf8)

  /// OSC 8: what follows leads to `address`, up to `linkEnd`.
  static func link(_ address: LinkAddress) -> String { "\u{1B}]8;;\(address.text)\u{1B}\\" }
  static let linkEnd = "\u{1B}]8;;\u{1B}\\"

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
