import Orchestration
import RunModel

@testable import RuntimeAdapters

#if !READERS_ALONE
  @testable import flightdeck
#endif

/// Profiles as people write them, and what agents print for them.
enum ProfileTargets {
  static let all = [lines] + files

  private static let profiles: [AgentProfile] = [
    #"""
    {"stdin": "answers", "objects": [
      {"when": {"type": "say"}, "output": "c[].t", "note": "c[].t"},
      {"each": "c[]", "where": {"t": {"match": "^x(a|b)*$"}}, "tool": {"name": "t", "target": ["$.a.b", "u"], "diff": "d"}},
      {"when": {"type": {"not": ["say", 1]}}, "edit": {"path": "p", "old": "o", "new": "n"}},
      {"when": {"u": {"exists": true}}, "usage": {"input": "u.i", "output": "u.o", "cost": "u.c", "delta": true}},
      {"progress": {"value": "p", "of": "n"}, "plan": {"entries": "c[]", "text": "t", "status": "s"}},
      {"question": {"text": "q", "id": "id", "options": "c[].t", "reply": "{answer:json} {id}"}}]}
    """#,
    #"""
    {"stdin": "answers", "sections": {"a": "^A:$", "b": "^B:$"}, "lines": [
      {"in": "a", "match": "^```(.*)$", "until": "^```$", "tool": {"name": "x$1", "target": "$body"}},
      {"match": "cost \\$([0-9.e+]+)", "usage": {"cost": "$1"}, "hide": true},
      {"in": "b", "match": "(a*)*b", "result": {"outcome": "failed", "reason": "$0 $9 $"}}],
     "prompts": [{"match": "\\? $", "answers": {"yes": "y", "no": "n"}}, {"match": "> $"}]}
    """#,
  ].compactMap { text in
    (try? JSONValue(parsing: Array(text.utf8))).map { AgentProfile.read($0, name: "fuzz") }.flatMap {
      $0.issues.isEmpty ? $0.profile : nil
    }
  }

  private static let words = [
    #"{"type":"say","c":[{"t":"a\nb"},{"t":1}]}"#, #"{"c":[{"t":"xab","u":"v","d":"+1"}],"a":{"b":"x"}}"#,
    #"{"type":"e","p":"f","o":"1\n2\n","n":"1\n3\n"}"#, #"{"u":{"i":1e300,"o":-1,"c":"0.5"}}"#,
    #"{"p":1,"n":0,"c":[{"t":"x","s":"done"}]}"#, #"{"q":"?","id":"1","c":[{"t":"yes"}]}"#, "A:", "B:", "```", "```sh",
    "cost $1.5", "aaaaaaaab", "Go? ", "> ", "\u{1B}[1m", "\r", "null", "[]", "{\"c\":[[[[",
  ]

  static let lines = FuzzTarget(
    name: "profile-lines", seeds: [Array(words.joined(separator: "\n"))], words: words + ["\n"], longest: 3000,
    cases: 300,
    make: { random in (0..<(1 + random.below(6))).flatMap { _ in Array(random.one(of: words).utf8) + [0x0A] } }
  ) { bytes in
    try hold(profiles.count == 2, "the profiles are wrong")
    for profile in profiles {
      var whole = AgentStream(ProfileLanguage(profile))
      var pieces = AgentStream(ProfileLanguage(profile))
      for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
        let said = whole.take(LogRecord(kind: .stdout, time: 0, payload: Array(line)))
        try hold(said.count <= 200_000, "a line says \(said.count) things")
        for case .usage(let usage) in said {
          try hold((usage.costUSD ?? 0).isFinite && (usage.inputTokens ?? 0) >= 0, "usage is \(usage)")
        }
        let cut = line.count / 2
        _ = pieces.take(LogRecord(kind: .stdoutFragment, time: 0, payload: Array(line.prefix(cut))))
        if let question = pieces.question {
          let answer = question.options.first ?? "any"
          let written = String(
            decoding: try pieces.language.reply(to: question.id, answer).bytes, as: UTF8.self)
          try hold(!written.contains("\n"), "an answer is more than a line: \(written)")
          let answered = pieces.take(LogRecord(kind: .answered, time: 0, payload: Array(written.utf8)))
          try hold(
            answered.contains { if case .resolved(question.id, _, _) = $0 { true } else { false } },
            "the answer \(answer) resolves nothing")
        }
        _ = pieces.take(LogRecord(kind: .stdout, time: 0, payload: Array(line.dropFirst(cut))))
      }
      var again = AgentStream(ProfileLanguage(profile))
      var other = AgentStream(ProfileLanguage(profile))
      for line in bytes.split(separator: 0x0A) {
        let record = LogRecord(kind: .stdout, time: 0, payload: Array(line))
        try hold(again.take(record) == other.take(record), "read again it says something else")
      }
    }
  }

  #if READERS_ALONE
    private static let files: [FuzzTarget] = []
  #else
    private static let keys = [
      "description: x\n", "command: [a, \"{prompt}\"]\n", "stdin: answers\n", "env: {A: b}\n", "sections: {a: '^A$'}\n",
      "objects:\n", "- when: {type: x, a.b[0]: [1, true]}\n", "  each: c[]\n", "  where: {t: {match: '^(a|b)*$'}}\n",
      "  output: c[].t\n", "  tool: {name: n, target: [a, $.b]}\n", "  edit: {path: p, old: o}\n",
      "  usage: {cost: c, delta: true}\n", "  plan: {entries: c[], text: t}\n", "  ignore: true\n", "lines:\n",
      "- match: '(a{3,200}){9}'\n", "  until: '^b$'\n", "  in: a\n", "  result: {outcome: open, reason: $1}\n",
      "prompts:\n", "- match: '[y/N] $'\n", "  answers: {yes: \"y\"}\n", "unknown: 1\n",
    ]

    private static let files = [
      FuzzTarget(
        name: "profile", seeds: ProfileShelf.builtin.compactMap { ProfileShelf.source($0).map { Array($0.utf8) } },
        words: keys + ["&a ", "*a", "!!binary ", "~", "1e999", "\u{85}", "- - - ", "{a: {a: "], longest: 4000,
        cases: 150,
        make: { random in (0..<(1 + random.below(10))).flatMap { _ in Array(random.one(of: keys).utf8) } }
      ) { bytes in
        let (profile, issues) = ProfileFile.read(bytes.text, name: "x")
        try hold((profile == nil) != issues.isEmpty, "neither a profile nor an issue, or both")
        for issue in issues { try hold(!issue.message.isEmpty, "an issue says nothing") }
        guard let profile else { return }
        let stored = AgentProfile(stored: try JSONValue(parsing: profile.storedBytes))
        try hold(stored == profile, "it is written down as another")
      }
    ]
  #endif
}
