import Testing

@testable import TerminalKit

@Suite struct ColorDepthTests {
  @Test(
    "The environment says how many colours there are",
    arguments: [
      (["TERM": "xterm-256color"], ColorDepth.palette256),
      (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .trueColor),
      (["TERM": "xterm", "COLORTERM": "24bit"], .trueColor), (["TERM": "linux"], .eight),
      (["TERM": "xterm-16color"], .sixteen),
      (["TERM": "xterm-direct"], .trueColor), (["TERM": "dumb"], .none), ([:], .none), (["TERM": "vt100"], .none),
      (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], .none),
      (["TERM": "xterm-256color", "NO_COLOR": ""], .palette256),
    ] as [([String: String], ColorDepth)])
  func environment(variables: [String: String], depth: ColorDepth) {
    #expect(ColorDepth.fromEnvironment { variables[$0] } == depth)
  }
}
