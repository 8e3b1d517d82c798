import Testing

@testable import TerminalKit

@Suite struct FrameTests {
  @Test(
    "Text that does not fit is cut with an ellipsis within its width",
    arguments: [
      ("hello", 5, "hello", 5), ("hello", 4, "hel…", 4), ("日本語", 6, "日本語", 6), ("日本語", 5, "日本…", 5),
      ("日本語", 4, "日…", 3),
      ("ab", 1, "…", 1), ("ab", 0, "", 0), ("", 3, "", 0),
    ]) func cut(text: String, width: Int, line: String, used: Int)
  {
    var frame = Frame(size: Size(width: 20, height: 1))
    #expect(frame.put(text, x: 0, y: 0, width: width) == used)
    #expect(frame.line(0) == line)
  }

  @Test("Drawing outside is cut off")
  func outside() {
    var frame = Frame(size: Size(width: 4, height: 2))
    frame.put("abcdef", x: -2, y: 0, width: 6)
    #expect(frame.line(0) == "cdef")
    frame.put("日x", x: -1, y: 1, width: 3)
    #expect(frame.line(1) == " x")
    frame.put("x日", x: 2, y: 1, width: 3)
    #expect(frame.line(1) == " xx")
    frame.put("no", x: 0, y: 7, width: 3)
    frame.fill(Rect(x: -5, y: -5, width: 100, height: 100), "#")
    #expect(frame.text == "####\n####")
    frame[9, 9] = Cell(text: "x")
    #expect(frame[9, 9] == Cell())
  }

  @Test("Overwriting half of a wide character blanks the other half")
  func halves() {
    var frame = Frame(size: Size(width: 6, height: 1))
    frame.put("日本語", x: 0, y: 0, width: 6)
    frame.put("x", x: 1, y: 0, width: 1)
    frame.put("y", x: 4, y: 0, width: 1)
    #expect(frame.line(0) == " x本y")
    frame[2, 0] = Cell(text: "語", width: 2)
    frame[3, 0] = Cell(text: "", width: 0)
    #expect(frame.line(0) == " x  y")
  }

  @Test("An empty frame takes everything and shows nothing", arguments: [(0, 0), (0, 3), (3, 0)])
  func empty(width: Int, height: Int) {
    var frame = Frame(size: Size(width: width, height: height))
    frame.put("日本", x: -1, y: 0, width: 9)
    frame.fill(frame.bounds, "x")
    frame[0, 0] = Cell(text: "日", width: 2)
    frame.restyle(Rect(x: -1, y: -1, width: 9, height: 9)) { $0.adding(.bold) }
    #expect(frame.cells.count == width * height)
  }

  @Test("Whatever is drawn, wide halves stay together")
  func neverStale() {
    var random = SplitMix(state: 7)
    let texts = ["日本", "x", "ab🚀c", "e\u{301}", "한\u{1B}", "", "long text that is cut"]
    for _ in 0..<300 {
      var frame = Frame(size: Size(width: .random(in: 1...12, using: &random), height: 2))
      for _ in 0..<30 {
        let x = Int.random(in: -3...13, using: &random)
        let y = Int.random(in: -1...2, using: &random)
        let width = Int.random(in: 0...8, using: &random)
        let text = texts.randomElement(using: &random)!
        switch Int.random(in: 0...3, using: &random) {
        case 0: frame.put(text, x: x, y: y, width: width)
        case 1: frame.fill(Rect(x: x, y: y, width: width, height: 2), text)
        case 2: frame[x, y] = Cell(text: "語", width: 2)
        default: frame[x, y] = Cell(text: "", width: 0)
        }
        for y in 0..<2 {
          for x in 0..<frame.size.width {
            let cell = frame[x, y]
            switch cell.width {
            case 0: #expect(x > 0 && frame[x - 1, y].width == 2 && cell.text.isEmpty)
            case 2: #expect(x + 1 < frame.size.width && frame[x + 1, y].width == 0)
            default: #expect(!cell.text.isEmpty)
            }
          }
        }
      }
    }
  }
}
