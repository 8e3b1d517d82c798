package import RunModel

/// How a command-line agent's output is to be read: which of its lines are messages, tool calls, edits, costs, results,
/// plans and questions.
///
/// A value without code: paths into JSON objects, tests for equality and patterns over lines. It is written down with
/// each run, so that its log is read later as it was first.
package struct AgentProfile: Sendable, Equatable {
  package var name: String
  package var summary = ""
  /// The command that goes with it, for a runtime that names none.
  package var command: [String]?
  package var stdin: Input?
  package var environment: [String: String] = [:]
  /// The lines with which the parts of a plain output begin, by name.
  var sections: [Section] = []
  var objects: [ObjectRule] = []
  var lines: [LineRule] = []
  var prompts: [PromptRule] = []
  /// What it was read from, in the same form.
  package var source: JSONValue = .object([:])

  package static let mostRules = 100

  /// What the agent's standard input is, as a runtime's own `stdin` says.
  package enum Input: String, Sendable, CaseIterable { case prompt, answers, none }

  struct Section: Sendable, Equatable {
    var name: String
    var pattern: LinePattern
  }

  /// For a line that is a JSON object.
  struct ObjectRule: Sendable, Equatable {
    var when: [Test] = []
    /// The parts of the object that the rest looks at; nil: the object itself.
    var each: JSONPath?
    var partsWhere: [Test] = []
    var isIgnored = false
    var actions = Actions()
  }

  /// For a line that is no JSON object.
  struct LineRule: Sendable, Equatable {
    enum Stream: String, Sendable, CaseIterable { case stdout, stderr, both }

    var pattern: LinePattern
    var section: String?
    /// The lines up to the one that this matches are taken along, as `$body`.
    var until: LinePattern?
    var stream = Stream.both
    /// The line itself is not output.
    var isHidden = false
    var actions = Actions()
  }

  /// For a line whose end has not come: a question at a terminal.
  struct PromptRule: Sendable, Equatable {
    var pattern: LinePattern
    var question: String?
    var reply: QuestionReply
  }

  struct Test: Sendable, Equatable {
    enum Condition: Sendable, Equatable {
      case isOneOf([JSONValue])
      case isNoneOf([JSONValue])
      case isThere(Bool)
      case matches(LinePattern)
    }

    var path: JSONPath
    var condition: Condition
  }

  /// What is taken of a line.
  enum Selector: Sendable, Equatable {
    /// The first of these that is there.
    case paths([JSONPath])
    /// As it stands, with `$0`…`$9` and `$body` filled in where the rule is one for plain lines.
    case text(String)
  }

  struct Actions: Sendable, Equatable {
    var output: Selector?
    var tool: Tool?
    var edit: Edit?
    var usage: Usage?
    var progress: Progress?
    var plan: Plan?
    var question: Question?
    var result: Result?
    var note: Selector?

    var isEmpty: Bool { self == Actions() }
  }

  struct Tool: Sendable, Equatable {
    var name: Selector
    var target: Selector?
    var summary: Selector?
    var status: Selector?
    var diff: Selector?
  }

  struct Edit: Sendable, Equatable {
    var path: Selector
    var name: Selector?
    var status: Selector?
    var diff: Selector?
    var old: Selector?
    var new: Selector?
  }

  struct Usage: Sendable, Equatable {
    var input: Selector?
    var output: Selector?
    var cost: Selector?
    /// What is added to what came before, and no total.
    var isDelta = false
  }

  struct Progress: Sendable, Equatable {
    var value: Selector
    /// What the value is a part of; nil: 1.
    var whole: Selector?
    var message: Selector?
  }

  struct Plan: Sendable, Equatable {
    var entries: JSONPath
    var text: JSONPath
    var status: JSONPath?
  }

  struct Question: Sendable, Equatable {
    var text: Selector
    var id: Selector?
    var options: Selector?
    var reply: QuestionReply
  }

  struct Result: Sendable, Equatable {
    enum Outcome: String, Sendable, CaseIterable { case succeeded, failed, open }

    var outcome: Outcome
    var reason: Selector?
  }
}

/// What is written to an agent's standard input as the answer to a question: what its profile says, and never a guess.
struct QuestionReply: Sendable, Equatable {
  struct Choice: Sendable, Equatable {
    var shown: String
    var written: String
  }

  /// In the profile's order, and then no other text is an answer; empty where any is, or where the agent names the options.
  var choices: [Choice] = []
  /// With `{answer}` and `{id}`, or `{answer:json}` and `{id:json}` as JSON strings; nil: the answer as it is.
  var template: String?

  /// The line for an answer. Throws a `Problem` that names the choices where it is none of them.
  func line(for answer: String, id: String) throws(Problem) -> String {
    var text = answer
    if let choice = choices.first(where: { $0.shown == answer }) {
      text = choice.written
    } else if !choices.isEmpty {
      let known = choices.map(\.shown).joined(separator: ", ")
      throw Problem(.invalid, "The agent takes one of these as an answer: \(known).")
    }
    // One answer is one line.
    func flat(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }
    guard let template else { return flat(text) }
    let values = [
      "answer": flat(text), "id": flat(id), "answer:json": JSONValue.string(text).jsonText,
      "id:json": JSONValue.string(id).jsonText,
    ]
    return Self.fill(template, values)
  }

  /// Puts the values in, once: what a value holds is never looked at again. Other braces stay as they are.
  private static func fill(_ template: String, _ values: [String: String]) -> String {
    var filled = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{") {
      filled += rest[..<open]
      let after = rest[open...].dropFirst()
      let name = after.prefix { $0 != "}" && $0 != "{" }
      if let value = values[String(name)], name.endIndex < rest.endIndex, rest[name.endIndex] == "}" {
        filled += value
        rest = rest[name.endIndex...].dropFirst()
      } else {
        filled += "{"
        rest = after
      }
    }
    return filled + rest
  }

  /// The answer that a written line was, as it was given; the line itself where it cannot be known.
  func answer(of line: String, id: String, options: [String]) -> String {
    for answer in choices.map(\.shown) + options {
      do { if try self.line(for: answer, id: id) == line { return answer } } catch { continue }
    }
    return line
  }
}
