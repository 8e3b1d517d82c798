/// What a piece of the screen means. Views name roles; a theme gives each a style.
package enum Role: String, CaseIterable, Sendable {
  /// Body text on the screen's ground.
  case text
  /// Beside the point: labels, units, ids.
  case muted
  /// Marks: what is absent, where in the whole one is; carries no text.
  case faint
  case accent, heading, emphasis, code, link
  case header, headerName, tabActive, tabInactive
  case footer, footerKey
  /// The row under the cursor; only its ground and its attributes count.
  case selection
  case mark, match, matchCurrent
  case border, dialog, dialogTitle, button, buttonFocused
  case input, inputFocused, invalid
  case runQueued, runRunning, runSucceeded, runFailed, runCanceled, runAttention, runVerifying
  case progressFill, progressTrack
  case linkLive, linkLost, linkConnecting
  case toastInfo, toastGood, toastBad
  case added, removed, yes, no
  case outputError, timestamp
  case diffAdded, diffRemoved, diffAddedWord, diffRemovedWord, diffContext, diffHunk, diffFile, diffMeta, diffNumber
  case diffSpace
  /// Lines that moved; what a reader would not see, shown as a mark.
  case diffMoved, diffControl
  /// Source in the diff; only their colour counts, on the line's own ground.
  case syntaxKeyword, syntaxString, syntaxComment, syntaxNumber, syntaxType, syntaxFunction
}
