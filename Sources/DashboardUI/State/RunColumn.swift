package import RunModel

/// What the table of runs can show, in the order of the chooser.
package enum RunColumn: String, CaseIterable, Sendable {
  case run, title, runtime, progress, remaining, elapsed, files, tests, activity, priority, attempt, branch, labels
  case reference, cost, tokens, score, created, ended, reason

  /// What is shown unless someone chose.
  static let standard: [RunColumn] = [
    .run, .title, .runtime, .progress, .remaining, .elapsed, .files, .tests, .score, .activity,
  ]

  var head: String {
    switch self {
    case .run: "RUN"
    case .title: "TITLE"
    case .runtime: "RUNTIME"
    case .progress: "PROGRESS"
    case .remaining: "LEFT"
    case .elapsed: "ELAPSED"
    case .files: "FILES"
    case .tests: "TESTS"
    case .activity: "ACTIVE"
    case .priority: "PRIO"
    case .attempt: "TRY"
    case .branch: "BRANCH"
    case .labels: "LABELS"
    case .reference: "REF"
    case .cost: "COST"
    case .tokens: "TOKENS"
    case .score: "SCORE"
    case .created: "CREATED"
    case .ended: "ENDED"
    case .reason: "REASON"
    }
  }

  /// For the chooser.
  var help: String {
    switch self {
    case .run: "the end of the run's id"
    case .title: "the contract's title; takes the room that is left"
    case .runtime: "where it runs"
    case .progress: "a bar, or what the run is doing"
    case .remaining: "time left, where its progress tells"
    case .elapsed: "time since its start"
    case .files: "files, lines added and removed"
    case .tests: "passed of all"
    case .activity: "how long ago it was last heard of"
    case .priority: "1 to 1000, higher first"
    case .attempt: "1, or more after retries"
    case .branch: "where its work is"
    case .labels: "the contract's labels"
    case .reference: "the issue that it came from"
    case .cost: "what the runtime reports"
    case .tokens: "in and out, as the runtime reports"
    case .score: "points and tier, once it is judged"
    case .created: "when it was dispatched"
    case .ended: "when it ended"
    case .reason: "why it ended as it did"
    }
  }

  var width: Int {
    switch self {
    case .run: 6
    case .title: 44
    case .runtime: 12
    case .progress: 20
    case .remaining, .tests: 7
    case .elapsed: 8
    case .files: 15
    case .activity: 9
    case .priority: 5
    case .attempt: 4
    case .branch: 30
    case .labels: 16
    case .reference: 8
    case .cost: 9
    case .tokens: 11
    case .score: 11
    case .created, .ended: 11
    case .reason: 28
    }
  }

  static let widths = 3...120

  var isRight: Bool {
    switch self {
    case .run, .title, .runtime, .progress, .branch, .labels, .reference, .reason: false
    case .remaining, .elapsed, .files, .tests, .activity, .priority, .attempt, .cost, .tokens, .score, .created, .ended:
      true
    }
  }

  /// Who goes last when room is short, and how much must be left for the title.
  var claim: (rank: Int, leaving: Int) {
    switch self {
    case .run, .title: (0, 0)
    case .progress: (1, 14)
    case .elapsed: (2, 18)
    case .runtime: (3, 20)
    case .files: (4, 26)
    case .tests: (5, 28)
    case .remaining: (6, 28)
    case .score: (7, 30)
    case .activity: (8, 30)
    case .reason, .branch, .labels, .reference, .cost, .tokens, .priority, .attempt, .created, .ended: (9, 24)
    }
  }

  /// What a click on its head sorts by.
  var sort: SortColumn? { self == .remaining ? nil : SortColumn(rawValue: rawValue) }
}

/// A column that was chosen, with its own width if it was given one. Written `name` or `name:width`.
package struct ColumnChoice: Sendable, Hashable {
  var column: RunColumn
  var width: Int?

  init(_ column: RunColumn, width: Int? = nil) {
    self.column = column
    self.width = width
  }

  /// Throws `Problem(.invalid)` that names what is known.
  package init(_ text: String) throws(Problem) {
    let parts = text.split(separator: ":", maxSplits: 1).map { String($0).trimmed }
    let name = parts.first?.lowercased() ?? ""
    let known = RunColumn.allCases.map(\.rawValue)
    guard let column = RunColumn(rawValue: name) else {
      let hint = Nearest.hint(for: name, among: known)
      throw Problem(
        .invalid,
        "There is no column \"\(name)\"." + (hint.isEmpty ? " There are \(known.joined(separator: ", "))." : hint))
    }
    self.column = column
    guard parts.count > 1 else { return }
    guard let width = Int(parts[1]), RunColumn.widths.contains(width) else {
      throw Problem(
        .invalid,
        "The width of \(name) must be a number from \(RunColumn.widths.lowerBound) to \(RunColumn.widths.upperBound), not \"\(parts[1])\"."
      )
    }
    self.width = width
  }

  var text: String { column.rawValue + (width.map { ":\($0)" } ?? "") }

  static let standard = RunColumn.standard.map { ColumnChoice($0) }

  /// A list of columns: each once, the title always among them. Throws `Problem(.invalid)`.
  package static func list(_ texts: [String]) throws(Problem) -> [ColumnChoice] {
    var choices: [ColumnChoice] = []
    for text in texts {
      let choice = try ColumnChoice(text)
      if choices.contains(where: { $0.column == choice.column }) {
        throw Problem(.invalid, "The column \(choice.column.rawValue) is there twice.")
      }
      choices.append(choice)
    }
    return withTitle(choices)
  }

  /// The title cannot be left out: a row would be nameless.
  static func withTitle(_ choices: [ColumnChoice]) -> [ColumnChoice] {
    guard !choices.contains(where: { $0.column == .title }) else { return choices }
    let place = choices.first?.column == .run ? 1 : 0
    return Array(choices[..<place]) + [ColumnChoice(.title)] + Array(choices[place...])
  }
}
