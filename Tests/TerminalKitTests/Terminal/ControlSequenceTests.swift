import Testing

@testable import TerminalKit

@Suite struct ControlSequenceTests {
  private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

  @Test("OSC 52 carries base64; tmux gets it bare and wrapped, screen in pieces")
  func copy() {
    let bare = "\u{1B}]52;c;aGVsbG8=\u{07}"
    #expect(text(ControlSequence.copy("hello")) == bare)
    #expect(
      text(ControlSequence.copy("hello", through: .tmux)) == bare
        + "\u{1B}Ptmux;\u{1B}\u{1B}]52;c;aGVsbG8=\u{07}\u{1B}\\")
    #expect(text(ControlSequence.copy("hello", through: .screen)) == "\u{1B}P\(bare)\u{1B}\\")
    let long = String(repeating: "a", count: 600)
    let pieces = text(ControlSequence.copy(long, through: .screen)).components(separatedBy: "\u{1B}\\").dropLast()
    #expect(pieces.count > 2)
    #expect(pieces.allSatisfy { $0.hasPrefix("\u{1B}P") && $0.utf8.count <= 242 })
    #expect(pieces.map { $0.dropFirst(2) }.joined() == text(ControlSequence.copy(long)))
  }

  @Test("More than terminals take is refused, not cut")
  func bounded() {
    #expect(ControlSequence.copy(String(repeating: "a", count: ControlSequence.longestCopy)) != nil)
    #expect(ControlSequence.copy(String(repeating: "a", count: ControlSequence.longestCopy + 1)) == nil)
  }

  @Test("A notification is one safe line, whatever is in it")
  func notify() {
    let bytes = ControlSequence.notify("a\u{07}b\u{1B}]52;c;eA==\u{07}\n" + String(repeating: "c", count: 500))
    #expect(bytes.filter { $0 == 0x1B }.count == 1)
    #expect(bytes.filter { $0 == 0x07 }.count == 1)
    #expect(text(bytes).unicodeScalars.count < 220)
  }

  @Test(
    "The environment says what lies between",
    arguments: [
      (["TMUX": "/tmp/x,1,0"], ControlSequence.Multiplexer.tmux), (["STY": "1.pts"], .screen), (["TMUX": ""], .none),
      ([:], .none),
    ])
  func between(variables: [String: String], multiplexer: ControlSequence.Multiplexer) {
    #expect(ControlSequence.Multiplexer { variables[$0] } == multiplexer)
  }
}

extension String {
  fileprivate func components(separatedBy mark: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let place = rest.firstRange(of: mark) {
      parts.append(String(rest[..<place.lowerBound]))
      rest = rest[place.upperBound...]
    }
    return parts + [String(rest)]
  }
}
