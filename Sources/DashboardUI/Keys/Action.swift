/// Everything a key, the palette or the footer can ask for. The raw value is the name in a user's key file and in `:`.
package enum Action: String, CaseIterable, Sendable {
  case up, down, left, right, top, bottom, halfDown, halfUp, pageDown, pageUp
  case tour, nextTip
  case quit, back, help, palette, dispatch, nextTheme, redraw, saveScreen, suspend
  case runs, runtimes, nextPane, previousPane
  case queue, audit, pulse
  case open, diff, cancel, forceCancel, retry, answer
  case mark, markRange, clearMarks, filter, sort, invert, previousColumn, nextColumn
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
  case nextField, previousField, submit, edit, toggle
}

/// Where a key is pressed. A key is looked up in the screen's own context first, then in the wider ones.
package enum KeyContext: String, CaseIterable, Sendable {
  case everywhere, moving, runs, runtimes
  case queue, audit, pulse
  case run, events, files, diff, records, note, tree, trail, pages
  case form, cancelDialog, dialog, prompt

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
    case .form: "Dispatch"
    case .cancelDialog: "Cancel"
    case .dialog: "Dialogs"
    case .prompt: "Prompts"
    }
  }
}
