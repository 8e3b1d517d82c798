import RunModel
import TerminalKit

/// The preview of work from a file or a paste.
extension DashboardState {
  /// Whether a paste is work rather than text.
  static func looksLikeWork(_ text: String) -> Bool {
    guard let first = text.utf8.first(where: { $0 > 0x20 }), first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
    else { return false }
    return text.prefix(20_000).contains("\"title\"")
  }

  mutating func importWork(_ source: WorkSource) {
    if let refusal = refusalWords(for: .dispatch) { return toast(refusal, .info) }
    var batch = WorkBatch()
    switch source {
    case .file(let path): batch.path = path
    case .pasted(let text): batch.pasted = text
    }
    // A number of its own: the form's questions go on beside it.
    form.generation += 1
    batch.generation = form.generation
    form.generation += 1
    form.isReviewing = false
    form.picker = nil
    form.completion = nil
    form.batch = batch
    show(.dispatch)
    emit(.readWork(source, generation: batch.generation))
  }

  mutating func takeSurvey(_ survey: WorkSurvey, _ generation: Int) {
    guard var batch = form.batch, batch.generation == generation else { return }
    batch.isReading = false
    batch.isCut = survey.isCut
    batch.rows = survey.items.map { item in
      WorkBatch.Row(item: item, isIncluded: { if case .contract = item.finding { true } else { false } }())
    }
    if batch.rows.isEmpty { batch.problem = "There is no contract and no issue in it." }
    batch.cursor = batch.rows.firstIndex { $0.fault != nil } ?? 0
    batch.recount()
    form.batch = batch
    askBatch()
  }

  /// The contracts as they would be dispatched: what they leave open, the form fills in.
  private func completed(_ contract: Contract, isQuestion: Bool) -> Contract {
    let own = form.draft(isQuestion: true).contract
    var contract = contract
    contract.repository = contract.repository ?? own.repository
    contract.base = contract.base ?? own.base
    for need in own.requires where !contract.requires.contains(need) { contract.requires.append(need) }
    if isQuestion {
      contract.prompt = nil
      contract.acceptanceCriteria = []
      contract.verify = []
      contract.metadata = contract.metadata["command"].map { ["command": $0] } ?? [:]
    } else if !form.verify.isBlank {
      contract.verify += form.draft().contract.verify
    }
    return contract
  }

  /// Asks what would become of each that is well-formed, left out or not.
  private mutating func askBatch() {
    guard let batch = form.batch else { return }
    let contracts = batch.rows.compactMap(\.contract).map { completed($0, isQuestion: true) }
    guard !contracts.isEmpty else { return }
    var request = DispatchRequest(contracts: contracts, runtimes: form.runtimes.sorted(), dryRun: true)
    request.isTolerant = true
    emit(.dryRun(request, generation: batch.generation))
  }

  /// True if the answer was the batch's.
  mutating func takeBatchDecision(_ outcomes: [DispatchOutcome], _ generation: Int) -> Bool {
    guard var batch = form.batch, batch.generation == generation else { return false }
    let each = max(1, form.runtimes.count)
    var place = 0
    for row in batch.rows.indices where batch.rows[row].contract != nil {
      batch.rows[row].outcomes = Array(outcomes.dropFirst(place).prefix(each))
      place += each
      if batch.rows[row].fault != nil { batch.rows[row].isIncluded = false }
    }
    batch.isDecided = true
    batch.recount()
    form.batch = batch
    return true
  }

  /// True if the failure was the batch's.
  mutating func failBatch(_ problem: Problem, _ generation: Int) -> Bool {
    guard form.batch?.generation == generation else { return false }
    if form.batch?.rows.isEmpty == true {
      form.batch?.isReading = false
      form.batch?.problem = problem.detail
    } else {
      toast(problem.detail, .bad)
    }
    form.batch?.isSending = false
    return true
  }

  // MARK: Keys

  mutating func takeInBatch(_ key: Key) {
    guard let batch = form.batch else { return }
    let action = keys.action(for: key, in: [.batch, .moving, .everywhere])
    switch action {
    case .submit: dispatchBatch()
    case .toggle:
      toggleRow(batch.cursor)
      moveInBatch(to: batch.cursor + 1)
    case .clearMarks:
      let takesAll = batch.rows.contains { !$0.isIncluded && $0.contract != nil && $0.fault == nil }
      for row in batch.rows.indices where batch.rows[row].contract != nil && batch.rows[row].fault == nil {
        form.batch?.rows[row].isIncluded = takesAll
      }
      form.batch?.recount()
    case .nextMatch: goToFault(1)
    case .previousMatch: goToFault(-1)
    case .asText:
      guard let text = batch.pasted else { return }
      form.batch = nil
      insertInForm(text)
    case .back: if !batch.isSending { form.batch = nil }
    case .help: layers.append(.help(top: 0))
    case .up, .down, .top, .bottom, .halfDown, .halfUp, .pageDown, .pageUp:
      moveInBatch(
        to: Self.moved(batch.cursor, action ?? .up, page: batchRows.height, count: batch.rows.count))
    default: break
    }
  }

  private mutating func moveInBatch(to row: Int) {
    let last = (form.batch?.rows.count ?? 1) - 1
    form.batch?.cursor = max(0, min(row, last))
  }

  mutating func toggleRow(_ row: Int) {
    guard let known = form.batch?.rows[safe: row] else { return }
    guard known.contract != nil, known.fault == nil else {
      toast(known.fault ?? "It is left out rightly: there is nothing to do for it", .info)
      return
    }
    form.batch?.rows[row].isIncluded.toggle()
    form.batch?.recount()
  }

  private mutating func goToFault(_ step: Int) {
    guard let batch = form.batch, !batch.rows.isEmpty else { return }
    let count = batch.rows.count
    for distance in 1...count {
      let row = ((batch.cursor + step * distance) % count + count) % count
      if batch.rows[row].fault != nil {
        form.batch?.cursor = row
        return
      }
    }
    toast("Nothing is wrong with any of them", .info)
  }

  private mutating func dispatchBatch() {
    guard let batch = form.batch, !batch.isSending, !batch.isReading else { return }
    let contracts = batch.chosen.map { completed($0, isQuestion: false) }
    guard !contracts.isEmpty else {
      toast("Nothing is chosen: space takes a row in", .info)
      return
    }
    form.batch?.isSending = true
    emit(
      .dispatchBatch(
        DispatchRequest(contracts: contracts, runtimes: form.runtimes.sorted()), generation: batch.generation))
  }

  mutating func takeBatchDispatched(_ outcomes: [DispatchOutcome], _ generation: Int) {
    guard form.batch?.generation == generation else { return }
    form.batch = nil
    if screen == .dispatch {
      screens.removeLast()
      arrived()
    }
    let new = outcomes.count { $0.status == .queued }
    toast(
      new == outcomes.count
        ? "Dispatched \(Format.plural(new, "run"))"
        : "Dispatched \(Format.plural(new, "run")); \(outcomes.count - new) were known already", .good)
    guard screen == .runs, let run = outcomes.first?.runId else { return }
    wantedSelection = run
    _ = list.settle(board)
    refindSelection()
  }

  // MARK: Mouse

  mutating func takeInBatch(_ mouse: Input.Mouse) {
    guard let batch = form.batch else { return }
    switch mouse.action {
    case .wheelUp: moveInBatch(to: batch.cursor - 3)
    case .wheelDown: moveInBatch(to: batch.cursor + 3)
    case .press, .doubleClick:
      let rows = batchRows
      guard rows.contains(mouse.at) else { return }
      let row = listTop(batch.cursor, batch.rows.count, rows.height) + mouse.at.y - rows.y
      guard row < batch.rows.count else { return }
      moveInBatch(to: row)
      if mouse.at.x < rows.x + 5 { toggleRow(row) }
    }
  }
}
