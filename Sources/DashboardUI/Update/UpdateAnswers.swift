import RunModel
import TerminalKit

/// Questions of agents and words for them.
extension DashboardState {
  mutating func askAnswer() {
    if currentRun?.awaitsApproval == true {
      askApproval(.approve)
      return
    }
    guard let run = currentRun, let attention = run.attention, run.needsAttention else {
      toast("This run asks nothing", .info)
      return
    }
    if let words = answerRefusal(run) {
      toast(words, .info)
      return
    }
    layers.append(.answer(AnswerDialog(run: run.runId, attention: attention)))
  }

  /// Why what a run asks cannot be answered from anywhere; nil where it can, or it asks nothing.
  func answerRefusal(_ run: Run) -> String? {
    guard let attention = run.attention, run.needsAttention else { return nil }
    if attention.kind == "stuck" { return "no answer ends a process" }
    guard let runtime = runtimes.first(where: { $0.runtimeId == run.runtimeId }), !runtime.takesAnswers else {
      return nil
    }
    let remedy = runtime.kind == "local" ? "; stdin: answers in its settings lets the next run read them" : ""
    return "\(runtime.runtimeId) reads no answers\(remedy)"
  }

  /// The others that ask something, the one that waits longest first.
  func waitingForAnswer(_ dialog: AnswerDialog) -> [Run] {
    guard board.needingAttention > 0 else { return [] }
    let gone = dialog.answered.union([dialog.question])
    return board.runs.filter { run in
      guard let attention = run.attention, run.needsAttention, answerRefusal(run) == nil else { return false }
      return !gone.contains(QuestionID(run: run.runId, attention: attention.attentionId))
    }.sorted { ($0.attention?.since ?? now, $0.runId) < ($1.attention?.since ?? now, $1.runId) }
  }

  /// Whether its question is open still.
  func isOpen(_ dialog: AnswerDialog) -> Bool {
    board[dialog.run]?.attention?.attentionId == dialog.attention.attentionId
  }

  mutating func takeInAnswer(_ key: Key, _ dialog: AnswerDialog) {
    var dialog = dialog
    let isText = dialog.items.isEmpty
    // Nobody answers what they cannot see.
    if isTooSmall, key != .escape { return }
    switch key {
    case .escape: layers.removeLast()
    case .tab: nextQuestion(after: dialog)
    case .enter:
      guard !rests(dialog) else { return }
      let typed = dialog.text.text.trimmed
      if let item = dialog.items[safe: dialog.cursor] {
        give(item.answer, to: dialog)
      } else if isText, !typed.isEmpty {
        give(GivenAnswer(typed), to: dialog)
      }
    case .pageDown, .ctrl("d"), .ctrl("f"): scroll(&dialog, by: max(1, answerBodyHeight(dialog) - 1))
    case .pageUp, .ctrl("u"), .ctrl("b"): scroll(&dialog, by: min(-1, 1 - answerBodyHeight(dialog)))
    default:
      if isText {
        if dialog.text.handle(key) { setLayer(.answer(dialog)) }
        return
      }
      if case .character(let character) = key, let item = dialog.items.first(where: { $0.key == character }) {
        guard !rests(dialog) else { return }
        return give(item.answer, to: dialog)
      }
      switch keys.action(for: key, in: [.moving]) {
      case .up: dialog.cursor = max(0, dialog.cursor - 1)
      case .down: dialog.cursor = min(dialog.items.count - 1, dialog.cursor + 1)
      default:
        guard case .character(let character) = key, let number = character.wholeNumberValue,
          dialog.items.indices.contains(number - 1)
        else { return }
        dialog.cursor = number - 1
      }
      setLayer(.answer(dialog))
    }
  }

  private func rests(_ dialog: AnswerDialog) -> Bool { dialog.restsUntil.map { now < $0 } ?? false }

  private mutating func scroll(_ dialog: inout AnswerDialog, by rows: Int) {
    let most = max(0, answerBody(dialog).count - answerBodyHeight(dialog))
    dialog.top = max(0, min(most, dialog.top + rows))
    setLayer(.answer(dialog))
  }

  private mutating func give(_ answer: GivenAnswer, to dialog: AnswerDialog) {
    if let refusal = refusalWords(for: .answer) { return toast(refusal, .info) }
    if isOpen(dialog) {
      emit(
        .answer(
          dialog.run, attentionId: dialog.attention.attentionId, answer: answer.text, remember: answer.remember))
    } else {
      toast("The question has gone meanwhile", .info)
    }
    nextQuestion(after: dialog, isAsked: false)
  }

  /// The next run that waits comes up by itself. `isAsked`: a key asked for it and passes this one over; it says so when
  /// there is none, and begins anew when all have come up.
  private mutating func nextQuestion(after dialog: AnswerDialog, isAsked: Bool = true) {
    var dialog = dialog
    if isAsked { dialog.passed.insert(dialog.question) } else { dialog.answered.insert(dialog.question) }
    let waiting = waitingForAnswer(dialog)
    var next = waiting.first { run in
      run.attention.map { !dialog.passed.contains(QuestionID(run: run.runId, attention: $0.attentionId)) } ?? false
    }
    if next == nil, isAsked {
      dialog.passed = [dialog.question]
      next = waiting.first
    }
    guard let next, let attention = next.attention else {
      if isAsked { return toast("No other run asks anything", .info) }
      layers.removeLast()
      return
    }
    setLayer(
      .answer(
        AnswerDialog(
          run: next.runId, attention: attention, after: dialog, restsUntil: isAsked ? nil : now + .milliseconds(400))))
  }

  // MARK: Words for an agent

  mutating func askMessage() {
    guard let run = currentRun else { return }
    guard run.status != .queued else {
      toast("\(run.runId.shortName) has not started: nobody is there yet", .info)
      return
    }
    if wayOfMessages(to: run) != .session, run.branch == nil {
      toast("\(run.runId.shortName) has no session that takes it, and no branch to go on with", .info)
      return
    }
    var dialog = MessageDialog(run: run.runId)
    if let words = refusedWords.removeValue(forKey: run.runId) { dialog.text.replace(words) }
    layers.append(.message(dialog))
  }

  mutating func takeInMessage(_ key: Key, _ dialog: MessageDialog) {
    var dialog = dialog
    switch key {
    case .escape: layers.removeLast()
    case .ctrl("o"): emit(.edit(dialog.text.text))
    case .alt("\r"), .alt("\n"), .ctrl("j"):
      dialog.text.insert("\n")
      setLayer(.message(dialog))
    case .enter:
      let text = dialog.text.text.trimmed
      guard !isTooSmall, !text.isEmpty, let run = board[dialog.run] else { return }
      layers.removeLast()
      switch wayOfMessages(to: run) {
      case .session: emit(.message(run.runId, text: text, isReview: false))
      case .newRun: goOn(run.runId, with: text)
      case .newRunLater:
        keep { $0.messagesToSend[run.runId].append(text) }
        toast("It goes out as a new run when \(run.runId.shortName) has ended", .info)
      }
    default:
      guard dialog.text.handle(key) else { return }
      setLayer(.message(dialog))
    }
  }

  private mutating func goOn(_ run: RunID, with text: String) {
    messagesUnderWay.insert(run)
    emit(.followUp(run, prompt: text))
  }

  /// Whether words wait here for the end of a run.
  var wordsWait: Bool { !preferences.messagesToSend.isEmpty || !preferences.reviewsToSend.isEmpty }

  /// A run has ended: what waits for that goes out, words and comments together, as a branch has room for one run at a time.
  /// It is kept until the orchestrator has it.
  mutating func sendWaiting(_ run: RunID) {
    let review = preferences.reviewsToSend[run]
    let texts = preferences.messagesToSend[run] + review
    guard !texts.isEmpty, refusalWords(for: .message) == nil, waitingUnderWay.insert(run).inserted else { return }
    if review.isEmpty { messagesUnderWay.insert(run) }
    emit(.followUpOnce(run, prompt: texts.joined(separator: "\n\n")))
  }

  /// For runs that have ended unseen.
  mutating func sendAllWaiting() {
    for run in preferences.messagesToSend.runs + preferences.reviewsToSend.runs
    where board[run]?.status.isTerminal == true { sendWaiting(run) }
  }

  mutating func forgetWaiting(_ run: RunID) {
    guard waitingUnderWay.remove(run) != nil else { return }
    keep {
      $0.messagesToSend[run] = []
      $0.reviewsToSend[run] = []
    }
  }

  /// What could not be sent only now waits on; what was refused is there again when somebody wants to say something.
  mutating func failWaiting(_ run: RunID, _ problem: Problem) {
    if problem.code == .unavailable {
      waitingUnderWay.remove(run)
    } else {
      let words = preferences.messagesToSend[run]
      if !words.isEmpty, waitingUnderWay.contains(run) { refusedWords[run] = words.joined(separator: "\n\n") }
      forgetWaiting(run)
    }
  }

  mutating func takeMessaged(_ run: RunID, isReview: Bool) {
    guard isReview else {
      toast("\(run.shortName) has been told", .good)
      return
    }
    keep { $0.comments[run] = [] }
    layers.removeAll { if case .review = $0 { true } else { false } }
    toast("The comments are with the agent of \(run.shortName)", .good)
    settleDiff()
  }
}
