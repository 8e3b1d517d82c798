import Orchestration
import RunModel

/// Reads an agent's lines by its profile. A value: the same lines give the same reports, whoever reads them again.
struct ProfileReader: Sendable {
  enum Report: Sendable, Equatable {
    /// One line of the agent's words.
    case output(String, dropped: Int)
    case tool(RuntimeEvent.ToolCall)
    case usage(RuntimeEvent.Usage)
    case progress(Double, message: String?)
    case plan([PlanEntry])
    case question(id: String?, text: String, options: [String], QuestionReply)
  }

  struct Result: Sendable, Equatable {
    var hasFailed: Bool
    var reason: String?
  }

  let profile: AgentProfile
  /// The agent's last word on how it went; nil where it has said nothing, or has gone on since.
  private(set) var result: Result?
  /// Its last note.
  private(set) var note: String?
  private var usage = RuntimeEvent.Usage()
  private var section: String?
  private var gathering: Gathering?

  /// Lines that a rule takes along until one ends them.
  private struct Gathering {
    var rule: Int
    var groups: [String]
    var lines: [String] = []
    var bytes = 0
  }

  /// What one line may say, whatever is in it.
  static let mostParts = 200
  static let mostLines = 500
  static let longestBody = 16_384
  static let longestWord = 200
  static let longestText = 4096

  init(_ profile: AgentProfile) { self.profile = profile }

  /// What a whole line says; `isOutput`: the line itself is output too.
  mutating func take(
    _ line: [UInt8], from stream: RuntimeEvent.OutputStream
  ) -> (reports: [Report], isOutput: Bool) {
    let plain = Self.withoutEscapes(line)
    if stream == .stdout, !profile.objects.isEmpty, plain.first(where: { $0 != 0x20 }) == UInt8(ascii: "{") {
      // What does not parse, and what nests too deeply, is a line like any other.
      if let json = try? JSONValue(parsing: plain), let reports = take(json) { return (reports, false) }
    }
    return takePlain(plain, stream)
  }

  // MARK: Objects

  /// Nil when no rule knows it.
  private mutating func take(_ json: JSONValue) -> [Report]? {
    var reports: [Report] = []
    var isKnown = false
    for rule in profile.objects where Self.holds(rule.when, in: json, root: json) {
      let parts = rule.each.map { Array($0.values(in: json).prefix(Self.mostParts)) } ?? [json]
      for part in parts where Self.holds(rule.partsWhere, in: part, root: json) {
        if rule.isIgnored { isKnown = true }
        if perform(rule.actions, Source(part: part, root: json), &reports) { isKnown = true }
      }
    }
    return isKnown ? reports : nil
  }

  private static func holds(_ tests: [AgentProfile.Test], in part: JSONValue, root: JSONValue) -> Bool {
    tests.allSatisfy { test in
      let values = test.path.values(in: test.path.isAbsolute ? root : part)
      switch test.condition {
      case .isOneOf(let wanted): return values.contains { value in wanted.contains { isSame($0, value) } }
      case .isNoneOf(let unwanted): return !values.contains { value in unwanted.contains { isSame($0, value) } }
      case .isThere(let isThere): return values.isEmpty != isThere
      case .matches(let pattern): return values.contains { $0.string.map { pattern.matches($0.utf8) } ?? false }
      }
    }
  }

  /// 1 is 1.0.
  private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
    if let a = a.double, let b = b.double { return a == b }
    return a == b
  }

  // MARK: Lines

  private mutating func takePlain(
    _ line: [UInt8], _ stream: RuntimeEvent.OutputStream
  ) -> (reports: [Report], isOutput: Bool) {
    guard !profile.lines.isEmpty || !profile.sections.isEmpty else { return ([], true) }
    // White space at the end of a line is nothing that a person sees.
    var line = line[...]
    while let last = line.last, last == 0x20 || last == 0x0D { line.removeLast() }
    var reports: [Report] = []
    if let begun = gathering {
      let rule = profile.lines[begun.rule]
      guard rule.until?.matches(line) != true else {
        gathering = nil
        _ = perform(rule.actions, Source(groups: begun.groups, body: begun.lines.joined(separator: "\n")), &reports)
        return (reports, !rule.isHidden)
      }
      if begun.bytes + line.count <= Self.longestBody {
        gathering?.lines.append(String(decoding: line, as: UTF8.self))
        gathering?.bytes += line.count + 1
      }
      return ([], !rule.isHidden)
    }
    var isOutput = true
    for other in profile.sections where other.pattern.matches(line) { section = other.name }
    for (index, rule) in profile.lines.enumerated() {
      if let wanted = rule.section, wanted != section { continue }
      guard rule.stream == .both || rule.stream.rawValue == stream.rawValue,
        let groups = rule.pattern.groups(in: line)
      else { continue }
      if rule.isHidden { isOutput = false }
      if rule.until != nil {
        gathering = Gathering(rule: index, groups: groups)
        break
      }
      _ = perform(rule.actions, Source(groups: groups, body: ""), &reports)
    }
    return (reports, isOutput)
  }

  /// What the beginning of a line asks whose end has not come: the agent waits at it.
  func prompt(in unfinished: some Collection<UInt8>) -> Report? {
    guard !profile.prompts.isEmpty else { return nil }
    // Of a line that redraws itself the last piece is what is seen.
    let piece = unfinished.suffix(LinePattern.longestLine).split(separator: 0x0D).last
    guard let piece else { return nil }
    let line = Self.withoutEscapes(Array(piece))
    for rule in profile.prompts {
      guard let groups = rule.pattern.groups(in: line) else { continue }
      let source = Source(groups: groups, body: "")
      let trimmed = line.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed()
      let asked = rule.question.map(source.filled) ?? String(decoding: trimmed, as: UTF8.self)
      let text = asked.bounded(Bounds.question)
      return .question(id: nil, text: text, options: rule.reply.choices.map(\.shown), rule.reply)
    }
    return nil
  }
}

// MARK: - What a rule takes, and does

extension ProfileReader {
  /// What a rule looks at.
  struct Source {
    var part = JSONValue.null
    var root = JSONValue.null
    var groups: [String]?
    var body = ""

    init(part: JSONValue, root: JSONValue) {
      self.part = part
      self.root = root
    }

    init(groups: [String], body: String) {
      self.groups = groups
      self.body = body
    }

    func values(_ selector: AgentProfile.Selector?) -> [JSONValue] {
      switch selector {
      case nil: return []
      case .text(let text): return [.string(groups == nil ? text : filled(text))]
      case .paths(let paths):
        for path in paths {
          let found = path.values(in: path.isAbsolute ? root : part)
          if !found.isEmpty { return found }
        }
        return []
      }
    }

    /// `$1` and the like, filled in once.
    func filled(_ text: String) -> String {
      var filled = ""
      var rest = text[...]
      while let sign = rest.firstIndex(of: "$") {
        filled += rest[..<sign]
        let after = rest[sign...].dropFirst()
        if after.hasPrefix("body") {
          filled += body
          rest = after.dropFirst(4)
        } else if let digit = after.first?.wholeNumberValue, after.first?.isASCII == true {
          filled += groups.flatMap { $0.indices.contains(digit) ? $0[digit] : nil } ?? ""
          rest = after.dropFirst()
        } else {
          filled += "$"
          rest = after
        }
      }
      return filled + rest
    }

    /// All that is there as one text; nil when nothing is, or nothing but white space.
    func text(_ selector: AgentProfile.Selector?, _ most: Int) -> String? {
      let texts = values(selector).map { value in
        switch value {
        case .string(let text): text
        case .null: ""
        case .bool, .int, .double, .array, .object: value.jsonText
        }
      }
      let text = texts.joined(separator: "\n")
      return text.allSatisfy(\.isWhitespace) ? nil : text.bounded(most)
    }

    /// A number of this or any other form, finite.
    func number(_ selector: AgentProfile.Selector?) -> Double? {
      guard let value = values(selector).first else { return nil }
      let number = value.double ?? value.string.flatMap { Double($0) }
      return number.flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// True when the source held something for one of them.
  private mutating func perform(
    _ actions: AgentProfile.Actions, _ source: Source, _ reports: inout [Report]
  ) -> Bool {
    let before = reports.count
    var isKnown = false
    if let text = source.text(actions.output, Bounds.line) {
      var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
      while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
      var dropped = max(0, lines.count - Self.mostLines)
      for line in lines.suffix(Self.mostLines) {
        reports.append(.output(String(line), dropped: dropped))
        dropped = 0
      }
    }
    if let tool = actions.tool, let name = source.text(tool.name, Self.longestWord) {
      reports.append(
        .tool(
          RuntimeEvent.ToolCall(
            name: Self.line(name), target: source.text(tool.target, Self.longestText).map(Self.line),
            summary: source.text(tool.summary, Self.longestText),
            status: source.text(tool.status, Self.longestWord).map(Self.line),
            diff: source.text(tool.diff, Bounds.toolDiff))))
    }
    if let edit = actions.edit, let path = source.text(edit.path, Self.longestText) {
      let diff =
        source.text(edit.diff, Bounds.toolDiff)
        ?? EditDiff.text(
          path: Self.line(path), old: source.text(edit.old, Bounds.toolDiff),
          new: source.text(edit.new, Bounds.toolDiff))
      reports.append(
        .tool(
          RuntimeEvent.ToolCall(
            name: source.text(edit.name, Self.longestWord).map(Self.line) ?? "edit", target: Self.line(path),
            status: source.text(edit.status, Self.longestWord).map(Self.line), diff: diff)))
    }
    if let usage = actions.usage { add(usage, source, &reports) }
    if let progress = actions.progress, let value = source.number(progress.value) {
      let whole = progress.whole == nil ? 1 : source.number(progress.whole) ?? 0
      if whole > 0 {
        reports.append(
          .progress(value / whole, message: source.text(progress.message, Bounds.activity).map(Self.line)))
      }
    }
    if let plan = actions.plan { add(plan, source, &reports) }
    if let question = actions.question, let text = source.text(question.text, Bounds.question) {
      var options = question.reply.choices.map(\.shown)
      if options.isEmpty {
        options = source.values(question.options).prefix(Bounds.attentionChoices).compactMap {
          $0.string.map { $0.bounded(Self.longestText) }
        }
      }
      reports.append(
        .question(id: source.text(question.id, Self.longestWord), text: text, options: options, question.reply))
    }
    if let text = source.text(actions.note, 1 << 20) {
      note = text
      isKnown = true
    }
    if let said = actions.result {
      switch said.outcome {
      case .open: result = nil
      case .succeeded: result = Result(hasFailed: false, reason: source.text(said.reason, Bounds.activity))
      case .failed: result = Result(hasFailed: true, reason: source.text(said.reason, Bounds.activity).map(Self.line))
      }
      isKnown = true
    }
    return isKnown || reports.count > before
  }

  private mutating func add(_ rule: AgentProfile.Usage, _ source: Source, _ reports: inout [Report]) {
    let before = usage
    func sum(_ known: Int64?, _ selector: AgentProfile.Selector?) -> Int64? {
      // More tokens than that are no count.
      guard let number = source.number(selector), (0...1e15).contains(number) else { return known }
      let value = Int64(number)
      return rule.isDelta ? min((known ?? 0) + value, 1_000_000_000_000_000) : value
    }
    usage.inputTokens = sum(usage.inputTokens, rule.input)
    usage.outputTokens = sum(usage.outputTokens, rule.output)
    if let cost = source.number(rule.cost), (0...1e9).contains(cost) {
      usage.costUSD = rule.isDelta ? min((usage.costUSD ?? 0) + cost, 1e9) : cost
    }
    if usage != before { reports.append(.usage(usage)) }
  }

  private func add(_ rule: AgentProfile.Plan, _ source: Source, _ reports: inout [Report]) {
    // The list itself, or its elements: both are meant alike.
    let items = source.values(.paths([rule.entries])).flatMap { $0.array ?? [$0] }.prefix(Bounds.planEntries)
    let entries: [PlanEntry] = items.compactMap { item in
      guard let text = rule.text.values(in: item).first?.string else { return nil }
      let status = rule.status.flatMap { $0.values(in: item).first?.string }
      return PlanEntry(Self.line(text.bounded(Bounds.planText)), Self.status(status))
    }
    guard !entries.isEmpty else { return }
    reports.append(.plan(entries))
    reports.append(
      .progress(Double(entries.count { $0.status == .completed }) / Double(entries.count), message: nil))
  }

  /// However the agent writes it.
  private static func status(_ word: String?) -> PlanEntry.Status {
    switch word?.lowercased() {
    case "completed", "complete", "done", "finished": .completed
    case "in_progress", "in-progress", "inprogress", "active", "running": .inProgress
    default: .pending
    }
  }

  static func line(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

  /// Without the sequences with which a program colours its words and sets a terminal's title.
  static func withoutEscapes(_ line: [UInt8]) -> [UInt8] {
    guard line.contains(0x1B) else { return line }
    var plain: [UInt8] = []
    var place = 0
    while place < line.count {
      guard line[place] == 0x1B else {
        plain.append(line[place])
        place += 1
        continue
      }
      place += 1
      switch place < line.count ? line[place] : 0 {
      case UInt8(ascii: "["):
        place += 1
        while place < line.count, !(0x40...0x7E).contains(line[place]) { place += 1 }
        place += 1
      case UInt8(ascii: "]"):
        while place < line.count, line[place] != 0x07, line[place] != 0x1B { place += 1 }
        place += place < line.count && line[place] == 0x1B ? 2 : 1
      default: place += 1
      }
    }
    return plain
  }
}
