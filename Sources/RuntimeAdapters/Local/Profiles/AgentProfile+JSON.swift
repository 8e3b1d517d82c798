package import RunModel

/// What is wrong with a profile, and where.
package struct ProfileIssue: Sendable, Equatable {
  package enum Step: Sendable, Equatable {
    case key(String)
    case index(Int)
  }

  /// From the root to what it is about.
  package var place: [Step]
  /// It is about the key that the place ends with, not its value.
  package var isAboutKey = false
  package var message: String
}

extension AgentProfile {
  /// The profile that is written down so; what is wrong is in the issues, and then the profile is not to be used.
  package static func read(_ json: JSONValue, name: String) -> (profile: AgentProfile, issues: [ProfileIssue]) {
    var reader = ProfileJSON()
    var profile = reader.profile(json, name)
    profile.source = json
    return (profile, reader.issues)
  }

  /// As it is written down with a run.
  var storedBytes: [UInt8] { Array(JSONValue.object(["name": .string(name), "profile": source]).jsonText.utf8) }

  /// Nil where this program cannot use it.
  init?(stored json: JSONValue) {
    guard let name = json["name"]?.string, let source = json["profile"] else { return nil }
    let (profile, issues) = Self.read(source, name: name)
    guard issues.isEmpty else { return nil }
    self = profile
  }
}

/// Reads a profile and gathers every issue.
struct ProfileJSON {
  private(set) var issues: [ProfileIssue] = []
  typealias Place = [ProfileIssue.Step]

  mutating func complain(_ place: Place, _ message: String, aboutKey: Bool = false) {
    // A file full of mistakes says enough with the first.
    guard issues.count < 100 else { return }
    issues.append(ProfileIssue(place: place, isAboutKey: aboutKey, message: message))
  }

  mutating func members(
    _ json: JSONValue, _ place: Place, _ what: String, _ known: [String]
  ) -> JSONObject {
    guard let object = json.object else {
      complain(place, "\(what) must be a list of \"key: value\".")
      return [:]
    }
    for (key, _) in object where !known.contains(key) {
      let hint = Nearest.hint(for: key, among: known)
      let all = hint.isEmpty ? " Known are \(known.joined(separator: ", "))." : hint
      complain(
        place + [.key(key)], "Unknown key \"\(key)\" in \(what.prefix(1).lowercased() + what.dropFirst()).\(all)",
        aboutKey: true)
    }
    return object
  }

  private mutating func items(_ json: JSONValue?, _ key: String, _ place: Place) -> [(JSONValue, Place)] {
    guard let json, !json.isNull else { return [] }
    let here = place + [.key(key)]
    guard let list = json.array else {
      complain(here, "\"\(key)\" must be a list.")
      return []
    }
    guard list.count <= AgentProfile.mostRules else {
      complain(here, "\"\(key)\" holds more than \(AgentProfile.mostRules) entries.")
      return []
    }
    return list.enumerated().map { ($1, here + [.index($0)]) }
  }

  mutating func text(_ json: JSONValue?, _ key: String, _ place: Place) -> String? {
    guard let json, !json.isNull else { return nil }
    guard let text = json.string else {
      complain(place + [.key(key)], "\"\(key)\" must be text.")
      return nil
    }
    return text
  }

  private mutating func texts(_ json: JSONValue?, _ key: String, _ place: Place) -> [String]? {
    guard let json, !json.isNull else { return nil }
    guard let list = json.array, let texts = Optional(list.compactMap(\.string)), texts.count == list.count,
      !texts.isEmpty
    else {
      complain(place + [.key(key)], "\"\(key)\" must be a list of texts.")
      return nil
    }
    return texts
  }

  mutating func flag(_ json: JSONValue?, _ key: String, _ place: Place) -> Bool? {
    guard let json, !json.isNull else { return nil }
    guard let flag = json.bool else {
      complain(place + [.key(key)], "\"\(key)\" must be true or false.")
      return nil
    }
    return flag
  }

  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ json: JSONValue?, _ key: String, _ place: Place, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    guard let text = text(json, key, place) else { return nil }
    if let word = Word(rawValue: text) { return word }
    let known = Word.allCases.map(\.rawValue)
    complain(
      place + [.key(key)],
      "\"\(key)\" must be one of \(known.joined(separator: ", ")), not \"\(text)\".\(Nearest.hint(for: text, among: known))"
    )
    return nil
  }

  private mutating func pattern(_ json: JSONValue?, _ key: String, _ place: Place) -> LinePattern? {
    guard let text = text(json, key, place) else { return nil }
    do throws(LinePattern.Issue) { return try LinePattern(text) } catch {
      complain(place + [.key(key)], "\"\(key)\" is no pattern: \(error.message)")
      return nil
    }
  }

  mutating func path(_ json: JSONValue?, _ key: String, _ place: Place) -> JSONPath? {
    guard let text = text(json, key, place) else { return nil }
    return path(text, place + [.key(key)])
  }

  mutating func path(_ text: String, _ place: Place) -> JSONPath? {
    if let path = JSONPath(text) { return path }
    complain(place, "\"\(text)\" is no path such as message.content[].text; a text of its own is {text: \"…\"}.")
    return nil
  }

  // MARK: The profile

  mutating func profile(_ json: JSONValue, _ name: String) -> AgentProfile {
    var profile = AgentProfile(name: name)
    let known = ["description", "command", "stdin", "env", "sections", "objects", "lines", "prompts"]
    let root = members(json, [], "A profile", known)
    profile.summary = text(root["description"], "description", []) ?? ""
    profile.command = texts(root["command"], "command", [])
    if profile.command?.first?.isEmpty == true { complain([.key("command")], "\"command\" must name a program.") }
    profile.stdin = word(root["stdin"], "stdin", [], AgentProfile.Input.self)
    if let environment = root["env"], !environment.isNull {
      for (key, value) in environment.object ?? [:] {
        guard let value = value.string else {
          complain([.key("env"), .key(key)], "\"\(key)\" must be text.")
          continue
        }
        profile.environment[key] = value
      }
      if environment.object == nil { complain([.key("env")], "\"env\" must be a list of \"NAME: value\".") }
    }
    sections(root["sections"], &profile)
    for (rule, place) in items(root["objects"], "objects", []) { profile.objects.append(objectRule(rule, place)) }
    let names = profile.sections.map(\.name)
    for (rule, place) in items(root["lines"], "lines", []) {
      if let rule = lineRule(rule, place, sections: names) { profile.lines.append(rule) }
    }
    for (rule, place) in items(root["prompts"], "prompts", []) {
      if let rule = promptRule(rule, place) { profile.prompts.append(rule) }
    }
    let asks =
      !profile.prompts.isEmpty
      || (profile.objects.map(\.actions) + profile.lines.map(\.actions)).contains {
        $0.question != nil
      }
    if asks, profile.stdin != .answers, issues.isEmpty {
      let key = profile.prompts.isEmpty ? "objects" : "prompts"
      complain([.key(key)], "A profile with questions needs \"stdin: answers\": else no answer reaches the agent.")
    }
    return profile
  }

  private mutating func sections(_ json: JSONValue?, _ profile: inout AgentProfile) {
    guard let json, !json.isNull else { return }
    guard let object = json.object, object.count <= AgentProfile.mostRules else {
      complain(
        [.key("sections")], "\"sections\" must be a list of \"name: pattern\", \(AgentProfile.mostRules) at most.")
      return
    }
    for (name, value) in object {
      if let pattern = pattern(value, name, [.key("sections")]) {
        profile.sections.append(.init(name: name, pattern: pattern))
      }
    }
  }

  private static let actions = [
    "output", "tool", "edit", "usage", "progress", "plan", "question", "result", "note",
  ]

  private mutating func objectRule(_ json: JSONValue, _ place: Place) -> AgentProfile.ObjectRule {
    let object = members(json, place, "A rule of \"objects\"", ["when", "each", "where", "ignore"] + Self.actions)
    var rule = AgentProfile.ObjectRule()
    rule.when = tests(object["when"], "when", place)
    rule.each = path(object["each"], "each", place)
    rule.partsWhere = tests(object["where"], "where", place)
    rule.isIgnored = flag(object["ignore"], "ignore", place) ?? false
    rule.actions = actions(object, place, isLine: false)
    if rule.each == nil, !rule.partsWhere.isEmpty {
      complain(place + [.key("where")], "\"where\" needs \"each\": the path of the parts that it tests.")
    }
    if rule.actions.isEmpty, !rule.isIgnored, issues.isEmpty {
      complain(place, "The rule does nothing: give it one of \(Self.actions.joined(separator: ", ")) or ignore.")
    }
    return rule
  }

  private mutating func lineRule(_ json: JSONValue, _ place: Place, sections: [String]) -> AgentProfile.LineRule? {
    let known = ["match", "in", "until", "stream", "hide"] + Self.actions
    let object = members(json, place, "A rule of \"lines\"", known)
    if object["match"] == nil { complain(place, "A rule of \"lines\" needs \"match\": a pattern.") }
    guard let pattern = pattern(object["match"], "match", place) else { return nil }
    var rule = AgentProfile.LineRule(pattern: pattern)
    rule.section = text(object["in"], "in", place)
    if let section = rule.section, !sections.contains(section) {
      let hint = Nearest.hint(for: section, among: sections)
      complain(place + [.key("in")], "There is no section \"\(section)\".\(hint)")
    }
    rule.until = self.pattern(object["until"], "until", place)
    rule.stream = word(object["stream"], "stream", place, AgentProfile.LineRule.Stream.self) ?? .both
    rule.isHidden = flag(object["hide"], "hide", place) ?? false
    rule.actions = actions(object, place, isLine: true)
    if rule.actions.isEmpty, !rule.isHidden, issues.isEmpty {
      complain(place, "The rule does nothing: give it one of \(Self.actions.joined(separator: ", ")) or hide.")
    }
    return rule
  }

  private mutating func promptRule(_ json: JSONValue, _ place: Place) -> AgentProfile.PromptRule? {
    let object = members(
      json, place, "A rule of \"prompts\"", ["match", "question", "answers", "reply"])
    if object["match"] == nil { complain(place, "A rule of \"prompts\" needs \"match\": a pattern.") }
    let reply = reply(object, place)
    guard let pattern = pattern(object["match"], "match", place) else { return nil }
    return AgentProfile.PromptRule(
      pattern: pattern, question: text(object["question"], "question", place), reply: reply)
  }

  mutating func reply(_ object: JSONObject, _ place: Place) -> QuestionReply {
    var reply = QuestionReply()
    if let answers = object["answers"], !answers.isNull {
      for (shown, written) in answers.object ?? [:] {
        guard let written = written.string else {
          complain(place + [.key("answers"), .key(shown)], "\"\(shown)\" must be the text that is written; quote it.")
          continue
        }
        reply.choices.append(.init(shown: shown, written: written))
      }
      if answers.object == nil {
        complain(place + [.key("answers")], "\"answers\" must be a list of \"what is shown: what is written\".")
      }
    }
    reply.template = text(object["reply"], "reply", place)
    if let template = reply.template, !template.contains("{answer}"), !template.contains("{answer:json}") {
      complain(place + [.key("reply")], "\"reply\" needs {answer} or {answer:json} where the answer goes.")
    }
    return reply
  }

  private mutating func tests(_ json: JSONValue?, _ key: String, _ place: Place) -> [AgentProfile.Test] {
    guard let json, !json.isNull else { return [] }
    let here = place + [.key(key)]
    guard let object = json.object else {
      complain(here, "\"\(key)\" must be a list of \"path: value\".")
      return []
    }
    var tests: [AgentProfile.Test] = []
    for (name, value) in object {
      let there = here + [.key(name)]
      guard let path = JSONPath(name) else {
        complain(there, "\"\(name)\" is no path such as message.role.", aboutKey: true)
        continue
      }
      if let condition = condition(value, there) { tests.append(.init(path: path, condition: condition)) }
    }
    return tests
  }

  private mutating func condition(_ json: JSONValue, _ place: Place) -> AgentProfile.Test.Condition? {
    switch json {
    case .null: return .isThere(false)
    case .array(let items): return .isOneOf(items)
    case .object(let object):
      let known = ["not", "exists", "match"]
      _ = members(json, place, "A test", known)
      guard object.count == 1 else {
        complain(place, "A test is a value, a list of values, or one of {not: …}, {exists: true}, {match: pattern}.")
        return nil
      }
      if let no = object["not"] { return .isNoneOf(no.array ?? [no]) }
      if let flag = flag(object["exists"], "exists", place) { return .isThere(flag) }
      return pattern(object["match"], "match", place).map { .matches($0) }
    case .bool, .int, .double, .string: return .isOneOf([json])
    }
  }
}
