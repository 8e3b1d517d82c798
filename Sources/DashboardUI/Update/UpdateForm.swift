import RunModel
import TerminalKit

/// The dispatch form.
extension DashboardState {
  mutating func formChanged() {
    form.generation += 1
    form.changedAt = form.title.isBlank ? nil : now
    if form.title.isBlank {
      form.outcomes = []
      form.problem = nil
    }
  }

  mutating func askDryRun() {
    form.changedAt = nil
    guard form.firstInvalid == nil else { return }
    emit(.dryRun(form.request(dryRun: true), generation: form.generation))
  }

  mutating func takeInForm(_ key: Key) {
    if form.isReviewing {
      takeInReview(key)
      return
    }
    let field = form.focus
    if var text = form[field] {
      let before = text.text
      if key != .tab, key != .shiftTab, text.handle(key) {
        form[field] = text
        if text.text != before { formChanged() }
        return
      }
    }
    switch keys.action(for: key, in: [.form]) {
    case .nextField: turnField(1)
    case .previousField: turnField(-1)
    case .submit: review()
    case .edit: emit(.edit(form.prompt.text))
    case .toggle: toggle()
    case .back:
      if screens.count > 1 { screens.removeLast() }
      arrived()
    default:
      switch keys.action(for: key, in: [.moving, .everywhere]) {
      case .up: turnField(-1)
      case .down: turnField(1)
      case .left, .right: moveInChoices(key == .left || key == .character("h") ? -1 : 1)
      case .help: layers.append(.help(top: 0))
      default: break
      }
    }
  }

  /// Tab goes from field to field; arrows go from runtime to runtime within theirs.
  private mutating func turnField(_ step: Int) {
    let fields = DispatchForm.Field.allCases
    form.focus = fields[(form.focus.rawValue + step + fields.count) % fields.count]
  }

  private mutating func moveInChoices(_ step: Int) {
    switch form.focus {
    case .needs:
      let count = Capability.allCases.count
      form.needCursor = (form.needCursor + step + count) % count
    case .runtimes:
      guard !runtimes.isEmpty else { return }
      form.runtimeCursor = (form.runtimeCursor + step + runtimes.count) % runtimes.count
    default: break
    }
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

  private mutating func review() {
    if let field = form.firstInvalid {
      form.focus = field
      toast(form.complaint(field) ?? "", .bad)
      return
    }
    form.isReviewing = true
    form.problem = nil
    if form.answeredGeneration != form.generation { askDryRun() }
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
    default: break
    }
  }

  mutating func takeDispatched(_ outcomes: [DispatchOutcome]) {
    let wasWaiting = form.isSending
    if wasWaiting {
      let directory = form.repository.text
      form = DispatchForm(directory: directory)
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
}
