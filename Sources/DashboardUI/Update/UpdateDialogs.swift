import RunModel
import TerminalKit

/// Dialogs and prompts.
extension DashboardState {
  mutating func askCancel(force: Bool) {
    let chosen = targets
    let live = chosen.filter { board[$0]?.status.isTerminal == false }
    guard !live.isEmpty else {
      if !chosen.isEmpty { toast("Nothing to cancel: the run has ended already", .info) }
      return
    }
    layers.append(
      .cancel(
        CancelDialog(
          runs: live, endedCount: chosen.count - live.count, force: force,
          reason: TextField(Preferences.standardReason))))
  }

  mutating func askRetry() {
    let ended = targets.filter { board[$0]?.status.isTerminal == true }
    guard !ended.isEmpty else {
      if let run = currentRun {
        toast("\(run.runId.shortName) is still \(run.status.rawValue); cancel it first", .info)
      }
      return
    }
    layers.append(.confirm(Confirm(subject: .retry(ended), rest: .begins)))
  }

  mutating func pasteInLayer(_ text: String, _ layer: Layer) {
    switch layer {
    case .help, .confirm, .switcher, .eventTypes: break
    case .cancel(var dialog):
      if !dialog.isEditing { dialog.reason.replace("") }
      dialog.isEditing = true
      dialog.reason.insert(text)
      setLayer(.cancel(dialog))
    case .answer(var dialog):
      guard dialog.items.isEmpty else { return }
      dialog.text.insert(text)
      setLayer(.answer(dialog))
    case .message(var dialog):
      dialog.text.insert(text)
      setLayer(.message(dialog))
    case .palette(var dialog):
      dialog.field.insert(text)
      setLayer(.palette(dialog))
    case .filter(var prompt):
      prompt.field.insert(text)
      prompt.completion = nil
      setFilterPrompt(prompt)
    case .columns: break
    case .views(var dialog):
      guard dialog.naming != nil else { return }
      if dialog.isPrefilled { dialog.naming?.replace("") }
      dialog.isPrefilled = false
      dialog.naming?.insert(text)
      setLayer(.views(dialog))
    case .approval(var dialog):
      dialog.why.insert(text)
      setLayer(.approval(dialog))
    case .auditFilter(var field, let before):
      field.insert(text)
      setLayer(.auditFilter(field, before: before))
      setAuditFilter(field.text)
    case .search(var field):
      field.insert(text)
      setLayer(.search(field))
    case .comment(var dialog):
      dialog.field.insert(text)
      setLayer(.comment(dialog))
      settleDiff()
    case .review(var dialog):
      guard dialog.isEditing else { return }
      dialog.introduction.insert(text)
      setLayer(.review(dialog))
    case .compare: break
    case .themes(let picker): pasteInThemes(text, picker)
    }
  }

  mutating func setLayer(_ layer: Layer) {
    layers.removeLast()
    layers.append(layer)
  }

  mutating func take(_ key: Key, in layer: Layer) {
    switch layer {
    case .help(let top): takeInHelp(key, top)
    case .confirm(let confirm): takeInConfirm(key, confirm)
    case .cancel(let dialog): takeInCancel(key, dialog)
    case .answer(let dialog): takeInAnswer(key, dialog)
    case .message(let dialog): takeInMessage(key, dialog)
    case .palette(let dialog): takeInPalette(key, dialog)
    case .filter(let prompt): takeInFilter(key, prompt)
    case .columns(let dialog): takeInColumns(key, dialog)
    case .views(let dialog): takeInViews(key, dialog)
    case .approval(let dialog): takeInApproval(key, dialog)
    case .auditFilter(let field, let before): takeInAuditFilter(key, field, before)
    case .search(let field): takeInSearch(key, field)
    case .comment(let dialog): takeInComment(key, dialog)
    case .review(let dialog): takeInReview(key, dialog)
    case .compare(let dialog): takeInCompare(key, dialog)
    case .switcher(let dialog): takeInSwitcher(key, dialog)
    case .eventTypes(let cursor): takeInEventTypes(key, cursor)
    case .themes(let picker): takeInThemes(key, picker)
    }
  }

  private mutating func takeInHelp(_ key: Key, _ top: Int) {
    let action = keys.action(for: key, in: [.moving, .everywhere])
    switch action {
    case .up, .down, .top, .bottom, .halfDown, .halfUp, .pageDown, .pageUp:
      let area = helpArea
      let count = helpRowCount(width: area.width)
      setLayer(.help(top: Self.scrolled(top, action ?? .up, page: area.height, count: count)))
    default: layers.removeLast()
    }
  }

  private func rests(_ confirm: Confirm) -> Bool {
    switch confirm.rest {
    case .none: false
    case .begins: true
    case .until(let time): now < time
    }
  }

  /// The time goes on only with ticks: a question's rest begins with the first after it.
  mutating func restConfirm() {
    guard case .confirm(var confirm)? = layers.last, confirm.rest == .begins else { return }
    confirm.rest = .until(now + .milliseconds(400))
    setLayer(.confirm(confirm))
  }

  private mutating func takeInConfirm(_ key: Key, _ confirm: Confirm) {
    let again: Key = confirm.subject == .quit ? .character("q") : .character("r")
    if confirm.subject == .quit, keys.action(for: key, in: [.everywhere]) == .quit { return emit(.quit) }
    if rests(confirm), key == .enter || key.isCharacter {
      layers.removeLast()
      return
    }
    switch key {
    case .enter, .character("y"), again:
      layers.removeLast()
      switch confirm.subject {
      case .quit: emit(.quit)
      case .retry(let runs):
        emit(.retry(runs))
        marks = []
      }
    case .escape, .character("n"), .character("q"): layers.removeLast()
    // Work costs: a letter that was meant for something else starts none.
    case .character where confirm.rest != .none: layers.removeLast()
    default: break
    }
  }

  // MARK: Cancel

  private mutating func takeInCancel(_ key: Key, _ dialog: CancelDialog) {
    var dialog = dialog
    let action = keys.action(for: key, in: [.cancelDialog])
    switch key {
    case .escape: layers.removeLast()
    case .enter: doCancel(dialog)
    case .up, .down:
      let last = preferences.reasons.count - 1
      guard last >= 0 else { return }
      let place = dialog.historyPlace ?? (key == .up ? -1 : 0)
      dialog.historyPlace = max(0, min(last, place + (key == .up ? 1 : -1)))
      dialog.reason.replace(preferences.reasons[dialog.historyPlace ?? 0])
      setLayer(.cancel(dialog))
    case .tab, .shiftTab:
      dialog.isEditing.toggle()
      setLayer(.cancel(dialog))
    default:
      if !dialog.isEditing {
        // The same key again does it; so does the one that forces.
        if action == .cancel || keys.action(for: key, in: [.runs]) == (dialog.force ? .forceCancel : .cancel) {
          doCancel(dialog)
          return
        }
        // The first letter replaces the reason that was filled in, as in any prefilled field.
        if key.isCharacter { dialog.reason.replace("") }
      }
      if dialog.reason.handle(key) {
        dialog.isEditing = true
        setLayer(.cancel(dialog))
      }
    }
  }

  private mutating func doCancel(_ dialog: CancelDialog) {
    let reason = dialog.reason.text.trimmed
    guard !reason.isEmpty else {
      toast("Say why: the reason goes on the audit trail", .bad)
      return
    }
    layers.removeLast()
    keep { $0.reasons = Preferences.remembering(reason, in: $0.reasons, most: 20) }
    let live = dialog.runs.filter { board[$0]?.status.isTerminal == false }
    marks.subtract(dialog.runs)
    guard !live.isEmpty else {
      toast("They have all ended meanwhile", .info)
      return
    }
    emit(.cancel(live, reason: reason, force: dialog.force))
    let name = live.count == 1 ? live[0].shortName : "\(live.count) runs"
    toast("\(dialog.force ? "Killing" : "Canceling") \(name)", .info)
  }

  // MARK: Prompts

  private mutating func takeInSearch(_ key: Key, _ field: TextField) {
    var field = field
    switch key {
    case .enter:
      layers.removeLast()
      if open?.tab == .diff {
        open?.diff.search = field.text
        open?.diff.matchLine = nil
      } else if open?.tab == .handoff {
        open?.noteSearch = field.text
        open?.noteMatch = nil
      } else {
        searchEvents(field.text)
      }
      goToMatch(1)
    case .escape:
      layers.removeLast()
      open?.diff.search = ""
      open?.diff.matchLine = nil
      open?.diff.matchCount = nil
      if open?.tab == .handoff { open?.noteSearch = "" } else if open?.tab == .events { searchEvents("") }
    default: if field.handle(key) { setLayer(.search(field)) }
    }
  }

  private mutating func takeInPalette(_ key: Key, _ dialog: PaletteDialog) {
    var dialog = dialog
    let entries = paletteEntries(dialog.field.text)
    switch key {
    case .escape: layers.removeLast()
    case .up: dialog.cursor = max(0, dialog.cursor - 1)
    case .down: dialog.cursor = max(0, min(entries.count - 1, dialog.cursor + 1))
    case .tab:
      if let entry = entries[safe: dialog.cursor] { dialog.field.replace(entry.name + " ") }
      dialog.cursor = 0
    case .enter:
      layers.removeLast()
      runPalette(dialog.field.text.trimmed, entries[safe: dialog.cursor])
      return
    case .backspace where dialog.field.text.isEmpty: layers.removeLast()
    default:
      guard dialog.field.handle(key) else { return }
      dialog.cursor = 0
    }
    if case .palette = layers.last { setLayer(.palette(dialog)) }
    // The names of themes are chosen where they can be seen.
    if dialog.field.text.hasPrefix("theme ") {
      layers.removeLast()
      askTheme(String(dialog.field.text.dropFirst(6)))
    }
  }

  /// What the palette offers for what is typed so far, those that begin with it first.
  func paletteEntries(_ typed: String) -> [PaletteEntry] {
    let words = typed.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    let first = words.first.map(String.init) ?? ""
    var entries: [PaletteEntry]
    if typed.contains(" "), first == "sort" {
      entries = SortColumn.allCases.map { PaletteEntry(name: "sort \($0.rawValue)", help: "", keys: "") }
    } else if typed.contains(" "), let offers = runsPaletteEntries(first, typed) {
      return offers
    } else if typed.contains(" "), let own = argumentEntries(first, typed) {
      entries = own
    } else if typed.contains(" "), first == "filter" {
      return [PaletteEntry(name: typed, help: "show only the runs that match", keys: "/")]
    } else if typed.contains(" "), first == "import" {
      return [PaletteEntry(name: typed, help: "look at the work in this file", keys: "")]
    } else if typed.contains(" "), first == "template" {
      entries = templates.map { PaletteEntry(name: "template \($0.name)", help: $0.draft.contract.title, keys: "") }
      if entries.isEmpty { return [PaletteEntry(name: typed, help: "save the form under this name", keys: "")] }
    } else {
      entries = paletteActions
    }
    let wanted = typed.trimmed.lowercased()
    guard !wanted.isEmpty else { return entries }
    let starting = entries.filter { $0.name.lowercased().hasPrefix(wanted) }
    let holding = entries.filter { entry in
      !entry.name.lowercased().hasPrefix(wanted)
        && (entry.name.lowercased().contains(wanted) || wanted.count > 2 && entry.help.lowercased().contains(wanted))
    }
    return starting + holding
  }

  private var paletteActions: [PaletteEntry] {
    var seen: Set<Action> = []
    var entries: [PaletteEntry] = []
    for context in contexts + [.pages] where context != .moving && context != .form {
      for binding in keys.bindings where binding.context == context && binding.action != .palette {
        guard seen.insert(binding.action).inserted, !binding.action.rawValue.hasPrefix("tab") else { continue }
        if refusalWords(for: binding.action) != nil { continue }
        entries.append(
          PaletteEntry(
            name: binding.action.rawValue, help: binding.help,
            keys: binding.keys.map(\.label).joined(separator: " ")))
      }
    }
    entries.append(PaletteEntry(name: "template", help: "fill in the dispatch form from a template", keys: ""))
    entries.append(PaletteEntry(name: "import", help: "dispatch work from a file, after a look at it", keys: ""))
    entries.append(PaletteEntry(name: "view", help: "take a saved view by name", keys: ""))
    entries.append(PaletteEntry(name: "save-view", help: "keep filter, order, groups and columns by name", keys: ""))
    entries.append(PaletteEntry(name: "theme", help: "choose a theme and see it while you choose", keys: ""))
    if let run = currentRun, run.status == .succeeded, run.commit != nil, refusal == nil {
      entries.append(PaletteEntry(name: "pr", help: "open a pull request for the work", keys: ""))
    }
    entries.append(PaletteEntry(name: "connect", help: "another orchestrator, by name or address", keys: "O"))
    if replay == nil {
      entries.append(PaletteEntry(name: "replay", help: "play a run again, or all", keys: "P"))
    } else if replayReturns {
      entries.append(PaletteEntry(name: "live", help: "leave the replay", keys: "q"))
    }
    entries.append(PaletteEntry(name: "save", help: "save the screen: text, ansi, svg, html; a file", keys: ""))
    return entries.sorted { $0.name < $1.name }
  }

  mutating func runPalette(_ typed: String, _ entry: PaletteEntry?) {
    let chosen = entry?.name ?? typed
    let words = chosen.split(separator: " ", maxSplits: 1).map(String.init)
    guard let name = words.first else { return }
    let rest = words.count > 1 ? words[1].trimmed : ""
    switch name {
    case "theme":
      if rest.isEmpty { askTheme() } else { chooseTheme(named: rest) }
    case "sort" where !rest.isEmpty:
      if let column = SortColumn(rawValue: rest) {
        setSort(RunSort(column: column))
      } else {
        toast(
          "There is no column \"\(rest)\".\(Nearest.hint(for: rest, among: SortColumn.allCases.map(\.rawValue)))", .bad)
      }
    case "template" where rest.isEmpty, "import" where rest.isEmpty:
      var dialog = PaletteDialog()
      dialog.field.replace(name + " ")
      layers.append(.palette(dialog))
    case "template": useTemplate(rest)
    case "import":
      importWork(.file(rest))
    case "filter" where !rest.isEmpty:
      show(.runs)
      setFilter(rest)
    case _ where runRunsCommand(name, rest): break
    default:
      if runCommand(name, rest) { return }
      if let action = Action(rawValue: name), entry != nil || rest.isEmpty {
        perform(action)
      } else {
        toast("There is no command \"\(typed)\".\(Nearest.hint(for: name, among: paletteActions.map(\.name)))", .bad)
      }
    }
  }
}
