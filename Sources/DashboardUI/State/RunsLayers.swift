import RunModel

/// Which columns, in what order and how wide.
struct ColumnsDialog: Sendable, Equatable {
  /// All there are: those shown first.
  var rows: [Row]
  var cursor = 0

  struct Row: Sendable, Equatable {
    var choice: ColumnChoice
    var isShown: Bool
  }

  init(_ choices: [ColumnChoice]) {
    let shown = choices.map(\.column)
    rows = choices.map { Row(choice: $0, isShown: true) }
    rows += RunColumn.allCases.filter { !shown.contains($0) }.map { Row(choice: ColumnChoice($0), isShown: false) }
  }

  var choices: [ColumnChoice] { rows.filter(\.isShown).map(\.choice) }
}

/// The saved views.
struct ViewsDialog: Sendable, Equatable {
  var cursor = 0
  /// The name being written for what is on the screen.
  var naming: TextField?
  var isDeleting = false
}

/// The line after `/`.
struct FilterPrompt: Sendable {
  var field: TextField
  /// What to go back to.
  var before: String
  /// The place in the history, and what was written before it was looked at.
  var historyPlace: Int?
  var written = ""
  /// What tab goes through, once it was pressed.
  var completion: Completion?

  struct Completion: Sendable, Equatable {
    /// The text before the word that is completed.
    var head: String
    var offers: [String]
    var place: Int
  }

  init(_ text: String) {
    field = TextField(text)
    before = text
  }
}
