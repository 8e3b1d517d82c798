/// What a stretch of source is.
enum SyntaxToken: UInt8, Sendable { case plain, keyword, string, comment, number, type, function }

/// What a line begins inside of: nothing, a block comment, or a string or another region that goes on over lines.
struct LexState: Sendable, Equatable {
  enum Inside: Sendable, Equatable { case code, comment, string(Int), tag, fence }
  var inside = Inside.code
  /// How many block comments deep, where they nest.
  var depth = 0
}

/// Cuts lines of source into tokens by a `Language`'s table. It guesses well rather than parses: it sees single lines of
/// files that are not there.
struct Lexer: Sendable {
  let language: Language

  /// The token of each byte of `line`, in `tokens`, which it replaces.
  func lex(_ line: ArraySlice<UInt8>, _ state: inout LexState, _ tokens: inout [SyntaxToken]) {
    tokens.removeAll(keepingCapacity: true)
    tokens.append(contentsOf: repeatElement(.plain, count: line.count))
    line.withUnsafeBufferPointer { bytes in
      switch language.form {
      case .code: lexCode(bytes, 0, &state, &tokens)
      case .markup: lexMarkup(bytes, &state, &tokens)
      case .markdown: lexMarkdown(bytes, &state, &tokens)
      case .patch: lexPatch(bytes, &tokens)
      }
    }
  }

  private typealias Bytes = UnsafeBufferPointer<UInt8>

  // MARK: Code

  private func lexCode(_ line: Bytes, _ start: Int, _ state: inout LexState, _ tokens: inout [SyntaxToken]) {
    var at = start
    var isFirst = true
    while at < line.count {
      switch state.inside {
      case .comment:
        let end = endOfComment(line, at, &state)
        fill(&tokens, at..<end, .comment)
        at = end
        continue
      case .string(let number):
        let end = endOfString(line, at, number, &state)
        fill(&tokens, at..<end, .string)
        at = end
        continue
      case .code, .tag, .fence: break
      }
      let byte = line[at]
      if byte == 32 || byte == 9 {
        at += 1
        continue
      }
      defer { isFirst = false }
      if language.lineComments.contains(where: { starts(line, at, $0) })
        && !(language.commentsNeedSpace && at > 0 && line[at - 1] != 32 && line[at - 1] != 9)
      {
        fill(&tokens, at..<line.count, .comment)
        return
      }
      if let comment = language.blockComment, starts(line, at, comment.open) {
        state.inside = .comment
        state.depth = 1
        fill(&tokens, at..<at + comment.open.count, .comment)
        at += comment.open.count
        continue
      }
      if let number = language.strings.firstIndex(where: { starts(line, at, $0.open) }) {
        let rule = language.strings[number]
        if rule.isCharacter {
          let end = endOfCharacter(line, at)
          fill(&tokens, at..<end, end - at > 1 && line[end - 1] == byte ? .string : .type)
          at = end
          continue
        }
        let begin = at
        state.inside = .string(number)
        at = endOfString(line, at + rule.open.count, number, &state)
        var token = SyntaxToken.string
        if language.keysEndInColon, followedByColon(line, at) { token = .function }
        fill(&tokens, begin..<at, token)
        continue
      }
      if isDigit(byte) {
        let begin = at
        at += 1
        while at < line.count,
          isWord(line[at])
            || line[at] == UInt8(ascii: ".") && at + 1 < line.count
              && isDigit(line[at + 1])
        { at += 1 }
        fill(&tokens, begin..<at, .number)
        continue
      }
      if let sign = language.variableSign, byte == sign {
        at = endOfVariable(line, at, &tokens)
        continue
      }
      if language.directiveSigns.contains(byte), at + 1 < line.count, isWord(line[at + 1]) {
        let begin = at
        at += 1
        while at < line.count, isWord(line[at]) { at += 1 }
        fill(&tokens, begin..<at, byte == UInt8(ascii: "#") ? .keyword : .type)
        continue
      }
      if isWord(byte) {
        let begin = at
        while at < line.count, isWord(line[at]) || language.wordsHaveDashes && line[at] == UInt8(ascii: "-") { at += 1 }
        fill(&tokens, begin..<at, token(line, begin..<at, isFirst: isFirst))
        continue
      }
      at += 1
    }
    if case .string(let number) = state.inside, !language.strings[number].isMultiline { state.inside = .code }
  }

  private func token(_ line: Bytes, _ range: Range<Int>, isFirst: Bool) -> SyntaxToken {
    guard range.count <= 32 else { return .plain }
    var word = String(decoding: line[range], as: UTF8.self)
    if language.ignoresCase { word = word.lowercased() }
    let isMember = range.lowerBound > 0 && line[range.lowerBound - 1] == UInt8(ascii: ".")
    if language.keywords.contains(word), !isMember { return .keyword }
    if language.types.contains(word) { return .type }
    if language.keysEndInColon, followedByColon(line, range.upperBound), isFirst || !language.keysComeFirst {
      return .function
    }
    if language.keysEndInEquals, isFirst, followedBy(UInt8(ascii: "="), line, range.upperBound) { return .function }
    if language.typesAreCapitalised, let first = line[range].first, (65...90).contains(first) { return .type }
    if language.callsAreMarked, range.upperBound < line.count, line[range.upperBound] == UInt8(ascii: "(") {
      return .function
    }
    return .plain
  }

  private func endOfComment(_ line: Bytes, _ start: Int, _ state: inout LexState) -> Int {
    guard let comment = language.blockComment else {
      state = LexState()
      return start
    }
    var at = start
    while at < line.count {
      if starts(line, at, comment.close) {
        at += comment.close.count
        state.depth -= 1
        if state.depth <= 0 {
          state = LexState()
          return at
        }
      } else if language.commentsNest, starts(line, at, comment.open) {
        at += comment.open.count
        state.depth = min(state.depth + 1, 1000)
      } else {
        at += 1
      }
    }
    return line.count
  }

  private func endOfString(_ line: Bytes, _ start: Int, _ number: Int, _ state: inout LexState) -> Int {
    let rule = language.strings[number]
    var at = start
    while at < line.count {
      if rule.hasEscapes, line[at] == UInt8(ascii: "\\") {
        at += 2
      } else if starts(line, at, rule.close) {
        state.inside = .code
        return min(line.count, at + rule.close.count)
      } else {
        at += 1
      }
    }
    return line.count
  }

  /// `'x'`, `'\n'`; a quote that does not close after one character stands for itself, as in Rust's lifetimes.
  private func endOfCharacter(_ line: Bytes, _ start: Int) -> Int {
    var at = start + 1
    if at < line.count, line[at] == UInt8(ascii: "\\") {
      at += 2
      while at < line.count, at - start < 12, line[at] != line[start] { at += 1 }
    } else if at < line.count {
      at += 1
      while at < line.count, line[at] & 0xC0 == 0x80 { at += 1 }
    }
    if at < line.count, line[at] == line[start] { return at + 1 }
    at = start + 1
    while at < line.count, isWord(line[at]) { at += 1 }
    return at
  }

  /// `$name`, `${name}`, `$(NAME)`, `$1`.
  private func endOfVariable(_ line: Bytes, _ start: Int, _ tokens: inout [SyntaxToken]) -> Int {
    var at = start + 1
    if at < line.count, line[at] == UInt8(ascii: "{") || line[at] == UInt8(ascii: "(") && language.variablesHaveParens {
      let close = line[at] == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: ")")
      while at < line.count, line[at] != close { at += 1 }
      at = min(line.count, at + 1)
    } else {
      while at < line.count, isWord(line[at]) { at += 1 }
      if at == start + 1, at < line.count, line[at] > 32, line[at] < 0x7F { at += 1 }
    }
    fill(&tokens, start..<at, .type)
    return at
  }

  // MARK: Markup

  private func lexMarkup(_ line: Bytes, _ state: inout LexState, _ tokens: inout [SyntaxToken]) {
    var at = 0
    while at < line.count {
      switch state.inside {
      case .comment:
        let end = endOfComment(line, at, &state)
        fill(&tokens, at..<end, .comment)
        at = end
      case .tag: at = lexTag(line, at, &state, &tokens)
      default:
        if let comment = language.blockComment, starts(line, at, comment.open) {
          state.inside = .comment
          state.depth = 1
        } else if line[at] == UInt8(ascii: "<"), at + 1 < line.count, line[at + 1] > 32 {
          let begin = at
          at += 1
          while at < line.count, isWord(line[at]) || "/!?:-.".utf8.contains(line[at]) { at += 1 }
          fill(&tokens, begin..<at, .keyword)
          state.inside = .tag
        } else if line[at] == UInt8(ascii: "&") {
          let begin = at
          while at < line.count, at - begin < 10, line[at] != UInt8(ascii: ";"), line[at] > 32 { at += 1 }
          if at < line.count, line[at] == UInt8(ascii: ";") { fill(&tokens, begin..<at + 1, .number) }
          at = max(at, begin + 1)
        } else {
          at += 1
        }
      }
    }
  }

  private func lexTag(_ line: Bytes, _ start: Int, _ state: inout LexState, _ tokens: inout [SyntaxToken]) -> Int {
    let byte = line[start]
    var at = start + 1
    switch byte {
    case UInt8(ascii: ">"):
      tokens[start] = .keyword
      state.inside = .code
    case UInt8(ascii: "/"), UInt8(ascii: "?"): tokens[start] = .keyword
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      while at < line.count, line[at] != byte { at += 1 }
      at = min(line.count, at + 1)
      fill(&tokens, start..<at, .string)
    default:
      if isWord(byte) {
        while at < line.count, isWord(line[at]) || "-:.".utf8.contains(line[at]) { at += 1 }
        fill(&tokens, start..<at, .type)
      }
    }
    return at
  }

  // MARK: Markdown and patches

  private func lexMarkdown(_ line: Bytes, _ state: inout LexState, _ tokens: inout [SyntaxToken]) {
    var start = 0
    while start < line.count, line[start] == 32 { start += 1 }
    if starts(line, start, Array("```".utf8)) || starts(line, start, Array("~~~".utf8)) {
      fill(&tokens, 0..<line.count, .string)
      state.inside = state.inside == .fence ? .code : .fence
      return
    }
    if state.inside == .fence {
      fill(&tokens, 0..<line.count, .string)
      return
    }
    guard start < line.count else { return }
    switch line[start] {
    case UInt8(ascii: "#"):
      fill(&tokens, start..<line.count, .keyword)
      return
    case UInt8(ascii: ">"): tokens[start] = .comment
    case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"):
      if start + 1 < line.count, line[start + 1] == 32 { tokens[start] = .function }
    default: break
    }
    var at = start
    while at < line.count {
      let byte = line[at]
      var end: Int?
      if byte == UInt8(ascii: "`") { end = place(of: byte, line, at + 1).map { $0 + 1 } }
      if let end {
        fill(&tokens, at..<end, .string)
        at = end
      } else if byte == UInt8(ascii: "["), let close = place(of: UInt8(ascii: "]"), line, at),
        close + 1 < line.count, line[close + 1] == UInt8(ascii: "("),
        let last = place(of: UInt8(ascii: ")"), line, close)
      {
        fill(&tokens, at..<close + 1, .function)
        fill(&tokens, close + 1..<last + 1, .type)
        at = last + 1
      } else {
        at += 1
      }
    }
  }

  private func lexPatch(_ line: Bytes, _ tokens: inout [SyntaxToken]) {
    let token: SyntaxToken =
      switch line.first {
      case UInt8(ascii: "+"): .string
      case UInt8(ascii: "-"): .keyword
      case UInt8(ascii: "@"): .function
      case UInt8(ascii: "d"), UInt8(ascii: "i"): .comment
      default: .plain
      }
    fill(&tokens, 0..<line.count, token)
  }

  // MARK: Bytes

  private func fill(_ tokens: inout [SyntaxToken], _ range: Range<Int>, _ token: SyntaxToken) {
    for place in range.clamped(to: tokens.indices) { tokens[place] = token }
  }

  private func starts(_ line: Bytes, _ at: Int, _ text: [UInt8]) -> Bool {
    guard at + text.count <= line.count else { return false }
    for place in 0..<text.count where line[at + place] != text[place] { return false }
    return true
  }

  private func place(of byte: UInt8, _ line: Bytes, _ start: Int) -> Int? {
    var at = start
    while at < line.count {
      if line[at] == byte { return at }
      at += 1
    }
    return nil
  }

  private func followedByColon(_ line: Bytes, _ at: Int) -> Bool { followedBy(UInt8(ascii: ":"), line, at) }

  private func followedBy(_ byte: UInt8, _ line: Bytes, _ start: Int) -> Bool {
    var at = start
    while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
    return at < line.count && line[at] == byte
  }

  private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte >= 0x80
  }
}
