import TerminalKit

/// Markdown drawn as text: headings, lists, quotes, code, emphasis, links. What it does not know stays as written.
enum Markdown {
  /// Longer notes are cut here; the whole is one command away.
  static let longest = 128 << 10

  static func lines(_ text: String, width: Int) -> [StyledLine] {
    var result: [StyledLine] = []
    var isCode = false
    let isCut = text.utf8.count > longest
    let shown = isCut ? String(decoding: text.utf8.prefix(longest), as: UTF8.self) : text
    var paragraph = ""
    func flush() {
      guard !paragraph.isEmpty else { return }
      result += wrapped(inline(paragraph), width: width).map { StyledLine($0) }
      paragraph = ""
    }
    func blank() { if let last = result.last, !last.spans.isEmpty { result.append(.blank) } }
    for raw in shown.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false) {
      let line = raw.drop { $0 == " " }
      let indent = raw.count - line.count
      if line.hasPrefix("```") || line.hasPrefix("~~~") {
        flush()
        isCode.toggle()
        continue
      }
      if isCode || (indent >= 4 && paragraph.isEmpty && marker(line) == nil) {
        result += wrapped([Span("  " + raw, .code)], width: width, indent: 4, most: 20).map { StyledLine($0) }
        continue
      }
      if line.isEmpty {
        flush()
        blank()
        continue
      }
      let hashes = line.prefix { $0 == "#" }.count
      if (1...6).contains(hashes), line.dropFirst(hashes).first == " " {
        flush()
        blank()
        let title = String(line.dropFirst(hashes)).trimmed
        result += wrapped([Span(title, .heading, hashes == 1 ? .underline : [])], width: width).map { StyledLine($0) }
        continue
      }
      let marks = line.filter { $0 != " " }
      if marks.count >= 3, Set(marks).count == 1, let mark = marks.first, "-*_".contains(mark) {
        flush()
        result.append(StyledLine(String(repeating: "─", count: min(40, width)), .faint))
        continue
      }
      if line.first == ">" {
        flush()
        let quoted = String(line.drop { $0 == ">" || $0 == " " })
        result += wrapped([Span("│ ", .faint)] + inline(quoted), width: width, indent: 2).map { StyledLine($0) }
        continue
      }
      if line.first == "|" {
        flush()
        result += wrapped([Span(String(line), .text)], width: width).map { StyledLine($0) }
        continue
      }
      if let (mark, rest) = marker(line) {
        flush()
        let lead = String(repeating: " ", count: min(indent, 12)) + mark + " "
        result += wrapped([Span(lead, .accent)] + inline(rest), width: width, indent: measure(lead)).map {
          StyledLine($0)
        }
        continue
      }
      paragraph += (paragraph.isEmpty ? "" : " ") + String(line).trimmed
      if raw.hasSuffix("  ") { flush() }
    }
    flush()
    if isCut {
      result += [.blank, StyledLine("… cut after 128 kB; flightdeck artifacts RUN --handoff prints the whole", .muted)]
    }
    return result
  }

  /// The bullet to draw and the text after it.
  private static func marker(_ line: Substring) -> (String, String)? {
    if let first = line.first, "-*+".contains(first), line.dropFirst().first == " " {
      let rest = line.dropFirst(2)
      if rest.hasPrefix("[ ] ") { return ("[ ]", String(rest.dropFirst(4))) }
      if rest.lowercased().hasPrefix("[x] ") { return ("[x]", String(rest.dropFirst(4))) }
      return ("•", String(rest))
    }
    let digits = line.prefix { $0.isNumber && $0.isASCII }
    guard !digits.isEmpty, digits.count <= 4 else { return nil }
    let after = line.dropFirst(digits.count)
    guard let dot = after.first, dot == "." || dot == ")", after.dropFirst().first == " " else { return nil }
    return ("\(digits).", String(after.dropFirst(2)))
  }

  /// `code`, **bold**, *emphasis* and [links](address).
  static func inline(_ text: String) -> [Span] {
    var spans: [Span] = []
    var plain = ""
    var rest = text[...]
    func flush() {
      if !plain.isEmpty { spans.append(Span(plain)) }
      plain = ""
    }
    func take(_ mark: String, _ make: (String) -> Span) -> Bool {
      guard rest.hasPrefix(mark), let next = rest.dropFirst(mark.count).first, !next.isWhitespace else { return false }
      let body = rest.dropFirst(mark.count)
      guard let end = body.firstRange(of: mark), end.lowerBound > body.startIndex else { return false }
      flush()
      spans.append(make(String(body[..<end.lowerBound])))
      rest = body[end.upperBound...]
      return true
    }
    while let first = rest.first {
      if first == "`", take("`", { Span($0, .code) }) { continue }
      if take("**", { Span($0, .emphasis, .bold) }) || take("__", { Span($0, .emphasis, .bold) }) { continue }
      let isWordBefore = plain.last.map { $0.isLetter || $0.isNumber } ?? false
      if first == "*" || first == "_" && !isWordBefore, take(String(first), { Span($0, .text, .italic) }) { continue }
      if first == "[", let close = rest.firstRange(of: "]("), let end = rest[close.upperBound...].firstIndex(of: ")") {
        flush()
        let label = String(rest[rest.index(after: rest.startIndex)..<close.lowerBound])
        let address = String(rest[close.upperBound..<end])
        spans.append(Span(label, .link).linked(to: address))
        // The address is shown too: a link's text alone may lie.
        if address != label { spans.append(Span(" (\(address))", .muted).linked(to: address)) }
        rest = rest[rest.index(after: end)...]
        continue
      }
      plain.append(first)
      rest = rest.dropFirst()
    }
    flush()
    return spans
  }
}
