import RunModel

/// What the line after `/` asks for. Words are and-ed; a word is fuzzy text, a "quoted phrase", `~regex`, or a field such
/// as `status:running` or `age:<10m`, and `!` before any of them turns it round.
struct RunFilter: Sendable, Equatable {
  struct Term: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      case text([UInt8])
      case phrase([UInt8])
      case title([UInt8])
      case runtime([UInt8])
      case id([UInt8])
      case label([UInt8])
      case fact(RunFact, [UInt8])
      case number(NumberTerm)
      case condition(RunCondition)
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
        case .text(let bytes), .phrase(let bytes), .title(let bytes), .runtime(let bytes), .id(let bytes),
          .label(let bytes):
          ByteSearch.letters(bytes)
        case .pattern(let pattern): pattern.letters
        case .status, .fact, .number, .condition, .unfinished: 0
        }
    }
  }

  let text: String
  let terms: [Term]
  /// What does not make sense in it, for the line under the prompt.
  let complaint: String?
  /// What can change which runs it lets through.
  let dependsOnState: Bool
  let dependsOnActivity: Bool
  let dependsOnTime: Bool
  let dependsOnMarks: Bool

  static let none = RunFilter("")

  init(_ text: String) {
    self.text = text
    var terms: [Term] = []
    var complaint: String?
    for word in FilterWord.words(of: text) {
      guard !word.text.isEmpty else { continue }
      let (kind, wrong) = Self.kind(of: word)
      complaint = complaint ?? wrong
      terms.append(Term(kind: kind, isNegated: word.isNegated))
    }
    self.terms = terms
    self.complaint = complaint
    var (state, activity, time, marks) = (false, false, false, false)
    for term in terms {
      switch term.kind {
      case .status, .runtime, .text: state = true
      case .fact(let fact, _):
        state = true
        if fact == .activity { activity = true }
      case .number(let number):
        state = true
        switch number.subject {
        case .age: time = true
        case .silence: (time, activity) = (true, true)
        case .cost, .tokens, .progress: activity = true
        case .priority, .files, .attempt: break
        }
      case .condition(let condition):
        state = true
        if condition == .stalled { (time, activity) = (true, true) }
        if condition == .marked { marks = true }
      case .title, .phrase, .id, .label, .pattern, .unfinished: break
      }
    }
    (dependsOnState, dependsOnActivity, dependsOnTime, dependsOnMarks) = (state, activity, time, marks)
  }

  private static func kind(of word: FilterWord) -> (Term.Kind, String?) {
    let bytes = Array(word.text.lowercased().utf8)
    guard let name = word.field else {
      if word.isPattern {
        guard let pattern = BytePattern(word.text) else {
          return (.unfinished, "\(word.text) is not a regular expression")
        }
        return (.pattern(pattern), nil)
      }
      return (word.isQuoted ? .phrase(bytes) : .text(bytes), nil)
    }
    guard let field = FilterField(rawValue: name) else {
      let whole = Array("\(name):\(word.text)".lowercased().utf8)
      let meant = Nearest.nearest(to: name, among: FilterField.allCases.map(\.rawValue))
      return (.text(whole), meant.map { "Did you mean \($0): ?" })
    }
    let value = word.text.lowercased()
    switch field {
    case .title: return (.title(bytes), nil)
    case .runtime: return (.runtime(bytes), nil)
    case .label: return (.label(bytes), nil)
    case .id: return (.id(bytes), nil)
    case .reference: return (.fact(.reference, bytes), nil)
    case .branch: return (.fact(.branch, bytes), nil)
    case .reason: return (.fact(.reason, bytes), nil)
    case .activity: return (.fact(.activity, bytes), nil)
    case .status:
      let found = Set(RunStatus.allCases.filter { $0.rawValue.hasPrefix(value) })
      let attention = "attention".hasPrefix(value)
      guard found.isEmpty, !attention else { return (.status(found, attention: attention), nil) }
      return (.unfinished, unknown("status", value, among: RunStatus.allCases.map(\.rawValue) + ["attention"]))
    case .condition:
      let known = RunCondition.allCases.filter { $0.rawValue.hasPrefix(value) }
      guard let condition = known.first else {
        return (.unfinished, unknown("is:", value, among: RunCondition.allCases.map(\.rawValue)))
      }
      return (known.count == 1 ? .condition(condition) : .unfinished, nil)
    case .priority, .age, .files, .cost, .attempt, .tokens, .progress, .silence:
      guard let subject = NumberTerm.Subject(rawValue: field.rawValue) else { return (.unfinished, nil) }
      do throws(Problem) {
        return (try NumberTerm(subject, Substring(value)).map { .number($0) } ?? .unfinished, nil)
      } catch { return (.unfinished, error.detail) }
    }
  }

  private static func unknown(_ what: String, _ value: String, among known: [String]) -> String {
    let hint = Nearest.hint(for: value, among: known)
    return "There is no \(what) \(value)." + (hint.isEmpty ? " There are \(known.joined(separator: ", "))." : hint)
  }

  var isEmpty: Bool { terms.isEmpty }

  /// Whether what `self` takes `other` took as well, so that it is enough to look at what is left.
  func narrows(_ other: RunFilter) -> Bool {
    guard !other.terms.isEmpty else { return true }
    guard terms.count >= other.terms.count, !other.dependsOnTime, !other.dependsOnMarks else { return false }
    for (old, new) in zip(other.terms, terms) where old != new {
      guard !old.isNegated, !new.isNegated else { return false }
      switch (old.kind, new.kind) {
      case (.title(let old), .title(let new)), (.runtime(let old), .runtime(let new)), (.id(let old), .id(let new)),
        (.label(let old), .label(let new)):
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
      case .text(let bytes), .phrase(let bytes), .title(let bytes):
        term.isNegated ? nil : String(decoding: bytes, as: UTF8.self)
      default: nil
      }
    }
  }
}

/// What can stand before a colon.
enum FilterField: String, CaseIterable, Sendable {
  case status
  case condition = "is"
  case runtime, title, label
  case reference = "ref"
  case branch, id, reason, activity, priority, age, files, cost, attempt, tokens, progress, silence

  /// What the hints write for it: with an example of what goes after numbers.
  var hint: String {
    switch self {
    case .priority, .attempt, .files, .tokens, .progress, .cost, .silence: rawValue + ":>"
    case .age: rawValue + ":<"
    default: rawValue + ":"
    }
  }
}

/// One word of a filter as it is written.
struct FilterWord: Sendable, Equatable {
  var isNegated = false
  var isPattern = false
  var isQuoted = false
  /// Lower-cased, without its colon.
  var field: String?
  /// Without quotes and marks.
  var text = ""

  /// Words are parted by spaces; between quotes a space is a space. A quote that is still open reaches to the end.
  static func words(of text: String) -> [FilterWord] {
    var words: [FilterWord] = []
    var rest = Substring(text)
    while let start = rest.firstIndex(where: { $0 != " " }) {
      rest = rest[start...]
      var word = FilterWord()
      if rest.first == "!" {
        word.isNegated = true
        rest = rest.dropFirst()
      }
      if rest.first == "~" {
        word.isPattern = true
        rest = rest.dropFirst()
      } else if let colon = rest.firstIndex(where: { $0 == ":" || $0 == " " || $0 == "\"" }), rest[colon] == ":",
        colon > rest.startIndex
      {
        word.field = rest[..<colon].lowercased()
        rest = rest[rest.index(after: colon)...]
      }
      if rest.first == "\"", !word.isPattern {
        word.isQuoted = true
        rest = rest.dropFirst()
        let end = rest.firstIndex(of: "\"") ?? rest.endIndex
        word.text = String(rest[..<end])
        rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...]
      } else {
        let end = rest.firstIndex(of: " ") ?? rest.endIndex
        word.text = String(rest[..<end])
        rest = rest[end...]
      }
      words.append(word)
    }
    return words
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

  /// The same in text of any case; `needle` is lower-cased.
  static func findAnyCase(_ needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>) -> Bool {
    func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }
    guard let first = needle.first else { return true }
    var at = 0
    let last = hay.count - needle.count
    while at <= last {
      if lower(hay[at]) == first {
        var next = 1
        while next < needle.count, lower(hay[at + next]) == needle[next] { next += 1 }
        if next == needle.count { return true }
      }
      at += 1
    }
    return false
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
