import Orchestration
import RunModel

@testable import DashboardUI
@testable import RuntimeAdapters

#if !READERS_ALONE
  @testable import flightdeck
#endif

/// Files that people, tools and other versions of us write.
enum FileTargets {
  static let all = [theme] + program + [preferences, records, address, intake, mock, junit]

  private static let yamlWords = [
    ":", ": ", "- ", "\n", "\n  ", "? ", "&a ", "*a", "*a ", "<<: *a\n", "!!str ", "!!binary ", "!!int ",
    "!!python/object:x ", "|\n  ",
    ">-\n  ", "'", "\"", "#", "---\n", "...\n", "%YAML 1.2\n", "{", "}", "[", "]", ",", "~", "null", "yes",
    "0x7fffffffffffffff1",
    "0o777", "0b1", "1:60:60", "999999999999999:59:59", ".inf", "-.inf", ".nan", "1e300", "1e-300",
    "2001-12-14t21:59:43.10-05:00",
    "\t", "\u{0}", "\u{7F}", "\u{85}", "\u{FEFF}", "=", "@", "`", "[[[[", "{a: {a: {a: ", "&x [*x]", "- - - - ",
    "\u{2028}",
  ]

  /// "Billion laughs", as values and as keys.
  private static func laughs(_ levels: Int, _ width: Int, asKey: Bool) -> [UInt8] {
    var text = "a0: &a0 [lol]\n"
    for level in 1...levels {
      text +=
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: width).joined(separator: ",") + "]\n"
    }
    return Array(text + (asKey ? "? *a\(levels)\n: 1\n" : "name: *a\(levels)\n"))
  }

  /// Deep, long and wide.
  private static let heavyYAML =
    ["[", "{a: ", "- ", "? ", "a:\n ", "&a ", "!!str ", "'", "\"", "|\n", "%", "a: *b\n", "- &a *a\n"].map {
      [UInt8]($0, times: 20_000)
    }
    + [
      laughs(9, 9, asKey: false), laughs(5, 5, asKey: true), laughs(12, 9, asKey: true), [UInt8]("a", times: 2 << 20),
      Array((0..<300).map { "k\($0): 1\n" }.joined()), Array((0..<40).map { "- *a \($0)" }.joined(separator: "\n")),
    ]

  private static let themeKeys =
    ["system", "scheme", "name", "author", "slug", "variant", "palette", "roles", "foreground", "background", "bold"]
    + Palette.names + Role.allCases.map(\.rawValue) + [
      "base16", "base24", "\"#8fc87c\"", "\"123456\"", "dark", "light",
    ]

  static let theme = FuzzTarget(
    name: "theme",
    seeds: ThemeLibrary.slugs.compactMap { ThemeLibrary.source($0).map { Array($0) } } + [laughs(5, 5, asKey: true)],
    heavy: heavyYAML, words: yamlWords + themeKeys, longest: 6000, cases: 60
  ) { bytes in
    let issues = ThemeLibrary.check(bytes.text)
    for issue in issues {
      try hold(!issue.message.isEmpty && !issue.message.contains("Optional("), "an issue says \(issue)")
      let isOfTheWhole =
        issue.message.hasPrefix("A theme is") || issue.message.contains("palette")
        || issue.message.hasPrefix("This is not")
        || issue.message.hasPrefix("The contrast") || issue.message.contains(" on ")
      try hold(issue.line != nil || isOfTheWhole, "an issue has no line: \(issue)")
      if let line = issue.line {
        let lines =
          bytes.count { $0 == 0x0A || $0 == 0x0D } + 2
          + bytes.text.unicodeScalars.count { [0x85, 0x2028, 0x2029].contains($0.value) }
        try hold((0...lines).contains(line), "an issue is in line \(line) of \(lines)")
      }
    }
    do throws(Problem) {
      let theme = try ThemeLibrary.parse(bytes.text, slug: "x")
      _ = theme[.text]
    } catch { try hold(error.code == .invalid && !error.detail.isEmpty, "it fails with \(error)") }
  }

  #if READERS_ALONE
    private static let program: [FuzzTarget] = []
  #else
    private static let program = [configuration]

    private static let configurationKeys = [
      "runtimes:\n", "- id: a\n", "  kind: local\n", "  kind: simulated\n", "  kind: mock\n", "  script: x\n",
      "  command: [a, \"{prompt}\"]\n",
      "  maxParallelTasks: 4\n", "  quietSeconds: 1e300\n", "  seed: -1\n", "  medianSeconds: 0.1\n",
      "  failureRate: 1.5\n", "  env: {A: b}\n",
      "  stdin: answers\n", "theme: auto\n", "theme: {dark: a, light: b}\n", "ascii: true\n", "mouse: no\n",
      "keys: {quit: [q, ctrl-c]}\n", "columns: [run, \"branch:40\"]\n", "readOnly: maybe\n", "screenFormat: svg\n",
      "notifications: {on: [failed], by: command, command: [x], quiet: \"22:00-07:00\"}\n",
      "orchestrators:\n- name: x\n  address: https://h:1\n  tokenFile: y\n", "verifyTimeoutSeconds: 60\n",
      "verifyTimeoutSeconds: 1e300\n",
      "stopGraceSeconds: 9e18\n", "approvals: {required: [high], ownRequests: false}\n", "unknown: 1\n",
    ]

    static let configuration = FuzzTarget(
      name: "configuration",
      seeds: configurationKeys.map { Array($0) } + [laughs(4, 4, asKey: true)], heavy: heavyYAML,
      words: yamlWords + configurationKeys, longest: 4000, cases: 150,
      make: { random in (0..<(1 + random.below(10))).flatMap { _ in Array(random.one(of: configurationKeys)) } }
    ) { bytes in
      let (_, problems) = ConfigurationFile(path: "/c.yaml").check(bytes.text)
      for problem in problems {
        try hold(problem.code == .invalid, "a problem is \(problem.code)")
        let rest = problem.detail.dropFirst("/c.yaml:".count)
        try hold(
          problem.detail.hasPrefix("/c.yaml:") && (rest.first?.isNumber == true || rest.hasPrefix(" This is not YAML")),
          "a problem names neither a line nor that it is no YAML: \(problem.detail)")
      }
    }
  #endif

  private static let preferenceWords =
    JSONTargets.words + [
      "\"filters\":[\"a\"]", "\"drafts\":", "\"templates\":[{\"name\":\"a\",\"draft\":{}}]",
      "\"columns\":[\"branch:40\"]", "\"views\":[{\"name\":\"v\"}]",
      "\"comments\":", "\"reviewed\":", "\"chartStyle\":\"blocks\"", "\"theme\":\"x\"", "\"title\":", "\"run\":",
      "\"line\":",
    ]

  static let preferences = FuzzTarget(
    name: "preferences",
    seeds: [
      Preferences().jsonBytes,
      Array(
        #"{"filters":["a"],"columns":["run","title","branch:40"],"views":[{"name":"v","filter":"x","sort":"age","inverted":true,"group":"status","columns":["run"]}],"diffSyntax":false,"x":1}"#
      ),
    ], words: preferenceWords, cases: 250
  ) { bytes in
    guard let json = try? JSONValue(parsing: bytes) else { return }
    let once = Preferences(json: json)
    let twice = Preferences(json: try JSONValue(parsing: once.jsonBytes))
    // The same name twice is kept as one from then on.
    if json.repeatsName { return }
    try hold(twice.jsonBytes == once.jsonBytes, "kept and read again they are \(twice.jsonText), not \(once.jsonText)")
  }

  private static let recordWords =
    JSONTargets.words + [
      "\"command\":[\"/bin/true\"]", "\"directory\":\"/\"", "\"startedAt\":", "\"confirmedAt\":",
      "\"outcome\":\"failed\"", "\"runId\":",
      "\"proof\":{", "\"graceMilliseconds\":", "\"processes\":", "\"stopped\":\"limit\"", "\"worktree\":",
    ]

  /// What a supervisor and a run leave in their folder.
  static let records = FuzzTarget(
    name: "records",
    seeds: [
      Array(
        #"{"command":["/bin/sh","-c","x"],"directory":"/w","stdin":"prompt","runId":"01JD0000000000000000000000","worktree":"/w","title":"t","graceMilliseconds":5000,"limitMilliseconds":null,"outputLimit":1}"#
      ),
      Array(
        #"{"exitCode":null,"signal":15,"stopped":"asked","stopSentAt":1,"startedAt":1790000000000,"confirmedAt":1790000000001,"processes":2,"killed":1}"#
      ),
      Array(
        #"{"outcome":"failed","exitCode":1,"reason":"r","commit":"c","proof":{"confirmedAt":"2026-01-01T00:00:00.000Z"},"kept":true}"#
      ),
    ], words: recordWords, cases: 300
  ) { bytes in
    guard let json = try? JSONValue(parsing: bytes), !json.repeatsName else { return }
    if let spec = LocalRunSpec(json: json) {
      let again = LocalRunSpec(json: try JSONValue(parsing: spec.jsonBytes))
      try hold(again?.jsonBytes == spec.jsonBytes, "a spec is another once it is kept")
    }
    if let record = ExitRecord(json: json) {
      try hold(
        ExitRecord(json: try JSONValue(parsing: record.jsonBytes)) == record,
        "an exit record is another once it is kept")
      _ = Timestamp(milliseconds: record.confirmedAt).description
      _ = Timestamp(milliseconds: record.startedAt).description
    }
    if let end = LocalRunEnd(json: json) {
      let again = LocalRunEnd(json: try JSONValue(parsing: end.jsonBytes))
      try hold(again?.jsonBytes == end.jsonBytes, "an end is another once it is kept")
    }
  }

  static let address = FuzzTarget(
    name: "address",
    seeds: ["unix:/a/b.sock", "http://127.0.0.1:80", "https://[::1]:65535/", "http://h:0"].map { Array($0) },
    words: [
      "unix:", "http://", "https://", ":", "/", "[::1]", "65536", "+1", "٣", "\u{301}", "@", "?", "#", " ", "\n", "%00",
    ],
    longest: 200, cases: 1500
  ) { bytes in
    do {
      let address = try ServerAddress(bytes.text)
      try hold(try ServerAddress(address.description) == address, "\(address) is another when it is read again")
      if case .unix(let path) = address { try hold(path.utf8.count <= 103, "a path of \(path.utf8.count) bytes") }
    } catch let problem as Problem { try hold(problem.code == .invalid, "it fails with \(problem)") }
  }

  private static let intakeWords =
    JSONTargets.words + [
      "\"title\":\"t\"", "\"number\":1,", "\"state\":\"OPEN\"", "\"labels\":[\"priority: 90\"]",
      "\"labels\":[{\"name\":\"p1\"}]", "\"body\":\"- [ ] a\\n",
      "\"priority\":1000", "\"timeoutSeconds\":1e300", "\"acceptanceCriteria\":[", "\"requires\":[\"canCreatePR\"]",
      "\"risk\":\"high\"",
      "\"dependsOn\":[\"GH-1\"]", "\"metadata\":{", "\n", "\"pull_request\":{}", "\"priority:-\"",
      "priority:99999999999999999999",
    ]

  static let intake = FuzzTarget(
    name: "intake",
    seeds: [
      Array(
        #"{"title":"t","acceptanceCriteria":["a",{"id":"AC-2","text":"b"}],"labels":["auth"],"priority":7,"timeoutSeconds":5}"#
      ),
      Array(
        #"[{"number":3,"title":"x","body":"- [ ] one\n- [x] two\n```\n- [ ] no\n```","labels":[{"name":"P1"}],"state":"OPEN"}]"#
      ),
      Array("{\"title\":\"a\"}\n{\"title\":\"b\"}\n"), [0xEF, 0xBB, 0xBF, 0x7B, 0x7D],
    ], words: intakeWords, cases: 400
  ) { bytes in
    do {
      for item in try ContractIntake.parse(bytes) {
        let json = try JSONValue(parsing: item.contract.jsonBytes)
        let again = try Contract(json: json)
        try hold(again == item.contract, "a contract is another once it is kept: \(again), not \(item.contract)")
        _ = Duration.seconds(clamping: item.contract.timeoutSeconds ?? 0)
        try hold((1...1000).contains(item.contract.priority), "a priority of \(item.contract.priority)")
        try hold(!item.contract.title.allSatisfy(\.isWhitespace), "a contract without a title")
      }
    } catch let error as ContractError {
      try hold(!error.message.isEmpty && !error.message.contains("Optional("), "it fails with \(error.message)")
    }
  }

  static let mock = FuzzTarget(
    name: "mock-script",
    seeds: [
      Array(
        #"{"capabilities":{"canCreatePR":true,"maxParallelTasks":3},"runs":[{"match":"x","cancelAfter":0.2,"steps":[{"after":0.1,"progress":0.5},{"output":"l","stream":"stderr"},{"attention":"?","options":["y"]},{"changes":{"files":1}},{"event":"e","data":{}},{"inputTokens":1},{"end":"failed","exitCode":1}]},{"startError":"no"}]}"#
      )
    ],
    words: JSONTargets.words + [
      "\"after\":1e300,", "\"steps\":[", "\"end\":\"succeeded\"", "\"tool\":\"x\"", "\"exitCode\":1e18",
    ], cases: 300
  ) { bytes in
    do throws(Problem) {
      let script = try MockScript(parsing: bytes)
      for step in script.scenarios.flatMap(\.steps) { _ = Duration.seconds(clamping: step.after) }
      for scenario in script.scenarios { _ = Duration.seconds(clamping: scenario.cancelAfter) }
    } catch {
      try hold(error.code == .invalid && error.detail.hasPrefix("the script, line "), "it fails with \(error.detail)")
    }
  }

  private static let xml = [
    "<testsuites>", "</testsuites>", "<testsuite name=\"s\">", "</testsuite>",
    "<testcase classname=\"c\" name=\"n\" time=\"1,001.5\"/>",
    "<testcase name='a'>", "</testcase>", "<failure message=\"m\">", "</failure>", "<error/>", "<skipped/>",
    "<system-out>", "</system-out>",
    "<![CDATA[", "]]>", "<!--", "-->", "<?xml version=\"1.0\"?>", "<!DOCTYPE x [<!ENTITY a \"b\">]>", "&lt;", "&#65;",
    "&#x110000;", "&a;", "&", "<",
    ">", "\"", "'", "/", "=", "time=\"1e300\"", "time=\"nan\"", "<ns:testcase name=\"é\"/>",
  ]

  static let junit = FuzzTarget(
    name: "junit",
    seeds: [
      Array(xml.prefix(14).joined()),
      Array("<testsuite><testcase name=\"a\"><failure>x &amp; y</failure></testcase></testsuite>"),
    ],
    words: xml, longest: 8000, cases: 400,
    make: { random in
      Array("<testsuite>" + (0..<random.below(12)).map { _ in random.one(of: xml) }.joined() + "</testsuite>")
    }
  ) { bytes in
    guard let records = JUnitReport.parse(bytes) else { return }
    try hold(records.count <= bytes.count / 9, "\(records.count) tests of \(bytes.count) bytes")
    for record in records {
      try hold(record.output?.count ?? 0 <= 16_384, "an output of \(record.output?.count ?? 0)")
    }
    _ = records.jsonBytes
  }
}
