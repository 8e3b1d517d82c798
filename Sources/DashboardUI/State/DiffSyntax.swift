/// The tokens of lines in view. Nothing else is lexed but what leads up to them: at most `lookBack` lines of the same side,
/// to know whether they begin inside of a comment or a string.
struct DiffSyntax: Sendable {
  private var old: SideLexer
  private var new: SideLexer

  init(_ patch: Patch) {
    old = SideLexer(patch: patch, isOld: true)
    new = SideLexer(patch: patch, isOld: false)
  }

  /// Empty when the language is not known.
  mutating func tokens(_ line: Int, _ kind: PatchLineKind) -> [SyntaxToken] {
    switch kind {
    case .removed: old.tokens(line)
    case .added, .context: new.tokens(line)
    case .file, .meta, .hunk, .noNewline: []
    }
  }
}

private struct SideLexer: Sendable {
  private static let lookBack = 200
  private static let longestLine = 4096

  let patch: Patch
  let isOld: Bool
  private var hunk = 0..<0
  private var file = -1
  private var lexer: Lexer?
  private var state = LexState()
  /// The next line to be read.
  private var next = 0
  private var found: [Int: [SyntaxToken]] = [:]

  init(patch: Patch, isOld: Bool) {
    self.patch = patch
    self.isOld = isOld
  }

  mutating func tokens(_ line: Int) -> [SyntaxToken] {
    if let known = found[line] { return known }
    if !hunk.contains(line) || line < next || line - next > Self.lookBack { begin(line) }
    guard let lexer else { return [] }
    while next <= line {
      if belongs(next) {
        var tokens: [SyntaxToken] = []
        lexer.lex(text(next), &state, &tokens)
        // A removed line and an added one come far apart when shown side by side: both sides go on from where they are.
        found[next] = tokens
      }
      next += 1
    }
    if found.count > 2000 { found = found.filter { $0.key >= line } }
    return found[line] ?? []
  }

  private func text(_ line: Int) -> ArraySlice<UInt8> { patch.bytes(of: line).dropFirst().prefix(Self.longestLine) }

  private func belongs(_ line: Int) -> Bool {
    switch patch.bytes(of: line).first {
    case UInt8(ascii: "+"): !isOld
    case UInt8(ascii: "-"): isOld
    case UInt8(ascii: "\\"): false
    default: true
    }
  }

  private mutating func begin(_ line: Int) {
    guard let found = patch.hunk(at: line) else {
      hunk = 0..<0
      lexer = nil
      return
    }
    if found.file != file {
      file = found.file
      lexer = Language.of(patch.files[file].path).map(Lexer.init(language:))
    }
    hunk = found.line..<found.end
    next = max(found.line + 1, line - Self.lookBack)
    state = LexState()
    if startsInComment() { state = LexState(inside: .comment, depth: 1) }
  }

  /// A hunk may begin in the middle of a block comment: then its end comes before any beginning.
  private func startsInComment() -> Bool {
    guard let comment = lexer?.language.blockComment else { return false }
    for line in next..<min(next + 60, hunk.upperBound) where belongs(line) {
      let text = text(line).prefix(400)
      let close = place(of: comment.close, in: text)
      let open = place(of: comment.open, in: text)
      if let close { return open.map { close < $0 } ?? true }
      if open != nil { return false }
    }
    return false
  }

  private func place(of wanted: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    guard let first = wanted.first else { return nil }
    for place in text.indices where text[place] == first && text[place...].starts(with: wanted) { return place }
    return nil
  }
}
