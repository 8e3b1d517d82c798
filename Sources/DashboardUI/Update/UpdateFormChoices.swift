import RunModel
import TerminalKit

/// What helps to fill in the form: completion, history and templates.
extension DashboardState {
  // MARK: Repository and base

  /// Asks what there is to know of the repository, unless that is known or on its way.
  mutating func askRepository() {
    let question = form.repositoryQuestion
    guard isHere, !question.path.isEmpty, form.askedFacts != question else { return }
    form.askedFacts = question
    emit(.inspectRepository(question))
  }

  mutating func askFolders() {
    guard isHere, form.repository.text.contains("/") else { return }
    emit(.listFolders(prefix: form.repository.text))
  }

  mutating func takeFacts(_ facts: RepositoryFacts) {
    guard facts.question == form.askedFacts else { return }
    form.facts = facts
  }

  mutating func takeFolders(_ listing: FolderListing) {
    guard listing.prefix == form.repository.text else { return }
    form.folders = listing
  }

  /// What the field may be, best first, as far as it goes with what is written.
  func candidates(for field: DispatchForm.Field) -> [Candidate] {
    guard let written = form[field]?.text.trimmed else { return [] }
    switch field {
    case .repository:
      var seen: Set<String> = []
      var found: [Candidate] = []
      // A whole path that stands there already narrows nothing.
      let isWhole = form.freshFacts != nil && form.freshFacts?.problem == nil
      for path in preferences.repositories + [directory] where !path.isEmpty && seen.insert(path).inserted {
        guard isWhole || written.isEmpty || path.contains(written) else { continue }
        found.append(Candidate(text: path, note: path == directory ? "here" : "used before"))
      }
      for folder in form.folders?.folders ?? [] where seen.insert(folder.path).inserted {
        guard folder.path.hasPrefix(written) else { continue }
        found.append(
          Candidate(
            text: folder.isRepository ? folder.path : folder.path + "/", note: folder.isRepository ? "git" : "folder"))
      }
      return found
    case .base:
      let refs = form.facts?.question.path == form.repositoryQuestion.path ? form.facts?.refs ?? [] : []
      let isWhole = refs.contains(written)
      let starting = refs.filter { isWhole || $0.hasPrefix(written) }
      let holding = isWhole ? [] : refs.filter { !$0.hasPrefix(written) && $0.contains(written) }
      return (starting + holding).map { Candidate(text: $0, note: $0 == form.facts?.branch ? "checked out" : "") }
    default: return []
    }
  }

  /// Tab completes as a shell does, as long as there is something to complete; else it goes on, which is false.
  mutating func completeByTab() -> Bool {
    let field = form.focus
    guard field.completes, let text = form[field]?.text, !text.isEmpty else { return false }
    let found = candidates(for: field).map(\.text).filter { $0.hasPrefix(text) }
    guard let first = found.first, !found.contains(text) else { return false }
    let common = found.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
    if common.count > text.count {
      take(candidate: common, in: field)
    } else {
      form.completion = Completion(field: field)
    }
    return true
  }

  private mutating func take(candidate: String, in field: DispatchForm.Field) {
    _ = form.edit(field) { $0.replace(candidate) }
    if field == .repository { askFolders() }
    formChanged()
    showFocus()
  }

  /// False if the key is the field's.
  mutating func takeInCompletion(_ key: Key) -> Bool {
    guard let completion = form.completion else { return false }
    let found = candidates(for: completion.field)
    switch key {
    case .up where completion.cursor == 0: form.completion = nil
    case .up: form.completion?.cursor -= 1
    case .down: form.completion?.cursor = max(0, min(completion.cursor + 1, found.count - 1))
    case .enter, .tab:
      form.completion = nil
      if let candidate = found[safe: completion.cursor] { take(candidate: candidate.text, in: completion.field) }
    case .escape: form.completion = nil
    default: return false
    }
    return true
  }

  // MARK: History

  /// Keeps what was dispatched, unless it is too long to be kept.
  mutating func remember(_ draft: WorkDraft) {
    keep { preferences in
      if let repository = draft.contract.repository {
        preferences.repositories = Preferences.remembering(repository, in: preferences.repositories, most: 20)
      }
      guard draft.jsonBytes.count <= WorkDraft.longest else { return }
      preferences.drafts = Array(([draft] + preferences.drafts.filter { $0 != draft }).prefix(50))
    }
  }

  /// The draft before, or after; past the latest comes back what was being written.
  mutating func turnHistory(_ step: Int) {
    let drafts = preferences.drafts
    let place = (form.historyPlace ?? -1) + step
    guard place < drafts.count, place >= -1, step > 0 || form.historyPlace != nil else {
      if drafts.isEmpty { toast("Nothing was dispatched from here yet", .info) }
      return
    }
    if form.historyPlace == nil { form.draftBefore = form.draft() }
    if let draft = place < 0 ? form.draftBefore : drafts[safe: place] { load(draft) }
    form.historyPlace = place < 0 ? nil : place
  }

  private mutating func load(_ draft: WorkDraft) {
    form.load(draft)
    form.picker = nil
    formChanged()
    showFocus()
  }

  // MARK: Choosing a draft

  mutating func openPicker(_ kind: FormPicker.Kind) {
    if kind == .templates { emit(.fetchTemplates) }
    form.completion = nil
    form.picker = FormPicker(kind: kind)
  }

  /// What the list shows for what is typed.
  func pickerEntries(_ picker: FormPicker) -> [FormPicker.Entry] {
    let typed = picker.field.text.trimmed
    let wanted = typed.lowercased()
    func matches(_ text: String) -> Bool { wanted.isEmpty || text.lowercased().contains(wanted) }
    switch picker.kind {
    case .history:
      return preferences.drafts.filter { matches($0.contract.title) }.map {
        .init(title: $0.contract.title, note: $0.contract.repository ?? "", choice: .draft($0))
      }
    case .templates:
      let all = templates
      var entries: [FormPicker.Entry] = all.filter { matches($0.name) }.map {
        .init(name: $0)
      }
      if !typed.isEmpty, !form.isBlank, !all.contains(where: { $0.name == typed }) {
        entries.append(
          .init(title: "save the form as \"\(typed)\"", note: "a new template", choice: .save(name: typed)))
      }
      return entries
    case .file: return []
    }
  }

  /// The dashboard's own, then those of the configuration folder.
  var templates: [WorkTemplate] {
    preferences.templates + fileTemplates.filter { file in !preferences.templates.contains { $0.name == file.name } }
  }

  mutating func takeInPicker(_ key: Key, _ picker: FormPicker) {
    var picker = picker
    let entries = pickerEntries(picker)
    switch key {
    case .escape: form.picker = nil
    case .up: picker.cursor = max(0, picker.cursor - 1)
    case .down: picker.cursor = max(0, min(picker.cursor + 1, entries.count - 1))
    case .enter:
      if picker.kind == .file {
        form.picker = nil
        let path = picker.field.text.trimmed
        if !path.isEmpty { importWork(.file(path)) }
      } else if let entry = entries[safe: picker.cursor] {
        choose(entry)
      }
      return
    case .delete where picker.kind == .templates: forgetTemplate(entries[safe: picker.cursor])
    default:
      guard picker.field.handle(key) else { return }
      picker.cursor = 0
    }
    guard form.picker != nil else { return }
    picker.cursor = max(0, min(picker.cursor, pickerEntries(picker).count - 1))
    form.picker = picker
  }

  private mutating func choose(_ entry: FormPicker.Entry) {
    switch entry.choice {
    case .draft(let draft): load(draft)
    case .save(let name):
      form.picker = nil
      saveTemplate(name)
    }
  }

  /// Applies the template of this name, or saves the form under it.
  mutating func useTemplate(_ name: String) {
    if let template = templates.first(where: { $0.name == name }) {
      show(.dispatch)
      load(template.draft)
      toast("The form is filled from \"\(name)\"", .info)
    } else if form.isBlank {
      toast("There is no template \"\(name)\".\(Nearest.hint(for: name, among: templates.map(\.name)))", .bad)
    } else {
      saveTemplate(name)
    }
  }

  private mutating func saveTemplate(_ name: String) {
    var draft = form.draft()
    draft.contract.repository = nil
    guard draft.jsonBytes.count <= WorkDraft.longest else {
      toast("That is too long for a template; keep it as a file in the templates folder", .bad)
      return
    }
    keep { preferences in
      preferences.templates.removeAll { $0.name == name }
      preferences.templates.append(WorkTemplate(name: name, draft: draft))
      preferences.templates.sort { $0.name < $1.name }
    }
    toast("Saved as the template \"\(name)\": ctrl-t brings it back", .good)
  }

  private mutating func forgetTemplate(_ entry: FormPicker.Entry?) {
    guard let entry, case .draft = entry.choice else { return }
    guard preferences.templates.contains(where: { $0.name == entry.title }) else {
      toast("\"\(entry.title)\" is a file in the templates folder; remove it there", .info)
      return
    }
    keep { $0.templates.removeAll { $0.name == entry.title } }
    toast("Forgot the template \"\(entry.title)\"", .info)
  }
}

extension FormPicker.Entry {
  init(name template: WorkTemplate) {
    self.init(
      title: template.name, note: template.file == nil ? template.draft.contract.title : "file",
      choice: .draft(template.draft))
  }
}
