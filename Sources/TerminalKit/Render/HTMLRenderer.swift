/// A frame as a `<pre>` with a span for each style.
package struct HTMLRenderer: Sendable {
  package var colors: CanvasColors

  package init(colors: CanvasColors = CanvasColors()) { self.colors = colors }

  package func render(_ frame: Frame) -> String {
    var text =
      "<pre style=\"color:\(hexColor(colors.foreground));background:\(hexColor(colors.background));"
      + "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;line-height:1.25;padding:1em\">\n"
    for y in 0..<frame.size.height {
      for span in frame.spans(y) {
        let css = css(span.style)
        let shown = escapedMarkup(span.text)
        let styled = css.isEmpty ? shown : "<span style=\"\(css)\">\(shown)</span>"
        if let address = frame.address(of: span.style) {
          text += "<a style=\"color:inherit\" href=\"\(escapedMarkup(address.text))\">\(styled)</a>"
        } else {
          text += styled
        }
      }
      while text.last == " " { text.removeLast() }
      text += "\n"
    }
    return text + "</pre>\n"
  }

  private func css(_ style: Style) -> String {
    let (foreground, background) = colors.resolve(style)
    var rules: [String] = []
    if foreground != colors.foreground { rules.append("color:\(hexColor(foreground))") }
    if background != colors.background { rules.append("background:\(hexColor(background))") }
    if style.attributes.contains(.bold) { rules.append("font-weight:bold") }
    if style.attributes.contains(.italic) { rules.append("font-style:italic") }
    if style.attributes.contains(.underline) { rules.append("text-decoration:underline") }
    return rules.joined(separator: ";")
  }
}
