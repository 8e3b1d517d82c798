/// A small regular expression over lower-cased bytes: `. * + ? [a-z] [^…] ( | ) ^ $ \d \w \s \b`.
///
/// Swift's own `Regex` takes tens of microseconds a line, too much for a keystroke over 100,000 runs. Work per line is
/// bounded, so that no pattern can hold up the screen; a line that exceeds the bound does not match.
struct BytePattern: Sendable, Equatable {
  private indirect enum Node: Sendable, Equatable {
    case any
    case byte(UInt8)
    case set([Bool])
    case start, end, edge
    case sequence([Node])
    case choice([Node])
    case many(Node, atLeast: Int, atMost: Int)
  }

  private let root: Node
  /// The letters that every match has, as `ByteSearch.letters` gives them.
  let letters: UInt64

  /// What matches takes some of the stack for each sign of the pattern.
  private static let longest = 400

  /// Nil when the pattern makes no sense, such as an open bracket, or is longer than any that a person writes.
  init?(_ text: String) {
    guard text.utf8.count <= Self.longest else { return nil }
    var reader = Reader(bytes: Array(text.lowercased().utf8))
    guard let node = reader.choice(depth: 0), reader.place == reader.bytes.count else { return nil }
    root = node
    letters = Self.letters(of: node)
  }

  private static func letters(of node: Node) -> UInt64 {
    switch node {
    case .byte(let byte): ByteSearch.letters(CollectionOfOne(byte))
    case .sequence(let nodes): nodes.reduce(0) { $0 | letters(of: $1) }
    case .choice(let nodes): nodes.reduce(.max) { $0 & letters(of: $1) }
    case .many(let node, let least, _): least > 0 ? letters(of: node) : 0
    case .any, .set, .start, .end, .edge: 0
    }
  }

  /// The byte that every match begins with, if it is always the same.
  private var first: UInt8? {
    guard case .sequence(let nodes) = root, case .byte(let byte)? = nodes.first else { return nil }
    return byte
  }

  private var isAnchored: Bool {
    guard case .sequence(let nodes) = root else { return false }
    return nodes.first == .start
  }

  /// What may still be spent on a line.
  private struct Work {
    var steps = 20_000
    /// Each takes some of the stack.
    var depth = 1500
  }

  func matches(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    var work = Work()
    if isAnchored { return match(root, line, 0, &work) { _, _ in true } }
    let first = first
    for start in 0...line.count {
      if let first, start == line.count || line[start] != first { continue }
      if match(root, line, start, &work, { _, _ in true }) { return true }
    }
    return false
  }

  private func match(
    _ node: Node, _ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ work: inout Work,
    _ next: (Int, inout Work) -> Bool
  ) -> Bool {
    work.steps -= 1
    guard work.steps > 0, work.depth > 0 else { return false }
    work.depth -= 1
    defer { work.depth += 1 }
    switch node {
    case .any: return at < line.count && next(at + 1, &work)
    case .byte(let byte): return at < line.count && line[at] == byte && next(at + 1, &work)
    case .set(let set): return at < line.count && set[Int(line[at])] && next(at + 1, &work)
    case .start: return at == 0 && next(at, &work)
    case .end: return at == line.count && next(at, &work)
    case .edge:
      let before = at > 0 && Self.isWord(line[at - 1])
      let after = at < line.count && Self.isWord(line[at])
      return before != after && next(at, &work)
    case .sequence(let nodes): return match(nodes[...], line, at, &work, next)
    case .choice(let nodes):
      for node in nodes where match(node, line, at, &work, next) { return true }
      return false
    case .many(let node, let least, let most):
      return repeated(node, least, most, line, at, &work, next)
    }
  }

  private func match(
    _ nodes: ArraySlice<Node>, _ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ work: inout Work,
    _ next: (Int, inout Work) -> Bool
  ) -> Bool {
    guard let first = nodes.first else { return next(at, &work) }
    return match(first, line, at, &work) { at, work in match(nodes.dropFirst(), line, at, &work, next) }
  }

  /// As many as there are, then fewer. A group repeats 64 times at most, as each takes some of the stack.
  private func repeated(
    _ node: Node, _ least: Int, _ most: Int, _ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ work: inout Work,
    _ next: (Int, inout Work) -> Bool
  ) -> Bool {
    if isOneByte(node) {
      var end = at
      while end < line.count, end - at < most, match(node, line, end, &work, { _, _ in true }) { end += 1 }
      while end - at >= least, work.steps > 0 {
        if next(end, &work) { return true }
        end -= 1
      }
      return false
    }
    if most > 0 {
      let more = match(node, line, at, &work) { after, work in
        // What stands for nothing can do so as often as it has to.
        guard after > at else { return least > 0 && next(at, &work) }
        return repeated(node, max(0, least - 1), min(most, 64) - 1, line, after, &work, next)
      }
      if more { return true }
    }
    return least == 0 && next(at, &work)
  }

  private func isOneByte(_ node: Node) -> Bool {
    switch node {
    case .any, .byte, .set: true
    case .start, .end, .edge, .sequence, .choice, .many: false
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...: true
    default: false
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var place = 0

    var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func choice(depth: Int) -> Node? {
      guard depth < 20, let first = sequence(depth) else { return nil }
      var nodes = [first]
      while byte == UInt8(ascii: "|") {
        place += 1
        guard let node = sequence(depth) else { return nil }
        nodes.append(node)
      }
      return nodes.count == 1 ? first : .choice(nodes)
    }

    private mutating func sequence(_ depth: Int) -> Node? {
      var nodes: [Node] = []
      while let byte, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
        guard var node = atom(depth) else { return nil }
        quantifiers: while let sign = self.byte {
          switch sign {
          case UInt8(ascii: "*"): node = Self.repeated(node, atLeast: 0, atMost: 10_000)
          case UInt8(ascii: "+"): node = Self.repeated(node, atLeast: 1, atMost: 10_000)
          case UInt8(ascii: "?"): node = Self.repeated(node, atLeast: 0, atMost: 1)
          default: break quantifiers
          }
          place += 1
        }
        nodes.append(node)
      }
      return .sequence(nodes)
    }

    /// `a*+` is no more than `a*`.
    private static func repeated(_ node: Node, atLeast least: Int, atMost most: Int) -> Node {
      guard case .many(let inner, let innerLeast, let innerMost) = node else {
        return .many(node, atLeast: least, atMost: most)
      }
      return .many(inner, atLeast: least * innerLeast, atMost: max(most, innerMost))
    }

    private mutating func atom(_ depth: Int) -> Node? {
      guard let byte else { return nil }
      place += 1
      switch byte {
      case UInt8(ascii: "."): return .any
      case UInt8(ascii: "^"): return .start
      case UInt8(ascii: "$"): return .end
      case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): return nil
      case UInt8(ascii: "("):
        guard let node = choice(depth: depth + 1), self.byte == UInt8(ascii: ")") else { return nil }
        place += 1
        return node
      case UInt8(ascii: "["): return set()
      case UInt8(ascii: "\\"): return escape()
      default: return .byte(byte)
      }
    }

    private mutating func escape() -> Node? {
      guard let byte else { return nil }
      place += 1
      switch byte {
      case UInt8(ascii: "d"): return .set((0..<256).map { (48...57).contains($0) })
      case UInt8(ascii: "w"): return .set((0..<256).map { BytePattern.isWord(UInt8($0)) })
      case UInt8(ascii: "s"): return .set((0..<256).map { $0 == 32 || (9...13).contains($0) })
      case UInt8(ascii: "b"): return .edge
      default: return .byte(byte)
      }
    }

    private mutating func set() -> Node? {
      var members = [Bool](repeating: false, count: 256)
      var negated = false
      if byte == UInt8(ascii: "^") {
        negated = true
        place += 1
      }
      var first = true
      while let low = byte, first || low != UInt8(ascii: "]") {
        first = false
        place += 1
        var from = low
        if low == UInt8(ascii: "\\") {
          guard let node = escape() else { return nil }
          if case .set(let inner) = node {
            for index in 0..<256 where inner[index] { members[index] = true }
            continue
          }
          if case .byte(let plain) = node { from = plain }
        }
        var to = from
        if byte == UInt8(ascii: "-"), place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "]") {
          to = bytes[place + 1]
          place += 2
        }
        guard from <= to else { return nil }
        for index in from...to { members[Int(index)] = true }
      }
      guard byte == UInt8(ascii: "]") else { return nil }
      place += 1
      return .set(negated ? members.map { !$0 } : members)
    }
  }
}
