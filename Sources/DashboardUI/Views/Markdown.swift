import TerminalKit

/// Markdown drawn as text: headings, nested and task lists, tables, quotes, code, emphasis, links. What it does not know
/// stays as written.
struct Markdown {
  /// Longer notes are cut here; the whole is one command away.
  static let longest = 128 << 10
  /// Prose is no wider than this, as wider lines are hard to read; tables and code may be.
  static let proseWidth = 100

  static func lines(_ text: String, width: Int) -> [StyledLine] {
    var page = Markdown(width: max(8, width))
    let isCut = text.utf8.count > longest
    let shown = isCut ? String(decoding: text.utf8.prefix(longest), as: UTF8.self) : text
    let source = shown.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
    var rest = source[...]
    while !rest.isEmpty { page.takeBlock(&rest) }
    page.flush()
    if isCut {
      page.result.append(.blank)
      page.add([Span("… cut after 128 kB; flightdeck artifacts RUN --handoff prints the whole", .muted)])
    }
    while page.result.last?.spans.isEmpty == true { page.result.removeLast() }
    return page.result
  }

  private let width: Int
  private var result: [StyledLine] = []
  /// Text that goes on in the next line, and what stands before it.
  private var paragraph = ""
  private var lead: [Span] = []
  /// The indentations of the lists that are open, outermost first.
  private var lists: [Int] = []

  private init(width: Int) { self.width = width }

  private var prose: Int { min(width, Self.proseWidth) }

  private mutating func add(_ spans: [Span], indent: Int = 0, width: Int? = nil) {
    result += wrapped(spans, width: width ?? prose, indent: indent).map { StyledLine($0) }
  }

  private mutating func blank() { if let last = result.last, !last.spans.isEmpty { result.append(.blank) } }

  private mutating func flush() {
    guard !paragraph.isEmpty || !lead.isEmpty else { return }
    add(lead + Self.inline(paragraph), indent: lead.reduce(0) { $0 + $1.width })
    paragraph = ""
    lead = []
  }

  private mutating func takeBlock(_ rest: inout ArraySlice<Substring>) {
    guard let raw = rest.popFirst() else { return }
    let line = raw.drop { $0 == " " || $0 == "\t" }
    let indent = raw.prefix { $0 == " " || $0 == "\t" }.reduce(0) { $0 + ($1 == "\t" ? 4 : 1) }
    if line.isEmpty {
      flush()
      blank()
    } else if let fence = Self.fence(line) {
      takeCode(fence, indent, &rest)
    } else if indent >= 4, paragraph.isEmpty, lists.isEmpty {
      flush()
      codeLine(String(raw.dropFirst(4)))
    } else if takeHeading(line, indent) || takeRule(line) {
      lists = []
    } else if line.first == ">" {
      takeQuote(line)
    } else if line.contains("|"), let next = rest.first, let table = MarkdownTable(head: line, delimiter: next) {
      takeTable(table, &rest)
    } else if let (mark, text) = Self.marker(line) {
      takeItem(mark, text, indent)
    } else {
      if paragraph.isEmpty, lead.isEmpty, indent == 0 { lists = [] }
      if paragraph.isEmpty, lead.isEmpty, !lists.isEmpty {
        lead = [Span(String(repeating: " ", count: 2 * lists.count))]
      }
      paragraph += (paragraph.isEmpty ? "" : " ") + String(line).trimmed
      if raw.hasSuffix("  ") || raw.hasSuffix("\\") {
        if paragraph.hasSuffix("\\") { paragraph.removeLast() }
        flush()
      }
    }
  }

  // MARK: Blocks

  private static func fence(_ line: Substring) -> Substring? {
    for mark in ["`", "~"] as [Character] {
      let marks = line.prefix { $0 == mark }
      if marks.count >= 3, mark == "~" || !line.dropFirst(marks.count).contains("`") { return marks }
    }
    return nil
  }

  private mutating func takeCode(_ fence: Substring, _ indent: Int, _ rest: inout ArraySlice<Substring>) {
    flush()
    while let raw = rest.popFirst() {
      let line = raw.drop { $0 == " " }
      if line.hasPrefix(fence), line.allSatisfy({ $0 == fence.first || $0 == " " }) { return }
      // What the block itself is indented by is not part of the code.
      var own = raw
      var left = indent
      while left > 0, own.first == " " {
        own = own.dropFirst()
        left -= 1
      }
      codeLine(String(own))
    }
  }

  /// On a rail, every column of it shown: long lines go on below.
  private mutating func codeLine(_ text: String) {
    let rail = Span("  │ ", .faint)
    let spaced = text.replacing("\t", with: "    ")
    for part in wrapped([Span(spaced, .code)], width: max(4, width - rail.width), most: 200) {
      result.append(StyledLine([rail] + part))
    }
  }

  private mutating func takeHeading(_ line: Substring, _ indent: Int) -> Bool {
    let hashes = line.prefix { $0 == "#" }.count
    if (1...6).contains(hashes), line.dropFirst(hashes).first == " " {
      flush()
      blank()
      var title = String(line.dropFirst(hashes)).trimmed
      while title.hasSuffix("#") { title.removeLast() }
      heading(title.trimmed, hashes)
      return true
    }
    // A line of = or - below a text makes it a heading.
    guard !paragraph.isEmpty, lead.isEmpty, line.count >= 2, let mark = line.first, mark == "=" || mark == "-",
      line.allSatisfy({ $0 == mark })
    else { return false }
    let title = paragraph
    paragraph = ""
    blank()
    heading(title, mark == "=" ? 1 : 2)
    return true
  }

  private mutating func heading(_ title: String, _ level: Int) {
    let spans = Self.inline(title).map { span in
      var span = span
      if span.role == .text || span.role == .emphasis { span.role = .heading }
      if level == 1 { span.attributes.insert(.underline) }
      return span
    }
    add((level > 2 ? [Span(String(repeating: "#", count: level - 1) + " ", .muted)] : []) + spans)
  }

  private mutating func takeRule(_ line: Substring) -> Bool {
    let marks = line.filter { $0 != " " }
    guard marks.count >= 3, let mark = marks.first, "-*_".contains(mark), marks.allSatisfy({ $0 == mark }) else {
      return false
    }
    flush()
    result.append(StyledLine(String(repeating: "─", count: min(40, width)), .faint))
    return true
  }

  private mutating func takeQuote(_ line: Substring) {
    flush()
    var inside = line
    var depth = 0
    while inside.first == ">" {
      depth += 1
      inside = inside.dropFirst().drop { $0 == " " }
    }
    depth = min(depth, 8, (prose - 4) / 2)
    let rail = Span(String(repeating: "│ ", count: depth), .faint)
    for part in wrapped(Self.inline(String(inside)), width: max(4, prose - rail.width)) {
      result.append(StyledLine([rail] + part))
    }
  }

  private mutating func takeItem(_ mark: Span, _ text: String, _ indent: Int) {
    flush()
    while let last = lists.last, indent < last { lists.removeLast() }
    if lists.last.map({ indent > $0 + 1 }) ?? true { lists.append(indent) }
    let depth = min(lists.count - 1, 8)
    lead = [Span(String(repeating: " ", count: 2 * depth)), mark, Span(" ")]
    paragraph = text
  }

  private mutating func takeTable(_ table: MarkdownTable, _ rest: inout ArraySlice<Substring>) {
    flush()
    blank()
    rest = rest.dropFirst()
    var table = table
    while let line = rest.first, line.contains("|") {
      table.add(line)
      rest = rest.dropFirst()
    }
    result += table.lines(width: width)
    result.append(.blank)
  }

  /// The bullet to draw and the text after it.
  private static func marker(_ line: Substring) -> (Span, String)? {
    if let first = line.first, "-*+".contains(first), line.dropFirst().first == " " {
      let rest = line.dropFirst(2).drop { $0 == " " }
      if rest.hasPrefix("[ ] ") { return (Span("[ ]", .muted), String(rest.dropFirst(4))) }
      if rest.lowercased().hasPrefix("[x] ") { return (Span("[x]", .yes), String(rest.dropFirst(4))) }
      return (Span("•", .accent), String(rest))
    }
    let digits = line.prefix { $0.isNumber && $0.isASCII }
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    let after = line.dropFirst(digits.count)
    guard let dot = after.first, dot == "." || dot == ")", after.dropFirst().first == " " else { return nil }
    return (Span("\(digits)\(dot)", .accent), String(after.dropFirst(2).drop { $0 == " " }))
  }
}
