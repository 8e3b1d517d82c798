import Testing

@testable import TerminalKit

@Suite struct ColorMapperTests {
  @Test("A colour comes down to what the depth has")
  func depths() {
    var full = ColorMapper(depth: .trueColor)
    var many = ColorMapper(depth: .palette256)
    var none = ColorMapper(depth: .none)
    #expect(full.map(.rgb(0x123456)) == .rgb(0x123456))
    #expect(many.map(.rgb(0x5F87AF)) == .index(67))
    #expect(many.map(.terminalDefault) == .terminalDefault)
    #expect(none.map(.rgb(0x123456)) == .terminalDefault)
  }

  @Test(
    "Text never vanishes because its colour and its background come out the same",
    arguments: [ColorDepth.eight, .sixteen, .palette256])
  func readable(depth: ColorDepth) {
    var mapper = ColorMapper(depth: depth)
    for (text, back) in [(0x202020, 0x181818), (0xF8F8F8, 0xFFFFFF), (0x123456, 0x123457)] as [(UInt32, UInt32)] {
      let mapped = mapper.map(Style(foreground: .rgb(text), background: .rgb(back)))
      #expect(mapped.foreground != mapped.background)
    }
  }
}
