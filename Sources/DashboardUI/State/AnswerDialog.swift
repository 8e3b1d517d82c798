import RunModel

/// One question of one run.
struct QuestionID: Sendable, Hashable {
  var run: RunID
  var attention: String
}

/// What an agent asks, and the answers there are.
struct AnswerDialog: Sendable {
  /// One thing that can be answered.
  struct Item: Sendable, Equatable {
    /// The letter that gives this answer at once; nil where the agent does not say what the option means.
    var key: Character?
    var text: String
    /// What it amounts to.
    var note: String
    var answer: GivenAnswer
  }

  let run: RunID
  let attention: Attention
  let items: [Item]
  var cursor: Int
  var question: QuestionID { QuestionID(run: run, attention: attention.attentionId) }
  /// Where there are no options.
  var text = TextField()
  /// The first line of what is asked that is seen.
  var top = 0
  /// Questions that have been answered one after the other: the board may not know yet.
  var answered: Set<QuestionID> = []
  /// Those that were passed over: they come up again when they are asked for and all others have.
  var passed: Set<QuestionID> = []
  /// Until then no key answers: it came up by itself, and the key before was meant for another question.
  var restsUntil: Timestamp?

  init(run: RunID, attention: Attention, after earlier: AnswerDialog? = nil, restsUntil: Timestamp? = nil) {
    self.run = run
    self.attention = attention
    answered = earlier?.answered ?? []
    passed = earlier?.passed ?? []
    self.restsUntil = restsUntil
    let items = Self.items(attention)
    self.items = items
    cursor = attention.allowing.flatMap { once in items.firstIndex { $0.answer == once } } ?? 0
  }

  static func items(_ attention: Attention) -> [Item] {
    var keys: Set<Character> = []
    var items = attention.options.map { option in
      var item = Item(key: nil, text: option, note: "", answer: GivenAnswer(option))
      guard let choice = attention.choice(of: option), choice != .other else { return item }
      // A second one of the kind says by its own text what it is.
      guard keys.insert(choice.key).inserted else { return item }
      item.note = choice.words
      item.key = choice.key
      return item
    }
    // An agent that only knows `once` is asked no more all the same: its next question is answered here.
    if let always = attention.allowingAlways, always.remember, let detail = attention.detail {
      let rule = PermissionRule.remembering(.allow, detail, from: "")
      let last = items.lastIndex { $0.answer.text == always.text } ?? 0
      items.insert(
        Item(
          key: AttentionDetail.Choice.allowAlways.key, text: "Always in this run: \(rule.words)",
          note: "remembered here", answer: always), at: last + 1)
    }
    return items
  }
}

extension AttentionDetail.Choice {
  /// Large for what holds for always: it is not to be hit by accident.
  var key: Character {
    switch self {
    case .allowOnce: "o"
    case .allowAlways: "A"
    case .rejectOnce: "r"
    case .rejectAlways: "R"
    case .other: " "
    }
  }

  var words: String {
    switch self {
    case .allowOnce: "once"
    case .allowAlways: "always, as the agent does it"
    case .rejectOnce: "no, this once"
    case .rejectAlways: "never, as the agent does it"
    case .other: ""
    }
  }
}

/// Saying something to an agent, unasked.
struct MessageDialog: Sendable {
  /// Where the words would go: said before they go there.
  enum Way: Sendable, Equatable {
    /// Into the session that is live.
    case session
    /// A new run on the branch of this one, which has ended.
    case newRun
    /// The same, once it has ended.
    case newRunLater
  }

  let run: RunID
  var text = TextField(isMultiline: true)
}

extension DashboardState {
  var messageDialog: MessageDialog? {
    if case .message(let dialog)? = layers.last { dialog } else { nil }
  }

  /// How words for the agent of a run get there.
  func wayOfMessages(to run: Run) -> MessageDialog.Way {
    if run.status.isTerminal { return .newRun }
    let converses = runtimes.first { $0.runtimeId == run.runtimeId }?.converses ?? false
    let hasSession = run.status == .running && !run.isVerifying && run.cancellation == nil
    return converses && hasSession ? .session : .newRunLater
  }
}
