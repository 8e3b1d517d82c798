import Testing

@testable import TerminalKit

@Suite struct RendererTests {
  static var frame: Frame {
    var frame = Frame(size: Size(width: 12, height: 2))
    frame.put("a<&>\"", x: 0, y: 0, width: 12, style: Style(foreground: .rgb(0xFF8800), attributes: [.bold]))
    frame.put("日█┌x", x: 0, y: 1, width: 12)
    return frame
  }

  @Test("SGR text resets after each span and has no spaces at its end") func ansi() {
    var renderer = ANSIRenderer(depth: .trueColor)
    #expect(renderer.render(Self.frame) == "\u{1B}[1;38;2;255;136;0ma<&>\"\u{1B}[0m\n日█┌x\n")
    var few = ANSIRenderer(depth: .eight, isUTF8: false)
    #expect(few.render(Self.frame) == "\u{1B}[1;33ma<&>\"\u{1B}[0m\n??#+x\n")
    var none = ANSIRenderer(depth: .none)
    #expect(none.render(Self.frame) == Self.frame.text + "\n")
  }

  @Test("A background is kept to the end of the line") func background() {
    var frame = Frame(size: Size(width: 3, height: 1), style: Style(background: .rgb(0x0000EE)))
    frame.put("a", x: 0, y: 0, width: 1)
    var renderer = ANSIRenderer(depth: .sixteen)
    #expect(renderer.render(frame) == "a\u{1B}[44m  \u{1B}[0m\n")
  }

  @Test("HTML is escaped and styled") func html() {
    let html = HTMLRenderer().render(Self.frame)
    #expect(html.contains("<span style=\"color:#ff8800;font-weight:bold\">a&lt;&amp;&gt;&quot;</span>"))
    #expect(html.hasPrefix("<pre") && html.hasSuffix("</pre>\n"))
  }

  @Test("SVG places each run on its columns, draws blocks and lines as shapes, and escapes text") func svg() {
    let svg = SVGRenderer(title: "a <title>").render(Self.frame)
    #expect(svg.contains("a &lt;title&gt;"))
    #expect(
      svg.contains(
        "textLength=\"42.5\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" class=\"b\" fill=\"#ff8800\">a&lt;&amp;&gt;&quot;</text>"
      ))
    #expect(
      svg.contains(
        "textLength=\"17\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"#d8dee9\">日</text>"))
    #expect(!svg.contains("█") && !svg.contains("┌") && svg.contains("<path"))
    #expect(svg.contains("width=\"126\" height=\"80\""))
  }

  @Test("Reverse and dim are worked out where there is no terminal to do it") func resolved() {
    let colors = CanvasColors(foreground: 0xFFFFFF, background: 0)
    #expect(colors.resolve(Style(attributes: .reverse)) == (0, 0xFFFFFF))
    #expect(colors.resolve(Style(attributes: .dim)) == (0x999999, 0))
  }
}
