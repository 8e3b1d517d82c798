import RunModel

/// What the line after `/` asks for. Words are and-ed; a word is fuzzy text, `~regex`, or a field such as
/// `status:running`, and `!` before any of them turns it round.
struct RunFilter: Sendable, Equatable {
  struct Term: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      case text([UInt8])
      case title([UInt8])
      case runtime([UInt8])
      case status(Set<RunStatus>, attention: Bool)
      case pattern(BytePattern)
      /// A pattern still being typed, or a status that does not exist: holds back nothing.
      case unfinished
    }
    let kind: Kind
    let isNegated: Bool
    /// The letters that what it finds must have.
    let letters: UInt64

    init(kind: Kind, isNegated: Bool) {
      self.kind = kind
      self.isNegated = isNegated
      letters =
        switch kind {
        case .text(let bytes), .title(let bytes), .runtime(let bytes): ByteSearch.letters(bytes)
        case .pattern(let pattern): pattern.letters
        case .status, .unfinished: 0
        }
    }
  }

  let text: String
  let terms: [Term]
  /// What does not make sense in it, for the line under the prompt.
  let complaint: String?

  static let none = RunFilter("")

  init(_ text: String) {
    self.text = text
    var terms: [Term] = []
    var complaint: String?
    for word in text.split(separator: " ") {
      var word = word
      let negated = word.hasPrefix("!")
      if negated { word = word.dropFirst() }
      guard !word.isEmpty else { continue }
      let (kind, wrong) = Self.kind(of: word)
      complaint = complaint ?? wrong
      terms.append(Term(kind: kind, isNegated: negated))
    }
    self.terms = terms
    self.complaint = complaint
  }

  private static let fields = ["status", "runtime", "title"]

  private static func kind(of word: Substring) -> (Term.Kind, String?) {
    if word.hasPrefix("~") {
      guard word.count > 1 else { return (.unfinished, nil) }
      guard let pattern = BytePattern(String(word.dropFirst())) else {
        return (.unfinished, "\(word.dropFirst()) is not a regular expression")
      }
      return (.pattern(pattern), nil)
    }
    if let colon = word.firstIndex(of: ":"), colon > word.startIndex {
      let field = word[..<colon].lowercased()
      let value = word[word.index(after: colon)...].lowercased()
      switch field {
      case "title": return (value.isEmpty ? .unfinished : .title(Array(value.utf8)), nil)
      case "runtime": return (value.isEmpty ? .unfinished : .runtime(Array(value.utf8)), nil)
      case "status":
        guard !value.isEmpty else { return (.unfinished, nil) }
        let found = Set(RunStatus.allCases.filter { $0.rawValue.hasPrefix(value) })
        let attention = "attention".hasPrefix(value)
        if found.isEmpty && !attention {
          let known = RunStatus.allCases.map(\.rawValue) + ["attention"]
          return (.unfinished, "There is no status \(value).\(Nearest.hint(for: value, among: known))")
        }
        return (.status(found, attention: attention), nil)
      default:
        if let meant = Nearest.nearest(to: field, among: fields) {
          return (.text(Array(word.lowercased().utf8)), "Did you mean \(meant): ?")
        }
      }
    }
    return (.text(Array(word.lowercased().utf8)), nil)
  }

  var isEmpty: Bool { terms.isEmpty }

  /// Whether a run's status or runtime, which change, decide.
  var dependsOnState: Bool {
    terms.contains {
      switch $0.kind {
      case .status, .runtime, .text: true
      case .title, .pattern, .unfinished: false
      }
    }
  }

  /// Whether what `self` takes `other` took as well, so that it is enough to look at what is left.
  func narrows(_ other: RunFilter) -> Bool {
    guard !other.terms.isEmpty else { return true }
    guard terms.count >= other.terms.count else { return false }
    for (old, new) in zip(other.terms, terms) where old != new {
      guard !old.isNegated, !new.isNegated else { return false }
      switch (old.kind, new.kind) {
      case (.title(let old), .title(let new)), (.runtime(let old), .runtime(let new)):
        guard new.starts(with: old) else { return false }
      default: return false
      }
    }
    return true
  }

  /// The words to stand out in titles.
  var highlights: [String] {
    terms.compactMap { term in
      switch term.kind {
      case .text(let bytes), .title(let bytes): term.isNegated ? nil : String(decoding: bytes, as: UTF8.self)
      default: nil
      }
    }
  }
}

/// Text search over lower-cased bytes.
enum ByteSearch {
  /// Which letters and digits occur: one bit each, and one for all other bytes. What a needle has and a hay has not can
  /// be told at once.
  static func letters(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var letters: UInt64 = 0
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): letters |= 1 << UInt64(byte - UInt8(ascii: "a"))
      case UInt8(ascii: "0")...UInt8(ascii: "9"): letters |= 1 << UInt64(byte - UInt8(ascii: "0") + 26)
      case UInt8(ascii: " "): letters |= 1 << 36
      default: letters |= 1 << 37
      }
    }
    return letters
  }

  static func find(
    _ needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>, from start: Int = 0
  ) -> Int? {
    guard let first = needle.first else { return start }
    var at = start
    let last = hay.count - needle.count
    while at <= last {
      if hay[at] == first {
        var next = 1
        while next < needle.count, hay[at + next] == needle[next] { next += 1 }
        if next == needle.count { return at }
      }
      at += 1
    }
    return nil
  }

  /// Letter by letter within a stretch at most twice as long: `rtlog` finds `retry logic`, and two
  /// letters far apart find nothing. Fuzzy from four letters on.
  static func fuzzy(_ needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>) -> Bool {
    guard needle.count >= 4, let first = needle.first else { return false }
    let reach = needle.count * 2
    for start in 0..<hay.count where hay[start] == first {
      var at = start + 1
      var next = 1
      let end = min(hay.count, start + reach)
      while at < end, hay[at] != UInt8(ascii: "\n") {
        if hay[at] == needle[next] {
          next += 1
          if next == needle.count { return true }
        }
        at += 1
      }
    }
    return false
  }
}
