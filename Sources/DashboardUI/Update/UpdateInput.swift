import RunModel
import TerminalKit

extension DashboardState {
  mutating func take(_ input: Input) {
    switch input {
    case .resize(let size):
      self.size = size
      resizeRows()
      if screen == .dispatch { showFocus() }
      keepPageVisible()
      schedulePreview()
    case .paste(let text): paste(text)
    case .mouse(let mouse): take(mouse)
    case .key(let key): take(key)
    case .background(let color): takeGround(color)
    }
  }

  mutating func take(_ key: Key) {
    // Keys that are no text work everywhere, over dialogs and in fields too.
    if !key.isCharacter, let action = keys.action(for: key, in: [.everywhere]),
      action == .quit || action == .suspend || action == .redraw || action == .saveScreen
    {
      perform(action)
      return
    }
    if let layer = layers.last {
      take(key, in: layer)
      return
    }
    if screen == .dispatch {
      takeInForm(key)
      return
    }
    if screen == .runs { cursorTouched = true }
    if screens.count == 1, key == .character("q"), keys.action(for: key, in: contexts) == .back {
      askQuit()
      return
    }
    if let action = keys.action(for: key, in: contexts) { perform(action) }
  }

  private mutating func paste(_ text: String) {
    if let layer = layers.last {
      pasteInLayer(text, layer)
    } else if screen == .dispatch {
      pasteInForm(text)
    }
  }

  /// Does what a key, the palette or a click asks for.
  mutating func perform(_ action: Action) {
    // What is asked can be looked at all the same.
    if action != .answer, let refusal = refusalWords(for: action) {
      toast(refusal, .info)
      return
    }
    switch action {
    case .quit: quit()
    case .suspend: emit(.suspend)
    case .redraw: emit(.redraw)
    case .saveScreen: emit(.saveScreen(screenFormat, path: nil))
    case .help: layers.append(.help(top: 0))
    case .tour: toggleTour()
    case .nextTip:
      if var tour {
        tour.next(self)
        self.tour = tour
      }
    case .palette: layers.append(.palette(PaletteDialog()))
    case .back: back()
    case .dispatch: dispatchToChosen()
    case .nextTheme: nextTheme()
    case .runs: show(.runs)
    case .runtimes: show(.runtimes)
    case .auditDetail, .verifyAudit, .reloadAudit: performOnAudit(action)
    case .approve: askApproval(.approve)
    case .reject: askApproval(.reject)
    case .shorterWindow: turnWindow(-1)
    case .longerWindow: turnWindow(1)
    case .pulseParts: turnPulseParts()
    case .chartStyle: turnChartStyle()
    case .queue: show(.queue)
    case .audit: show(.audit)
    case .pulse: show(.pulse)
    case .up, .down, .left, .right, .top, .bottom, .halfDown, .halfUp, .pageDown, .pageUp: move(action)
    case .nextPane, .previousPane: turnPane(action == .nextPane ? 1 : -1)
    case .tab1, .tab2, .tab3, .tab4, .tab5, .tab6, .tab7, .tab8, .tab9:
      let tabs: [Action] = [.tab1, .tab2, .tab3, .tab4, .tab5, .tab6, .tab7, .tab8, .tab9]
      if let place = tabs.firstIndex(of: action) {
        showTab(RunTab.allCases[place])
      }
    case .open: openCurrent()
    case .diff:
      if screen == .run { showTab(.diff) } else if let selection { openRun(selection, .diff) }
    case .cancel: askCancel(force: false)
    case .forceCancel: askCancel(force: true)
    case .retry: askRetry()
    case .answer: askAnswer()
    case .message: askMessage()
    case .mark, .markRange, .clearMarks: mark(action)
    case .filter where screen == .audit:
      layers.append(.auditFilter(TextField(audit.filter), before: audit.filter))
    case .filter: layers.append(.filter(FilterPrompt(list.filter.text)))
    case .group: turnGrouping()
    case .columns: askColumns()
    case .wide: turnWide()
    case .views: askViews()
    case .sort, .nextColumn: turnSort(1)
    case .previousColumn: turnSort(-1)
    case .invert: setSort(RunSort(column: list.sort.column, isInverted: !list.sort.isInverted))
    case .copy: copy()
    case .copyId:
      if let run = currentRun { copyOut(run.runId.description) }
    case .previousRun, .nextRun: turnRun(action == .nextRun ? 1 : -1)
    case .follow, .pause, .wrap, .timestamps, .eventTypes, .search, .nextMatch, .previousMatch, .nextHunk,
      .previousHunk, .nextFile, .previousFile:
      performInTab(action)
    case .reviewed, .editFile: performInTab(action)
    case .sideBySide, .moreContext, .lessContext, .whiteSpace, .syntaxColours, .foldFile, .foldAll, .lineRange,
      .comment,
      .sendComments, .copyHunk, .copyFile, .compareRuns:
      performInTab(action)
    case .playOrPause, .stepForward, .stepBack, .slower, .faster, .skipBack, .skipForward, .replayStart, .replayEnd,
      .previousMoment, .nextMoment:
      performInReplay(action)
    case .replayRun: startReplay("")
    case .switchOrchestrator: openSwitcher()
    case .markLine, .nextMark, .previousMark, .nextError, .previousError, .failedOnly: performInTab(action)
    case .openLink: openLink()
    case .nextField, .previousField, .submit, .edit, .toggle: break  // only in forms and dialogs
    // In the dispatch form.
    case .review, .olderDraft, .newerDraft, .draftHistory, .templates, .importWork, .asText: break
    case .earlier, .later, .widen, .narrow, .standard, .saveView, .delete: break  // only in dialogs
    }
  }

  mutating func show(_ wanted: Screen) {
    guard screen != wanted else { return }
    if wanted == .dispatch, let refusal = refusalWords(for: .dispatch) {
      toast(refusal, .info)
      return
    }
    switch wanted {
    case .runs: screens = [.runs]
    case .runtimes: screens = [.runs, .runtimes]
    case .queue, .audit, .pulse: screens = [.runs, wanted]
    case .dispatch, .run: screens.append(wanted)
    }
    if wanted == .runtimes || wanted == .dispatch {
      runtimesStale = false
      runtimesAskedAt = now
      emit(.fetchRuntimes)
    }
    if wanted == .dispatch {
      formChanged()
      askRepository()
      showFocus()
    }
    arrived()
  }

  /// After the screen changed: what only one screen keeps up.
  mutating func arrived() {
    if screen != .run, screens.contains(.run) == false { open = nil }
    if screen == .runs {
      settleRows()
      keepCursorVisible()
      schedulePreview()
      layNote()
    }
    arrivedAtPage()
  }

  private mutating func back() {
    if closeTree() { return }
    if screen == .audit, !audit.filter.isEmpty {
      setAuditFilter("")
      return
    }
    if screen == .runtimes, runtimesPage.isOpen {
      runtimesPage.isOpen = false
      return
    }
    if screen == .run, open?.readsOutput == true {
      open?.readsOutput = false
      return
    }
    if screens.count > 1 {
      screens.removeLast()
      arrived()
      return
    }
    if !marks.isEmpty {
      marks = []
    } else if !list.filter.isEmpty {
      setFilter("")
    }
  }

  /// What `q` does on the first screen, where `esc` does nothing more than clear.
  mutating func askQuit() {
    if replay != nil, replayReturns {
      emit(.leaveReplay)
      return
    }
    layers.append(.confirm(Confirm(subject: .quit)))
  }

  /// Leaves at once, unless something waits here for the end of a run: that is said first.
  private mutating func quit() {
    if case .confirm(let confirm)? = layers.last, confirm.subject == .quit { return emit(.quit) }
    guard wordsWait, replay == nil else { return emit(.quit) }
    layers.append(.confirm(Confirm(subject: .quit)))
  }

  private mutating func turnPane(_ step: Int) {
    if screen == .run {
      let count = RunTab.allCases.count
      showTab(RunTab.allCases[((open?.tab.rawValue ?? 0) + step + count) % count])
    } else {
      turnScreen(step)
    }
  }

  private mutating func openCurrent() {
    switch screen {
    case .runs:
      if let selection {
        openRun(selection, .overview)
      } else if case .group(let group)? = list.row(cursor) {
        fold(group)
      }
    case .run:
      openInTab()
    case .runtimes: toggleRuntimePane()
    case .queue, .audit, .pulse: openOnPage()
    case .dispatch: break
    }
  }

  private mutating func copy() {
    if screen == .audit {
      copyFromAudit()
      return
    }
    guard let run = currentRun else { return }
    var text = run.branch ?? run.runId.description
    if screen == .run, let open {
      switch open.tab {
      case .overview: text = open.detail?.mergeCommand ?? text
      case .events: text = tree?.copied ?? log?[eventsCursor]?.text ?? text
      case .evidence: text = tree?.copied ?? text
      case .audit:
        text = tree?.copied ?? open.audit.trail?.records[safe: open.audit.cursor]?.json.jsonText ?? text
      case .files: text = open.files.rows[safe: open.files.cursor]?.path ?? text
      case .diff:
        if let patch = open.patch, let file = patch.fileIndex(at: open.diff.cursor) { text = patch.files[file].path }
      case .commands, .tests: text = records(open.tab)[safe: open.recordCursor[open.tab] ?? 0]?.name ?? text
      case .handoff: text = open.artifacts?.handoffNote ?? text
      }
    }
    copyOut(text)
  }
}

extension Key {
  var isCharacter: Bool { if case .character = self { true } else { false } }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
