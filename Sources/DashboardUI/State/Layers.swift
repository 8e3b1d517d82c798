import RunModel

/// What lies over the screen and gets the keys first.
enum Layer: Sendable {
  case help(top: Int)
  case confirm(Confirm)
  case cancel(CancelDialog)
  case answer(AnswerDialog)
  case message(MessageDialog)
  case approval(ApprovalDialog)
  case palette(PaletteDialog)
  case filter(FilterPrompt)
  case columns(ColumnsDialog)
  case views(ViewsDialog)
  case search(TextField)
  case auditFilter(TextField, before: String)
  /// The small editor under a line of the diff; all comments before they are sent; another run to compare with.
  case comment(CommentDialog)
  case review(ReviewDialog)
  case compare(CompareDialog)
  case switcher(SwitcherDialog)
  /// Which types of events show.
  case eventTypes(cursor: Int)
  case themes(ThemePicker)

  /// Whether someone is about to act on what is on the screen, so that its rows hold still.
  var holdsRows: Bool {
    switch self {
    case .approval: true
    case .auditFilter: false
    case .confirm, .cancel, .answer, .message: true
    case .help, .palette, .filter, .search, .switcher, .eventTypes, .themes: false
    case .columns, .views: false
    case .comment, .review, .compare: false
    }
  }
}

/// A question that a second press of the same key, or enter, says yes to.
struct Confirm: Sendable {
  enum Subject: Sendable, Equatable {
    case quit
    case retry([RunID])
  }
  var subject: Subject
  /// Whether a key says yes yet: the one that asked may have been the middle of a word meant for another window.
  enum Rest: Sendable, Equatable { case none, begins, until(Timestamp) }
  var rest = Rest.none
}

struct CancelDialog: Sendable {
  /// Those that are still live; named in the dialog.
  var runs: [RunID]
  /// Chosen but ended already.
  var endedCount: Int
  var force: Bool
  var reason: TextField
  /// Whether keys go to the reason.
  var isEditing = false
  var historyPlace: Int?
}

struct PaletteDialog: Sendable {
  var field = TextField()
  var cursor = 0
}

/// Something that the palette can do.
struct PaletteEntry: Sendable, Equatable {
  var name: String
  var help: String
  var keys: String
}

struct Toast: Sendable, Equatable {
  enum Kind: Sendable { case info, good, bad }
  var text: String
  var kind: Kind
  var until: Timestamp
  /// Of no use any more once the link is there again.
  var isOfLink = false
}
