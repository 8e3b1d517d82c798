import Testing

@testable import TerminalKit

@Suite struct PaletteTests {
  @Test("Each fixed colour of the 256 is its own nearest", arguments: 16..<256)
  func own(index: Int) { #expect(Palette.rgb(Palette.nearest256(Palette.rgb(index))) == Palette.rgb(index)) }

  @Test(
    "Near colours are found",
    arguments: [(0x5F87AF, 67), (0xFFAF00, 214), (0x010101, 16), (0xFEFEFE, 231), (0x808081, 244)])
  func near(rgb: UInt32, index: Int) { #expect(Palette.nearest256(rgb) == index) }

  @Test(
    "Basic colours are found among 16 and 8",
    arguments: [(0xFF1010, 9, 1), (0x00AA00, 2, 2), (0x101010, 0, 0), (0xFFFFFF, 15, 7)])
  func basic(rgb: UInt32, ofSixteen: Int, ofEight: Int) {
    #expect(Palette.nearestBasic(rgb, count: 16) == ofSixteen)
    #expect(Palette.nearestBasic(rgb, count: 8) == ofEight)
  }
}
