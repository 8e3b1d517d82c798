import RunModel

/// The work order being written. It survives leaving the screen.
struct DispatchForm: Sendable {
  enum Field: Int, CaseIterable, Sendable {
    case title, prompt, repository, base, needs, runtimes, verify, priority, count

    var label: String {
      switch self {
      case .title: "Title"
      case .prompt: "Prompt"
      case .repository: "Repository"
      case .base: "Base"
      case .needs: "Needs"
      case .runtimes: "Runtimes"
      case .verify: "Verify"
      case .priority: "Priority"
      case .count: "Count"
      }
    }
  }

  var focus = Field.title
  var title = TextField()
  var prompt = TextField(isMultiline: true)
  var repository: TextField
  var base = TextField()
  var verify = TextField(isMultiline: true)
  var priority = TextField("100")
  var count = TextField("1")
  var needs: Set<Capability> = []
  var runtimes: Set<RuntimeID> = []
  /// Where the cursor is among the needs and among the runtimes.
  var needCursor = 0
  var runtimeCursor = 0

  /// What the orchestrator would do with it, for the text as of `answeredGeneration`.
  var outcomes: [DispatchOutcome] = []
  var problem: Problem?
  var generation = 0
  var answeredGeneration = -1
  /// Changed since the last question to the orchestrator.
  var changedAt: Timestamp?
  var isReviewing = false
  var isSending = false

  init(directory: String) { repository = TextField(directory) }

  subscript(field: Field) -> TextField? {
    get {
      switch field {
      case .title: title
      case .prompt: prompt
      case .repository: repository
      case .base: base
      case .verify: verify
      case .priority: priority
      case .count: count
      case .needs, .runtimes: nil
      }
    }
    set {
      guard let newValue else { return }
      switch field {
      case .title: title = newValue
      case .prompt: prompt = newValue
      case .repository: repository = newValue
      case .base: base = newValue
      case .verify: verify = newValue
      case .priority: priority = newValue
      case .count: count = newValue
      case .needs, .runtimes: break
      }
    }
  }

  /// What is wrong with a field, as a person would say it.
  func complaint(_ field: Field) -> String? {
    switch field {
    case .title: title.isBlank ? "A title is needed" : nil
    case .priority:
      Int(priority.text).map { (1...1000).contains($0) } == true ? nil : "A whole number from 1 to 1000"
    case .count: Int(count.text).map { (1...1000).contains($0) } == true ? nil : "A whole number from 1 to 1000"
    case .prompt, .repository, .base, .needs, .runtimes, .verify: nil
    }
  }

  var firstInvalid: Field? { Field.allCases.first { complaint($0) != nil } }

  func request(dryRun: Bool) -> DispatchRequest {
    func text(_ field: TextField) -> String? { field.isBlank ? nil : field.text.trimmed }
    var contract = Contract(title: title.text.trimmed)
    contract.prompt = text(prompt)
    contract.repository = text(repository)
    contract.base = text(base)
    contract.requires = Capability.allCases.filter(needs.contains)
    contract.verify = verify.text.split(separator: "\n").map { String($0).trimmed }.filter { !$0.isEmpty }
    contract.priority = Int(priority.text) ?? 100
    return DispatchRequest(
      contracts: [contract], runtimes: runtimes.sorted(), count: Int(count.text) ?? 1, dryRun: dryRun)
  }

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
    if runtime.health == .lost { return (false, false, [runtime.healthReason ?? "lost"]) }
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
