/// Turns a pattern's text into its program.
struct PatternCompiler {
  typealias Issue = LinePattern.Issue

  private indirect enum Node {
    case set(LinePattern.ByteSet)
    case start, end, edge
    case sequence([Node])
    case choice([Node])
    case many(Node, atLeast: Int, atMost: Int?)
    case group(Int, Node)
  }

  private let bytes: [UInt8]
  private var place = 0
  private(set) var program: [LinePattern.Instruction] = []
  private(set) var sets: [LinePattern.ByteSet] = []
  private(set) var groups = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func compile() throws(Issue) {
    let root = try choice(0)
    guard place == bytes.count else { throw Issue(message: "There is a \")\" too many.") }
    program.append(.save(0))
    try emit(root)
    program.append(.save(1))
    program.append(.match)
  }

  static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...:
      true
    default: false
    }
  }

  // MARK: The program

  private mutating func append(_ instruction: LinePattern.Instruction) throws(Issue) {
    guard program.count < LinePattern.longestProgram else {
      throw Issue(message: "Its repetitions are too many: write it shorter.")
    }
    program.append(instruction)
  }

  private mutating func emit(_ node: Node) throws(Issue) {
    switch node {
    case .set(let set):
      sets.append(set)
      try append(.set(sets.count - 1))
    case .start: try append(.start)
    case .end: try append(.end)
    case .edge: try append(.edge)
    case .sequence(let nodes): for node in nodes { try emit(node) }
    case .group(let number, let node):
      try append(.save(2 * number))
      try emit(node)
      try append(.save(2 * number + 1))
    case .choice(let nodes):
      var jumps: [Int] = []
      for node in nodes.dropLast() {
        let split = program.count
        try append(.split(split + 1, 0))
        try emit(node)
        jumps.append(program.count)
        try append(.jump(0))
        program[split] = .split(split + 1, program.count)
      }
      if let last = nodes.last { try emit(last) }
      for jump in jumps { program[jump] = .jump(program.count) }
    case .many(let node, let least, let most):
      for _ in 0..<least { try emit(node) }
      guard let most else {
        let split = program.count
        try append(.split(split + 1, 0))
        try emit(node)
        try append(.jump(split))
        program[split] = .split(split + 1, program.count)
        return
      }
      var splits: [Int] = []
      for _ in least..<max(least, most) {
        splits.append(program.count)
        try append(.split(program.count + 1, 0))
        try emit(node)
      }
      for split in splits { program[split] = .split(split + 1, program.count) }
    }
  }

  // MARK: The text

  private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func choice(_ depth: Int) throws(Issue) -> Node {
    guard depth < 20 else { throw Issue(message: "Its groups are nested too deeply.") }
    var nodes = [try sequence(depth)]
    while byte == UInt8(ascii: "|") {
      place += 1
      nodes.append(try sequence(depth))
    }
    return nodes.count == 1 ? nodes[0] : .choice(nodes)
  }

  private mutating func sequence(_ depth: Int) throws(Issue) -> Node {
    var nodes: [Node] = []
    while let byte, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      var node = try atom(depth)
      if let (least, most) = try repetition() {
        node = .many(node, atLeast: least, atMost: most)
        if try repetition() != nil { throw Issue(message: "A repetition follows a repetition.") }
      }
      nodes.append(node)
    }
    return .sequence(nodes)
  }

  private mutating func repetition() throws(Issue) -> (Int, Int?)? {
    switch byte {
    case UInt8(ascii: "*"): place += 1; return (0, nil)
    case UInt8(ascii: "+"): place += 1; return (1, nil)
    case UInt8(ascii: "?"): place += 1; return (0, 1)
    case UInt8(ascii: "{"):
      guard let close = bytes[place...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
      let words = bytes[(place + 1)..<close].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .map { Int(String(decoding: $0, as: UTF8.self)) }
      // `{"a"` is text like any other.
      guard let least = words.first ?? nil, words.count <= 2 else { return nil }
      let isOpen = words.count == 2 && bytes[close - 1] == UInt8(ascii: ",")
      let most = words.count == 2 ? words[1] : least
      guard isOpen || most != nil else { return nil }
      guard (0...200).contains(least), (most ?? least) >= least, (most ?? 0) <= 200 else {
        throw Issue(message: "A repetition is {n}, {n,} or {n,m}, 200 at most.")
      }
      place = close + 1
      return (least, most)
    default: return nil
    }
  }

  private mutating func atom(_ depth: Int) throws(Issue) -> Node {
    guard let byte else { return .sequence([]) }
    place += 1
    switch byte {
    case UInt8(ascii: "."):
      var set = LinePattern.ByteSet()
      set.invert()
      return .set(set)
    case UInt8(ascii: "^"): return .start
    case UInt8(ascii: "$"): return .end
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
      throw Issue(message: "\"\(Character(Unicode.Scalar(byte)))\" has nothing before it to repeat.")
    case UInt8(ascii: "("):
      var number: Int?
      if bytes[place...].starts(with: "?:".utf8) {
        place += 2
      } else {
        groups += 1
        number = groups
        guard groups <= LinePattern.mostGroups else {
          throw Issue(message: "It has more than \(LinePattern.mostGroups) groups; (?:…) makes none.")
        }
      }
      let node = try choice(depth + 1)
      guard self.byte == UInt8(ascii: ")") else { throw Issue(message: "A \")\" is missing.") }
      place += 1
      return number.map { .group($0, node) } ?? node
    case UInt8(ascii: "["): return .set(try set())
    case UInt8(ascii: "\\"): return try escape()
    case 0xC0...:
      // A character of several bytes is repeated as a whole.
      var nodes = [Node.set(Self.one(byte))]
      while let next = self.byte, next & 0xC0 == 0x80 {
        nodes.append(.set(Self.one(next)))
        place += 1
      }
      return .sequence(nodes)
    default: return .set(Self.one(byte))
    }
  }

  private static func one(_ byte: UInt8) -> LinePattern.ByteSet {
    var set = LinePattern.ByteSet()
    set.insert(byte)
    return set
  }

  private static func all(_ member: (UInt8) -> Bool) -> LinePattern.ByteSet {
    var set = LinePattern.ByteSet()
    for byte in UInt8.min...UInt8.max where member(byte) { set.insert(byte) }
    return set
  }

  /// The set that `\d` and the like stand for; nil for a letter that stands for none.
  private static func named(_ letter: UInt8) -> LinePattern.ByteSet? {
    switch letter {
    case UInt8(ascii: "d"): all { (0x30...0x39).contains($0) }
    case UInt8(ascii: "w"): all(isWord)
    case UInt8(ascii: "s"): all { $0 == 0x20 || (0x09...0x0D).contains($0) }
    default: nil
    }
  }

  private mutating func escaped() throws(Issue) -> UInt8 {
    guard let byte else { throw Issue(message: "It ends with a \"\\\".") }
    place += 1
    let isLetter = byte < 128 && Self.isWord(byte) && byte != UInt8(ascii: "_")
    guard
      !isLetter
        || [UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "w"), UInt8(ascii: "s"), UInt8(ascii: "b")]
          .contains(byte)
    else {
      throw Issue(
        message: "\"\\\(Character(Unicode.Scalar(byte)))\" is not known; there are \\d, \\w, \\s, \\b and \\t.")
    }
    return byte
  }

  private mutating func escape() throws(Issue) -> Node {
    let byte = try escaped()
    if byte == UInt8(ascii: "b") { return .edge }
    if byte == UInt8(ascii: "t") { return .set(Self.one(0x09)) }
    return .set(Self.named(byte) ?? Self.one(byte))
  }

  private mutating func set() throws(Issue) -> LinePattern.ByteSet {
    var set = LinePattern.ByteSet()
    let isNegated = byte == UInt8(ascii: "^")
    if isNegated { place += 1 }
    var isFirst = true
    while let next = byte, isFirst || next != UInt8(ascii: "]") {
      isFirst = false
      place += 1
      var low = next
      if low == UInt8(ascii: "\\") {
        low = try escaped()
        if let named = Self.named(low) {
          for byte in UInt8.min...UInt8.max where named.contains(byte) { set.insert(byte) }
          continue
        }
        if low == UInt8(ascii: "t") { low = 0x09 }
      }
      guard low < 128 else { throw Issue(message: "[…] holds ASCII characters alone; use (a|b).") }
      var high = low
      if byte == UInt8(ascii: "-"), place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "]") {
        high = bytes[place + 1]
        place += 2
      }
      guard low <= high, high < 128 else { throw Issue(message: "A range in […] goes from the lower to the higher.") }
      for byte in low...high { set.insert(byte) }
    }
    guard byte == UInt8(ascii: "]") else { throw Issue(message: "A \"]\" is missing.") }
    place += 1
    if isNegated { set.invert() }
    return set
  }
}
