import RunModel
import TerminalKit

/// The dispatch form.
extension DashboardState {
  mutating func formChanged() {
    form.generation += 1
    form.changedAt = now
    if form.title.isBlank {
      form.outcomes = []
      form.problem = nil
    }
  }

  mutating func askDryRun() {
    form.changedAt = nil
    askRepository()
    guard form.firstInvalid == nil else { return }
    emit(.dryRun(form.request(dryRun: true), generation: form.generation))
  }

  /// After anything happened on the form's screen: texts are broken to the room they have.
  mutating func settleForm() {
    let layout = formLayout
    for block in layout.blocks where block.field.isMultiline {
      _ = form.edit(block.field) { $0.layOut(width: layout.fieldWidth - 1, height: block.height) }
    }
    form.top = max(0, min(form.top, layout.height - layout.area.height))
  }

  /// Scrolls as little as shows the focused field, with what is wrong with it.
  mutating func showFocus() {
    settleForm()
    let layout = formLayout
    guard let block = layout[form.focus] else { return }
    let room = layout.area.height
    let first = form.focus == DispatchForm.Field.allCases.first ? 0 : block.y
    if block.total <= room {
      form.top = max(block.y + block.total - room, min(form.top, first))
    } else {
      form.top = block.y
    }
    form.top = max(0, min(form.top, layout.height - room))
    settleForm()
  }

  mutating func focus(_ field: DispatchForm.Field) {
    let killed = form[form.focus]?.killed ?? ""
    form.completion = nil
    form.focus = field
    if !killed.isEmpty { _ = form.edit(field) { $0.killed = killed } }
    if field.completes { askRepository() }
    showFocus()
  }

  /// A form for this runtime, or for none in particular.
  mutating func dispatch(on runtime: RuntimeID?) {
    if let runtime { form.choose(runtime) }
    form.isReviewing = false
    show(.dispatch)
    showFocus()
  }

  // MARK: Keys

  mutating func takeInForm(_ key: Key) {
    if form.batch != nil { return takeInBatch(key) }
    if form.isReviewing { return takeInReview(key) }
    if let picker = form.picker { return takeInPicker(key, picker) }
    if form.completion != nil, takeInCompletion(key) { return }
    let action = keys.action(for: key, in: [.form])
    let field = form.focus
    switch action {
    case .nextField, .previousField, .review, .edit, .back, .olderDraft, .newerDraft, .draftHistory, .templates,
      .importWork, .help:
      break
    default:
      // What the field takes is text; what it does not, means something for the form.
      let before = form[field]?.revision
      if form.edit(field, { $0.handle(key) }) == true {
        if form[field]?.revision != before { fieldChanged() }
        showFocus()
        return
      }
    }
    switch action {
    case .nextField: if !completeByTab() { turnField(1) }
    case .previousField: turnField(-1)
    case .submit, .review: review()
    case .edit:
      form.editorField = field.isMultiline ? field : .prompt
      emit(.edit(form[form.editorField]?.text ?? ""))
    case .toggle: toggle()
    case .olderDraft: turnHistory(1)
    case .newerDraft: turnHistory(-1)
    case .draftHistory: openPicker(.history)
    case .templates: openPicker(.templates)
    case .importWork: openPicker(.file)
    case .help: layers.append(.help(top: 0))
    case .back: leaveForm()
    default:
      switch keys.action(for: key, in: [.moving, .everywhere]) {
      case .up, .down: moveUpOrDown(key == .up || key == .character("k") ? -1 : 1)
      case .pageUp, .pageDown: turnField(key == .pageUp ? -3 : 3, wraps: false)
      case .left, .right: moveInChoices(key == .left || key == .character("h") ? -1 : 1)
      case .help: layers.append(.help(top: 0))
      default: break
      }
    }
  }

  private mutating func leaveForm() {
    keepUnsent()
    form.completion = nil
    if screens.count > 1 { screens.removeLast() }
    arrived()
  }

  /// After the text of the focused field changed.
  private mutating func fieldChanged() {
    form.historyPlace = nil
    form.completion?.cursor = 0
    // What was said of it is of the text before.
    if form.problem?.member == form.focus.member { form.problem = nil }
    if form.focus == .repository { askFolders() }
    formChanged()
  }

  mutating func pasteInForm(_ text: String) {
    guard !form.isReviewing, form.batch == nil else { return }
    if var picker = form.picker {
      picker.field.insert(text)
      form.picker = picker
      return
    }
    if form.focus.isMultiline || form.focus == .title, Self.looksLikeWork(text) {
      importWork(.pasted(text))
    } else {
      insertInForm(text)
    }
  }

  mutating func insertInForm(_ text: String) {
    var fits = true
    guard form.edit(form.focus, { fits = $0.insert(text) }) != nil else { return }
    if !fits {
      let most = form.focus.isMultiline ? "about a million characters" : "\(TextField.longestLine) characters"
      toast("A field holds \(most); the rest was left out. Longer work comes from a file: ctrl-f", .bad)
    }
    fieldChanged()
    showFocus()
  }

  mutating func takeEdited(_ text: String) {
    _ = form.edit(form.editorField) { $0.replace(text.hasSuffix("\n") ? String(text.dropLast()) : text) }
    focus(form.editorField)
    formChanged()
  }

  private mutating func turnField(_ step: Int, wraps: Bool = true) {
    let fields = DispatchForm.Field.allCases
    let place = form.focus.rawValue + step
    focus(fields[wraps ? (place + fields.count) % fields.count : max(0, min(place, fields.count - 1))])
  }

  /// Arrows go from runtime to runtime within theirs, open the list of what completes, else go to the neighbour.
  private mutating func moveUpOrDown(_ step: Int) {
    if form.focus == .runtimes, runtimes.indices.contains(form.runtimeCursor + step) {
      form.runtimeCursor += step
      return
    }
    if step > 0, form.focus.completes, !candidates(for: form.focus).isEmpty {
      form.completion = Completion(field: form.focus)
      return
    }
    turnField(step, wraps: false)
    if form.focus == .runtimes { form.runtimeCursor = step > 0 ? 0 : max(0, runtimes.count - 1) }
    if form.focus.isMultiline { _ = form.edit(form.focus) { step > 0 ? $0.goToFirstRow() : $0.goToLastRow() } }
    showFocus()
  }

  private mutating func moveInChoices(_ step: Int) {
    guard form.focus == .needs else { return }
    let count = Capability.allCases.count
    form.needCursor = (form.needCursor + step + count) % count
  }

  private mutating func toggle() {
    switch form.focus {
    case .needs: form.needs.formSymmetricDifference([Capability.allCases[form.needCursor]])
    case .runtimes:
      guard let runtime = runtimes[safe: form.runtimeCursor] else { return }
      form.runtimes.formSymmetricDifference([runtime.runtimeId])
    default: return
    }
    formChanged()
  }

  // MARK: Review and dispatch

  private mutating func review() {
    if let field = form.firstInvalid {
      focus(field)
      toast(form.complaint(field) ?? "", .bad)
      return
    }
    if let words = codeRefusal {
      focus(.verify)
      toast(words, .bad)
      return
    }
    form.isReviewing = true
    form.reviewTop = 0
    form.problem = nil
    if form.answeredGeneration != form.generation || form.outcomes.isEmpty { askDryRun() }
  }

  /// Verify commands run on the orchestrator's machine: not by leave of a smaller role.
  var codeRefusal: String? {
    guard let role, role < .admin, !form.draft().contract.verify.isEmpty else { return nil }
    return "Verify commands are code for the orchestrator's machine: they take an admin's token, and yours is the "
      + "\(role.rawValue)'s. Leave them out, or have an admin dispatch it"
  }

  private mutating func takeInReview(_ key: Key) {
    switch key {
    case .enter:
      guard !form.isSending else { return }
      form.isSending = true
      form.problem = nil
      emit(.dispatch(form.request(dryRun: false)))
    case .escape, .character("q"):
      form.isReviewing = false
      form.isSending = false
      showFocus()
    default:
      guard let action = keys.action(for: key, in: [.moving]) else { return }
      let count = reviewLines(width: min(layout.body.width - 4, 120)).count
      form.reviewTop = Self.scrolled(form.reviewTop, action, page: reviewHeight, count: count)
    }
  }

  mutating func takeDispatched(_ outcomes: [DispatchOutcome]) {
    let wasWaiting = form.isSending
    if wasWaiting {
      remember(form.draft())
      let directory = form.repository.text
      form = DispatchForm(directory: directory)
      keep { $0.unsent = nil }
      if screen == .dispatch {
        screens.removeLast()
        arrived()
      }
    }
    guard let first = outcomes.first else { return }
    if let run = first.runId {
      let to = (first.runtimeId ?? first.decision.runtimeId).map { " to \($0)" } ?? ""
      let waits = first.decision.waitsFor.first.map { ", waits: \($0)" } ?? ""
      toast(
        outcomes.count == 1 ? "Dispatched \(run.shortName)\(to)\(waits)" : "Dispatched \(outcomes.count) runs", .good)
    }
    guard wasWaiting, screen == .runs, let run = first.runId else { return }
    wantedSelection = run
    _ = list.settle(board)
    refindSelection()
  }

  // MARK: Mouse

  mutating func takeInForm(_ mouse: Input.Mouse) {
    if form.batch != nil { return takeInBatch(mouse) }
    let steps = mouse.action == .wheelUp ? -3 : mouse.action == .wheelDown ? 3 : 0
    if form.isReviewing {
      form.reviewTop = max(0, form.reviewTop + steps)
      return
    }
    guard form.picker == nil else { return }
    let layout = formLayout
    if steps != 0 {
      form.top = max(0, min(form.top + steps, layout.height - layout.area.height))
      return
    }
    guard layout.area.contains(mouse.at) else { return }
    let y = mouse.at.y - layout.area.y + form.top
    guard let block = layout.blocks.first(where: { y >= $0.y && y < $0.y + $0.height }) else { return }
    let row = y - block.y
    let column = mouse.at.x - layout.fieldX
    focus(block.field)
    switch block.field {
    case .needs:
      guard let place = Capability.allCases.indices.last(where: { column >= needX($0) }) else { return }
      form.needCursor = place
      toggle()
    case .runtimes:
      guard row > 0 else { return }
      let place = listTop(form.runtimeCursor, runtimes.count, block.height - 1) + row - 1
      guard runtimes.indices.contains(place) else { return }
      form.runtimeCursor = place
      toggle()
    default: _ = form.edit(block.field) { $0.moveCursor(row: $0.top + row, column: column) }
    }
  }
}
