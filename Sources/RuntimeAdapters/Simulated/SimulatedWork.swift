import Orchestration
import RunModel

/// The plausible work of a simulated run, made from its title and seed alone, so that it need not be kept.
struct SimulatedWork {
  /// At the start of every artifact string: nobody shall mistake it for work.
  static let mark = "[PREVIEW]"

  struct File {
    var path: String
    var lines: [(mark: Character, text: String)]
    var added: Int { lines.count { $0.mark == "+" } }
    var removed: Int { lines.count { $0.mark == "-" } }
  }

  let title: String
  let words: [String]
  let files: [File]
  let tests: [String]
  private let testMilliseconds: [Int64]
  private let asking: Asking

  /// What it asks, if it asks at all.
  private enum Asking: CaseIterable { case question, edit, command }

  private static let kinds: [(words: Set<String>, folder: String, ending: String)] = [
    (["doc", "docs", "readme", "documentation", "guide"], "docs", "md"),
    (["ui", "frontend", "page", "button", "css", "screen"], "web/src", "ts"),
    (["database", "migration", "sql", "schema", "postgres"], "db/migrations", "sql"),
    (["test", "tests", "flaky", "coverage"], "tests", "py"),
  ]
  private static let nouns = ["store", "client", "handler", "parser", "session", "queue", "cache", "report"]

  /// Of one repository, some runs change a file that others change too.
  private static let common = ["README.md", "src/config.py", "src/app.py", "web/src/main.ts"]

  init(title: String, seed: UInt64, repository: String? = nil) {
    var random = SeededGenerator(seed: seed)
    self.title = title
    let words = title.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { $0.count > 2 }
    self.words = words.isEmpty ? ["task"] : words
    let kind = Self.kinds.first { !$0.words.isDisjoint(with: words) }
    let folder = kind?.folder ?? "src"
    let ending = kind?.ending ?? "py"
    let count = 1 + Int(random.next() % 4)
    var files: [File] = []
    for index in 0..<count {
      let stem = self.words[Int(random.next() % UInt64(self.words.count))]
      let noun = Self.nouns[Int(random.next() % UInt64(Self.nouns.count))]
      let name = index == 0 ? "\(folder)/\(stem)_\(noun).\(ending)" : "tests/test_\(stem)_\(noun)_\(index).py"
      var lines: [(Character, String)] = [(" ", "def \(stem)():")]
      for line in 0..<(1 + Int(random.next() % 4)) { lines.append(("-", "    old_\(noun)(\(line))")) }
      for line in 0..<(2 + Int(random.next() % 7)) { lines.append(("+", "    \(noun).\(stem)(\(line))")) }
      lines.append((" ", "    return \(noun)"))
      files.append(File(path: name, lines: lines))
    }
    if repository != nil, random.next() % 3 == 0 {
      files[0].path = Self.common[Int(random.next() % UInt64(Self.common.count))]
    }
    self.files = files
    tests = (0..<(2 + Int(random.next() % 5))).map { index in "test_\(words.first ?? "task")_\(index + 1)" }
    asking = Asking.allCases[Int(random.next() % UInt64(Asking.allCases.count))]
    testMilliseconds = tests.map { _ in Int64(3 + random.next() % 240) }
  }

  func question(_ id: String) -> RuntimeEvent.Kind {
    let choices: [AttentionDetail.Choice] = [.allowOnce, .allowAlways, .rejectOnce]
    switch asking {
    case .question:
      return .attention(
        id: id, question: "The change touches a public interface. Go on?",
        options: ["go on", "keep the old one too", "stop here"], kind: "question")
    case .edit:
      return .attention(
        id: id, question: "May I edit \(files[0].path)?", options: ["Yes", "Yes, and all edits from now on", "No"],
        kind: "permission",
        detail: AttentionDetail(
          tool: .edit, title: "Edit \(files[0].path)", paths: [files[0].path],
          diff: String(decoding: patch(files.prefix(1)), as: UTF8.self), choices: choices))
    case .command:
      return .attention(
        id: id, question: "May I run the tests?", options: ["Yes", "Yes, and this command from now on", "No"],
        kind: "permission",
        detail: AttentionDetail(
          tool: .execute, title: "Run the tests", command: "pytest -q \(files.map(\.path).joined(separator: " "))",
          choices: choices))
    }
  }

  /// What it goes on with when nobody answers.
  var answer: String { asking == .question ? "go on" : "Yes" }

  /// The files that are changed by then, and their live counts.
  func changes(_ end: TaskEnd.Outcome?, progress: Double, naming: Bool) -> RuntimeEvent.Kind? {
    let shown = shown(end, progress: progress)
    guard !shown.isEmpty else { return nil }
    return .changes(
      files: shown.count, added: shown.reduce(0) { $0 + $1.added }, removed: shown.reduce(0) { $0 + $1.removed },
      paths: naming ? shown.map(\.path) : nil)
  }

  private func shown(_ end: TaskEnd.Outcome?, progress: Double) -> [File] {
    end == .succeeded ? files : Array(files.prefix(Int((Double(files.count) * progress).rounded(.up))))
  }

  var added: Int { files.reduce(0) { $0 + $1.added } }
  var removed: Int { files.reduce(0) { $0 + $1.removed } }

  func artifacts(_ end: TaskEnd.Outcome?, progress: Double) -> Artifacts {
    let shown = shown(end, progress: progress)
    let mark = Self.mark
    var summary = shown.map { file in
      " \(mark) \(file.path) | \(file.added + file.removed) "
        + String(repeating: "+", count: file.added) + String(repeating: "-", count: file.removed)
    }
    let added = shown.reduce(0) { $0 + $1.added }
    let removed = shown.reduce(0) { $0 + $1.removed }
    summary.append(" \(shown.count) files changed, \(added) insertions(+), \(removed) deletions(-)")
    let failing = end == .failed
    var records: [TestRecord] = []
    if end == .succeeded || end == .failed {
      for index in tests.indices {
        let fails = failing && index == 0
        records.append(
          TestRecord(
            name: "\(mark) \(tests[index])", status: fails ? .failed : .passed,
            durationMilliseconds: testMilliseconds[index], output: fails ? "\(mark) expected 2, found 3" : nil))
      }
    }
    let note: String =
      switch end {
      case .succeeded: "\(title): done in a simulation. \(shown.count) files would have changed; all tests pass."
      case .failed: "\(title): the simulated agent gave up; \(tests[0]) fails."
      case .canceled: "\(title): canceled by its operator at \(Int(progress * 100)) %."
      case nil: "\(title): at work, \(Int(progress * 100)) % done."
      }
    return Artifacts(
      filesChanged: shown.map { "\(mark) \($0.path)" }, diffSummary: "\(mark)\n" + summary.joined(separator: "\n"),
      commandsRun: ["\(mark) git status", "\(mark) pytest -q"], testsRun: records, handoffNote: "\(mark) \(note)")
  }

  /// Begins with a line that says what it is; `git apply` would pass over that line.
  func patch(_ end: TaskEnd.Outcome?, progress: Double) -> [UInt8] {
    let shown = shown(end, progress: progress)
    return shown.isEmpty ? [] : patch(shown[...])
  }

  private func patch(_ shown: ArraySlice<File>) -> [UInt8] {
    var text = "\(Self.mark) simulated, no file was touched\n"
    for file in shown {
      let old = file.lines.count { $0.mark != "+" }
      let new = file.lines.count { $0.mark != "-" }
      text += "diff --git a/\(file.path) b/\(file.path)\n--- a/\(file.path)\n+++ b/\(file.path)\n"
      text += "@@ -1,\(old) +1,\(new) @@\n"
      for line in file.lines { text += "\(line.mark)\(line.text)\n" }
    }
    return Array(text.utf8)
  }
}
