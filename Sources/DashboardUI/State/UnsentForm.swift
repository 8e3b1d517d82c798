import RunModel

/// A dispatch form that was written and neither sent nor cleared: there again at the next sitting.
struct UnsentForm: Sendable, Equatable {
  /// Its title may be blank, which a contract's may not.
  var draft: WorkDraft

  init(_ draft: WorkDraft) { self.draft = draft }

  var json: JSONValue? {
    var draft = draft
    let isUntitled = draft.contract.title.trimmed.isEmpty
    if isUntitled { draft.contract.title = "untitled" }
    return draft.json.map { ["draft": $0, "isUntitled": .bool(isUntitled)] }
  }

  /// Nil for what cannot be read: it is forgotten.
  init?(json: JSONValue) {
    guard var draft = json["draft"].flatMap({ WorkDraft(kept: $0) }) else { return nil }
    if json["isUntitled"]?.bool == true { draft.contract.title = "" }
    self.draft = draft
  }
}

extension DispatchForm {
  /// What would be lost with the form; nil when nobody has written anything. A repository alone is nothing: it is there
  /// from the start.
  func unsent(in directory: String) -> UnsentForm? {
    let draft = draft()
    var written = draft
    var blank = DispatchForm(directory: directory).draft()
    written.contract.repository = nil
    blank.contract.repository = nil
    return written == blank ? nil : UnsentForm(draft)
  }
}

extension DashboardState {
  mutating func keepUnsent() {
    let unsent = form.unsent(in: directory)
    keep { $0.unsent = unsent }
  }

  /// What is to be done before the dashboard ends, by whatever it does.
  package mutating func close() -> [Effect] {
    if replay == nil { keepUnsent() }
    defer { outbox = [] }
    return outbox
  }
}
