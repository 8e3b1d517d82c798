/// A frame as lines of text with colour sequences: for output that scrolls by.
package struct ANSIRenderer: Sendable {
  private var mapper: ColorMapper
  private let isUTF8: Bool

  /// `isUTF8` false brings the glyphs down to ASCII.
  package init(depth: ColorDepth, isUTF8: Bool = true) {
    mapper = ColorMapper(depth: depth)
    self.isUTF8 = isUTF8
  }

  /// Each line ends in `\n`, with the style reset; spaces at its end that show nothing are left out.
  package mutating func render(_ frame: Frame) -> String {
    var text = ""
    for y in 0..<frame.size.height {
      var spans = frame.spans(y)
      trimEnd(&spans)
      for span in spans {
        let codes = codes(span.style)
        let shown = isUTF8 ? span.text : asciiText(span, in: frame, y)
        let styled = codes.isEmpty ? shown : "\u{1B}[\(codes)m\(shown)\u{1B}[0m"
        if mapper.depth != .none, let address = frame.address(of: span.style) {
          text += ControlSequence.link(address) + styled + ControlSequence.linkEnd
        } else {
          text += styled
        }
      }
      text += "\n"
    }
    return text
  }

  private func asciiText(_ span: Span, in frame: Frame, _ y: Int) -> String {
    var text = ""
    for x in span.x..<(span.x + span.width) {
      let cell = frame[x, y]
      if cell.width > 0 { text += asciiFallback(cell.text, width: Int(cell.width)) }
    }
    return text
  }

  private mutating func trimEnd(_ spans: inout [Span]) {
    while var last = spans.last {
      let background = mapper.map(last.style).background
      let showsSpaces =
        background != .terminalDefault || !last.style.attributes.isDisjoint(with: [.reverse, .underline])
      if showsSpaces { return }
      while last.text.last == " " {
        last.text.removeLast()
        last.width -= 1
      }
      if last.text.isEmpty {
        spans.removeLast()
      } else {
        spans[spans.count - 1] = last
        return
      }
    }
  }

  /// The parameters of the style; with no colours at all attributes are left out too, as what reads it may be a file.
  private mutating func codes(_ style: Style, always: Bool = false) -> String {
    if mapper.depth == .none, !always { return "" }
    var codes: [String] = []
    let names: [(Attributes, String)] = [(.bold, "1"), (.dim, "2"), (.italic, "3"), (.underline, "4"), (.reverse, "7")]
    for (attribute, code) in names where style.attributes.contains(attribute) { codes.append(code) }
    let mapped = mapper.map(style)
    if let code = code(mapped.foreground, base: 30) { codes.append(code) }
    if let code = code(mapped.background, base: 40) { codes.append(code) }
    return codes.joined(separator: ";")
  }

  /// The sequence that puts a style on, after a reset; for a terminal, attributes count without colours too.
  mutating func sequence(_ style: Style) -> String {
    let codes = codes(style, always: true)
    return codes.isEmpty ? "" : "\u{1B}[\(codes)m"
  }

  private func code(_ color: ColorMapper.Mapped, base: Int) -> String? {
    switch color {
    case .terminalDefault: nil
    case .index(let index):
      switch (mapper.depth, index) {
      case (.palette256, _): "\(base + 8);5;\(index)"
      case (_, ..<8): "\(base + index)"
      default: "\(base + 60 + index - 8)"
      }
    case .rgb(let rgb): "\(base + 8);2;\(rgb >> 16 & 0xFF);\(rgb >> 8 & 0xFF);\(rgb & 0xFF)"
    }
  }
}
