import TerminalKit

extension Markdown {
  /// `code`, **bold**, *emphasis*, ~~struck~~, [links](address), ![images](address) and bare addresses.
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
      if first == "\\", let next = rest.dropFirst().first, next.isPunctuation || next.isSymbol {
        plain.append(next)
        rest = rest.dropFirst(2)
        continue
      }
      if first == "`", take("``", { Span($0.trimmed, .code) }) || take("`", { Span($0, .code) }) { continue }
      if first == "*", take("**", { Span($0, .emphasis, .bold) }) { continue }
      if first == "~", take("~~", { Span($0, .muted) }) { continue }
      let isWordBefore = plain.last.map { $0.isLetter || $0.isNumber } ?? false
      if first == "_", !isWordBefore, take("__", { Span($0, .emphasis, .bold) }) { continue }
      if first == "*" || first == "_" && !isWordBefore, take(String(first), { Span($0, .text, .italic) }) { continue }
      if first == "[" || first == "!" && rest.dropFirst().first == "[", let (link, after) = link(rest) {
        flush()
        spans += link
        rest = after
        continue
      }
      if first == "<" || first == "h" && !isWordBefore, let (address, after) = address(rest) {
        flush()
        spans.append(Span(address, .link).linked(to: address))
        rest = after
        continue
      }
      plain.append(first)
      rest = rest.dropFirst()
    }
    flush()
    return spans
  }

  /// The text of a link and, as the text alone may lie, where it leads.
  private static func link(_ text: Substring) -> ([Span], Substring)? {
    let isImage = text.first == "!"
    let body = text.dropFirst(isImage ? 2 : 1)
    // Neither part holds a bracket that opens: so no note makes us look at the same text again and again.
    let inside = body.prefix { $0 != "[" }
    guard let close = inside.firstRange(of: "]("), inside[..<close.lowerBound].utf8.count < 1000,
      let end = inside[close.upperBound...].firstIndex(of: ")")
    else { return nil }
    let label = String(body[..<close.lowerBound])
    let target = body[close.upperBound..<end].split(separator: " ").first.map(String.init) ?? ""
    var spans = [Span((isImage ? "image: " : "") + label, .link).linked(to: target)]
    if target != label, !target.isEmpty { spans.append(Span(" (\(target))", .muted).linked(to: target)) }
    return (spans, body[body.index(after: end)...])
  }

  /// `<https://…>`, or a bare address up to the next space.
  private static func address(_ text: Substring) -> (String, Substring)? {
    let isMarked = text.first == "<"
    let body = text.dropFirst(isMarked ? 1 : 0)
    guard body.hasPrefix("https://") || body.hasPrefix("http://") else { return nil }
    var address = body.prefix { !$0.isWhitespace && $0 != ">" && $0 != "<" && $0 != "\"" }
    if isMarked {
      guard body.dropFirst(address.count).first == ">" else { return nil }
      return (String(address), body.dropFirst(address.count + 1))
    }
    while let last = address.last, ".,;:!?)'".contains(last) { address = address.dropLast() }
    guard address.utf8.count > 8 else { return nil }
    return (String(address), body.dropFirst(address.count))
  }
}
