/// Everything a key, the palette or the footer can ask for. The raw value is the name in a user's key file and in `:`.
package enum Action: String, CaseIterable, Sendable {
  case up, down, left, right, top, bottom, halfDown, halfUp, pageDown, pageUp
  case tour, nextTip
  case quit, back, help, palette, dispatch, nextTheme, redraw, saveScreen, suspend
  case runs, runtimes, nextPane, previousPane
  case queue, audit, pulse
  case auditDetail, verifyAudit, reloadAudit
  case approve, reject
  case shorterWindow, longerWindow, pulseParts, chartStyle
  case open, diff, cancel, forceCancel, retry, answer, message
  case mark, markRange, clearMarks, filter, sort, invert, previousColumn, nextColumn
  case group, columns, wide, views
  case copy, copyId
  case previousRun, nextRun
  case tab1, tab2, tab3, tab4, tab5, tab6, tab7, tab8, tab9
  case follow, pause, wrap, timestamps, eventTypes, search, nextMatch, previousMatch
  case reviewed, editFile
  case markLine, nextMark, previousMark, nextError, previousError, failedOnly
  case openLink
  case nextHunk, previousHunk, nextFile, previousFile
  case sideBySide, moreContext, lessContext, whiteSpace, syntaxColours, foldFile, foldAll
  case lineRange, comment, sendComments, copyHunk, copyFile, compareRuns
  case playOrPause, stepForward, stepBack, slower, faster, skipBack, skipForward, replayStart, replayEnd
  case previousMoment, nextMoment, replayRun
  case switchOrchestrator
  case nextField, previousField, submit, edit, toggle
  case review, olderDraft, newerDraft, draftHistory, templates, importWork, asText
  case earlier, later, widen, narrow, standard, saveView, delete
}

/// Where a key is pressed. A key is looked up in the screen's own context first, then in the wider ones.
package enum KeyContext: String, CaseIterable, Sendable {
  case everywhere, moving, runs, runtimes
  case queue, audit, pulse
  case run, events, files, diff, records, note, tree, trail, pages
  case replay
  case form, batch, cancelDialog, dialog, prompt
  case columnsDialog, viewsDialog

  package var title: String {
    switch self {
    case .everywhere: "Everywhere"
    case .moving: "Moving"
    case .runs: "Runs"
    case .runtimes: "Runtimes"
    case .queue: "Queue"
    case .audit: "Audit"
    case .pulse: "Pulse"
    case .run: "Run"
    case .events: "Events"
    case .files: "Files"
    case .diff: "Diff"
    case .records: "Commands and tests"
    case .note: "Handoff"
    case .tree: "Values"
    case .trail: "The run's audit"
    case .pages: "Pages"
    case .replay: "Replay"
    case .form: "Dispatch"
    case .batch: "Work brought in"
    case .cancelDialog: "Cancel"
    case .dialog: "Dialogs"
    case .prompt: "Prompts"
    case .columnsDialog: "Columns"
    case .viewsDialog: "Views"
    }
  }
}

extension KeyContext {
  /// Those that are in force with it and come after it.
  var isOver: Set<KeyContext> {
    switch self {
    case .runs, .runtimes, .queue, .audit, .pulse: [.pages, .moving, .everywhere]
    case .events, .files, .diff, .records, .note, .tree, .trail: [.run, .moving, .everywhere]
    case .run, .pages, .batch: [.moving, .everywhere]
    case .moving, .form: [.everywhere]
    case .everywhere, .replay, .cancelDialog, .dialog, .prompt, .columnsDialog, .viewsDialog: []
    }
  }
}
