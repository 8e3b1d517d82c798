import RunModel

/// The work order being written. It survives leaving the screen.
struct DispatchForm: Sendable {
  enum Field: Int, CaseIterable, Sendable {
    case title, prompt, criteria, labels, repository, base, paths, needs, runtimes, verify, priority, count, dependsOn,
      timeout

    var label: String {
      switch self {
      case .title: "Title"
      case .prompt: "Prompt"
      case .criteria: "Criteria"
      case .labels: "Labels"
      case .repository: "Repository"
      case .base: "Base"
      case .paths: "Paths"
      case .needs: "Needs"
      case .runtimes: "Runtimes"
      case .verify: "Verify"
      case .priority: "Priority"
      case .count: "Count"
      case .dependsOn: "Depends on"
      case .timeout: "Time limit"
      }
    }

    var isMultiline: Bool {
      switch self {
      case .prompt, .criteria, .paths, .verify: true
      case .title, .labels, .repository, .base, .needs, .runtimes, .priority, .count, .dependsOn, .timeout: false
      }
    }

    var completes: Bool { self == .repository || self == .base }

    /// The contract's member that it fills, as problems name it.
    var member: String {
      switch self {
      case .title: "title"
      case .prompt: "prompt"
      case .criteria: "acceptanceCriteria"
      case .labels: "labels"
      case .repository: "repository"
      case .base: "base"
      case .paths: "allowedPaths"
      case .needs: "requires"
      case .runtimes: "runtime"
      case .verify: "verify"
      case .priority: "priority"
      case .count: "count"
      case .dependsOn: "dependsOn"
      case .timeout: "timeoutSeconds"
      }
    }
  }

  var focus = Field.title
  var title = TextField()
  var prompt = TextField(isMultiline: true)
  var criteria = TextField(isMultiline: true)
  var labels = TextField()
  var repository: TextField
  var base = TextField()
  var paths = TextField(isMultiline: true)
  var verify = TextField(isMultiline: true)
  var priority = TextField("100")
  var count = TextField("1")
  var dependsOn = TextField()
  var timeout = TextField()
  var needs: Set<Capability> = []
  var runtimes: Set<RuntimeID> = []
  /// Where the cursor is among the needs and among the runtimes.
  var needCursor = 0
  var runtimeCursor = 0
  /// Members that have no field here; they go with the rest.
  var carried = Contract(title: "")
  /// The field whose text is in the editor.
  var editorField = Field.prompt

  /// Rows of the form above the first that shows.
  var top = 0
  /// What the orchestrator would do with it, for the text as of `answeredGeneration`.
  var outcomes: [DispatchOutcome] = []
  var problem: Problem?
  var generation = 0
  var answeredGeneration = -1
  /// Changed since the last question to the orchestrator.
  var changedAt: Timestamp?
  var isReviewing = false
  var reviewTop = 0
  var isSending = false

  /// Which draft of the history it shows, and what was there before.
  var historyPlace: Int?
  var draftBefore: WorkDraft?

  /// What is known of the repository in its field, and what was asked last.
  var facts: RepositoryFacts?
  var askedFacts: RepositoryQuestion?
  var folders: FolderListing?
  var completion: Completion?
  var picker: FormPicker?
  /// Work brought in, looked at in place of the form.
  var batch: WorkBatch?

  init(directory: String) { repository = TextField(directory) }

  subscript(field: Field) -> TextField? {
    switch field {
    case .title: title
    case .prompt: prompt
    case .criteria: criteria
    case .labels: labels
    case .repository: repository
    case .base: base
    case .paths: paths
    case .verify: verify
    case .priority: priority
    case .count: count
    case .dependsOn: dependsOn
    case .timeout: timeout
    case .needs, .runtimes: nil
    }
  }

  /// Changes a field's text in place; nil for a field that has none.
  mutating func edit<Result>(_ field: Field, _ change: (inout TextField) -> Result) -> Result? {
    switch field {
    case .title: change(&title)
    case .prompt: change(&prompt)
    case .criteria: change(&criteria)
    case .labels: change(&labels)
    case .repository: change(&repository)
    case .base: change(&base)
    case .paths: change(&paths)
    case .verify: change(&verify)
    case .priority: change(&priority)
    case .count: change(&count)
    case .dependsOn: change(&dependsOn)
    case .timeout: change(&timeout)
    case .needs, .runtimes: nil
    }
  }

  /// Whether there is something that leaving it would lose.
  var isBlank: Bool { title.isBlank && prompt.isBlank && criteria.isBlank }

  /// What is wrong with a field, as a person would say it; what only the orchestrator can know comes later.
  func complaint(_ field: Field) -> String? {
    switch field {
    case .title: title.isBlank ? "A title is needed" : nil
    case .priority, .count:
      Int((field == .count ? count : priority).text.trimmed).map { (1...1000).contains($0) } == true
        ? nil : "A whole number from 1 to 1000"
    case .timeout:
      timeout.isBlank || Self.seconds(timeout.text) != nil ? nil : "A time such as 90s, 30m or 2h; empty for none"
    case .repository, .base:
      freshFacts?.problem?.member == field.member
        ? freshFacts?.problem?.detail : problem?.member == field.member ? problem?.detail : nil
    case .prompt, .criteria, .labels, .paths, .needs, .runtimes, .verify, .dependsOn:
      problem?.member == field.member ? problem?.detail : nil
    }
  }

  /// Of those that can be told from here.
  var firstInvalid: Field? {
    [Field.title, .priority, .count, .timeout].first { complaint($0) != nil }
  }

  var repositoryQuestion: RepositoryQuestion {
    RepositoryQuestion(path: repository.text.trimmed, base: base.text.trimmed)
  }

  /// The facts, if they are about what the fields say now.
  var freshFacts: RepositoryFacts? { facts?.question == repositoryQuestion ? facts : nil }

  /// `90`, `90s`, `30m`, `2h`.
  static func seconds(_ text: String) -> Double? {
    var text = text.trimmed.lowercased()
    var unit = 1.0
    if let last = text.last, let factor = ["s": 1.0, "m": 60, "h": 3600][last] {
      unit = factor
      text.removeLast()
    }
    guard let number = Double(text.trimmed), number > 0, number.isFinite else { return nil }
    return number * unit
  }

  // MARK: Contracts

  private static func lines(_ field: TextField) -> [String] {
    field.isBlank ? [] : field.text.split(separator: "\n").map { String($0).trimmed }.filter { !$0.isEmpty }
  }

  private static func words(_ field: TextField) -> [String] {
    field.text.split { $0 == "," || $0.isWhitespace }.map(String.init)
  }

  var labelWords: [String] { Self.words(labels).map { $0.lowercased() } }

  /// `isQuestion`: only the decision is wanted, so that long texts stay here.
  func draft(isQuestion: Bool = false) -> WorkDraft {
    func text(_ field: TextField) -> String? { field.isBlank ? nil : field.text.trimmed }
    var contract = carried
    contract.title = title.text.trimmed
    contract.prompt = isQuestion ? nil : text(prompt)
    contract.acceptanceCriteria =
      isQuestion
      ? [] : Self.lines(criteria).enumerated().map { Contract.Criterion(id: "AC-\($0.offset + 1)", text: $0.element) }
    contract.labels = labelWords
    contract.repository = freshFacts?.path ?? text(repository)
    contract.base = text(base)
    contract.allowedPaths = Self.lines(paths)
    contract.requires = Capability.allCases.filter(needs.contains)
    contract.verify = isQuestion ? [] : Self.lines(verify)
    contract.priority = Int(priority.text.trimmed) ?? 100
    contract.dependsOn = Self.words(dependsOn)
    contract.timeoutSeconds = timeout.isBlank ? nil : Self.seconds(timeout.text)
    return WorkDraft(contract: contract, runtimes: runtimes.sorted(), count: Int(count.text.trimmed) ?? 1)
  }

  func request(dryRun: Bool) -> DispatchRequest {
    let draft = draft(isQuestion: dryRun)
    return DispatchRequest(
      contracts: [draft.contract], runtimes: draft.runtimes, count: draft.count, dryRun: dryRun)
  }

  /// Puts a draft into the fields; a repository that the draft does not name stays.
  mutating func load(_ draft: WorkDraft) {
    let contract = draft.contract
    carried = contract
    carried.contractId = nil
    carried.runId = nil
    // An orchestrator takes each reference in once: the same work again is other work.
    carried.externalRef = nil
    title.replace(contract.title)
    prompt.replace(contract.prompt ?? "")
    criteria.replace(contract.acceptanceCriteria.map(\.text).joined(separator: "\n"))
    labels.replace(contract.labels.joined(separator: " "))
    if let place = contract.repository { repository.replace(place) }
    base.replace(contract.base ?? "")
    paths.replace(contract.allowedPaths.joined(separator: "\n"))
    verify.replace(contract.verify.joined(separator: "\n"))
    priority.replace("\(contract.priority)")
    count.replace("\(draft.count)")
    dependsOn.replace(contract.dependsOn.joined(separator: " "))
    timeout.replace(contract.timeoutSeconds.map { Self.time($0) } ?? "")
    needs = Set(contract.requires)
    runtimes = Set(draft.runtimes + [contract.runtime].compactMap { $0 })
    carried.runtime = nil
  }

  private static func time(_ seconds: Double) -> String {
    guard let whole = Int(exactly: seconds) else { return "\(seconds)" }
    if whole % 3600 == 0 { return "\(whole / 3600)h" }
    return whole % 60 == 0 ? "\(whole / 60)m" : "\(whole)s"
  }

  /// Chooses one runtime, as someone does who comes from its row.
  mutating func choose(_ runtime: RuntimeID) { runtimes = [runtime] }

  /// What it says of one runtime: the orchestrator's own word when it is fresh, else what can be told from here.
  func verdict(on runtime: RuntimeSummary) -> (eligible: Bool, isChosen: Bool, reasons: [String]) {
    let missing = Capability.allCases.filter { needs.contains($0) && !runtime.capabilities.has($0) }
    if !missing.isEmpty { return (false, false, missing.map { "\($0.rawValue) is false" }) }
    for outcome in outcomes {
      guard let found = outcome.decision.considered.first(where: { $0.runtimeId == runtime.runtimeId }) else {
        continue
      }
      let chosen = outcomes.contains { ($0.decision.runtimeId ?? $0.runtimeId) == runtime.runtimeId }
      return (found.eligible, chosen, found.reasons)
    }
    if runtime.health != .healthy { return (false, false, [runtime.healthReason ?? runtime.health.rawValue]) }
    return (true, false, [])
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
