import RunModel
import TerminalKit

/// Comments on lines of the diff, and sending them to the agent as a follow-up.
extension DashboardState {
  // MARK: Writing

  /// On the line under the cursor, or on the range: a new comment, or the one that is there again.
  mutating func beginComment() {
    guard let open, let patch = open.patch, let file = diffFile, let scene = diffScene else { return }
    let cursor = open.diff.cursor
    let existing = diffRange == nil ? commentsUnderCursor(scene).first : nil
    if let existing, let place = preferences.comments[open.id].firstIndex(of: existing) {
      layers.append(
        .comment(
          CommentDialog(
            line: patch.line(of: existing) ?? cursor, comment: existing, place: place,
            field: TextField(existing.text, isMultiline: true))))
      settleDiff()
      return
    }
    let range = diffRange ?? cursor...cursor
    guard let comment = newComment(range, file, patch) else {
      toast("A comment stands on lines of the file: move the cursor to one", .info)
      return
    }
    layers.append(
      .comment(
        CommentDialog(line: comment.line, comment: comment.comment, place: nil, field: TextField(isMultiline: true))))
    settleDiff()
  }

  private func commentsUnderCursor(_ scene: DiffScene) -> [LineComment] {
    var rows = scene.rows
    let row = rows.row(at: open?.diff.cursor ?? 0)
    return [row.new, row.isSplit ? row.old : nil].compactMap { $0 }.flatMap { scene.comments(at: $0) }
  }

  /// Of the new side if the range has lines of it, else of the removed ones.
  private func newComment(
    _ range: ClosedRange<Int>, _ file: PatchFile, _ patch: Patch
  ) -> (line: Int, comment: LineComment)? {
    // Side by side the cursor may stand on a pair: what is commented is what the line has become.
    var lines = Array(range.prefix(2000))
    if range.count == 1, preferences.diffSideBySide, var scene = diffScene, scene.isSideBySide {
      lines = [scene.rows.row(at: range.lowerBound)].flatMap { [$0.old, $0.new].compactMap { $0 } }
    }
    let read = lines.map { (number: $0, line: patch.line($0)) }
    var side = LineComment.Side.new
    var chosen = read.filter { $0.line.new != nil }
    if chosen.isEmpty {
      side = .old
      chosen = read.filter { $0.line.old != nil }
    }
    guard let first = chosen.first, let last = chosen.last else { return nil }
    func number(_ line: PatchLine) -> Int { (side == .new ? line.new : line.old) ?? 0 }
    let comment = LineComment(
      path: file.path, side: side, first: number(first.line), last: number(last.line),
      quote: chosen.prefix(LineComment.mostQuoted).map {
        String(decoding: $0.line.body.prefix(LineComment.longestQuote), as: UTF8.self)
      }, text: "")
    return (last.number, comment)
  }

  mutating func takeInComment(_ key: Key, _ dialog: CommentDialog) {
    var dialog = dialog
    switch key {
    case .escape:
      layers.removeLast()
      if dialog.field.text != dialog.comment.text { toast("The comment is as it was", .info) }
      settleDiff()
    case .enter: keepComment(dialog, dialog.field.text.trimmed)
    case .ctrl("d"): keepComment(dialog, "")
    case .ctrl("o"): emit(.edit(dialog.field.text))
    case .alt("\r"), .alt("\n"), .ctrl("j"):
      dialog.field.insert("\n")
      setLayer(.comment(dialog))
      settleDiff()
    default:
      guard dialog.field.handle(key) else { return }
      setLayer(.comment(dialog))
      settleDiff()
    }
  }

  /// Stores it; without a text it goes.
  private mutating func keepComment(_ dialog: CommentDialog, _ text: String) {
    layers.removeLast()
    guard let run = open?.id else { return }
    var comments = preferences.comments[run]
    var comment = dialog.comment
    comment.text = text
    if let place = dialog.place, comments.indices.contains(place) {
      if text.isEmpty { comments.remove(at: place) } else { comments[place] = comment }
    } else if !text.isEmpty {
      comments.append(comment)
    }
    if comments.count > LineComments.mostComments {
      toast("That is more than \(LineComments.mostComments) comments: send some first", .bad)
      return
    }
    keep { $0.comments[run] = comments }
    open?.diff.rangeStart = nil
    settleDiff()
  }

  /// The lines under an open editor have changed: what was typed is kept as it is.
  mutating func closeComment() {
    guard let dialog = commentDialog else { return }
    layers.removeAll { if case .comment = $0 { true } else { false } }
    let text = dialog.field.text.trimmed
    guard !text.isEmpty, text != dialog.comment.text else { return }
    layers.append(.comment(dialog))
    keepComment(dialog, text)
    toast("The diff has changed; the comment is kept", .info)
  }

  // MARK: Sending

  mutating func beginReview() {
    guard let open else { return }
    guard !preferences.comments[open.id].isEmpty else {
      toast("There are no comments yet: c writes one on the line under the cursor", .info)
      return
    }
    layers.append(.review(ReviewDialog()))
  }

  mutating func takeInReview(_ key: Key, _ dialog: ReviewDialog) {
    var dialog = dialog
    guard let open else {
      layers.removeLast()
      return
    }
    let comments = preferences.comments[open.id]
    if dialog.isEditing {
      switch key {
      case .escape, .tab, .shiftTab: dialog.isEditing = false
      case .enter:
        dialog.isEditing = false
        setLayer(.review(dialog))
        sendReview(dialog)
        return
      default: guard dialog.introduction.handle(key) else { return }
      }
      setLayer(.review(dialog))
      return
    }
    switch key {
    case .escape, .character("q"): layers.removeLast()
    case .enter, .character("S"): sendReview(dialog)
    case .tab, .shiftTab:
      dialog.isEditing = true
      setLayer(.review(dialog))
    case .character("x"), .ctrl("d"), .delete:
      guard comments.indices.contains(dialog.cursor) else { return }
      keep { $0.comments[open.id].remove(at: dialog.cursor) }
      if comments.count == 1 {
        layers.removeLast()
      } else {
        dialog.cursor = min(dialog.cursor, comments.count - 2)
        setLayer(.review(dialog))
      }
      settleDiff()
    case .character("c"), .character("e"):
      guard let comment = comments[safe: dialog.cursor], let patch = open.patch, let line = patch.line(of: comment)
      else {
        toast("The file is not in this diff any more", .info)
        return
      }
      layers.removeLast()
      goToDiffLine(line, above: diffLayout.rows.height / 3)
      layers.append(
        .comment(
          CommentDialog(
            line: line, comment: comment, place: dialog.cursor, field: TextField(comment.text, isMultiline: true))))
      settleDiff()
    default:
      switch keys.action(for: key, in: [.moving]) {
      case .up: dialog.cursor = max(0, dialog.cursor - 1)
      case .down: dialog.cursor = min(comments.count - 1, dialog.cursor + 1)
      default: return
      }
      setLayer(.review(dialog))
    }
  }

  /// To the live session where there is one; else as a follow-up when the run has ended, and until then it is kept.
  private mutating func sendReview(_ dialog: ReviewDialog) {
    guard let open, let run = board[open.id], !dialog.isSending else { return }
    let comments = preferences.comments[run.runId]
    let prompt = ReviewPrompt.text(comments, introduction: dialog.introduction.text)
    if wayOfMessages(to: run) == .session {
      var dialog = dialog
      dialog.isSending = true
      setLayer(.review(dialog))
      emit(.message(run.runId, text: prompt, isReview: true))
      return
    }
    guard run.status.isTerminal else {
      layers.removeLast()
      keep { $0.reviewsToSend[run.runId] = [prompt] }
      toast(
        run.needsAttention
          ? "The run works still: the comments go out when it has ended. It asks something: a answers it"
          : "The run works still: the comments go out when it has ended", .info)
      return
    }
    var dialog = dialog
    dialog.isSending = true
    setLayer(.review(dialog))
    emit(.followUp(run.runId, prompt: prompt))
  }

  mutating func takeFollowUp(_ old: RunID, _ outcome: DispatchOutcome) {
    forgetWaiting(old)
    if messagesUnderWay.remove(old) != nil {
      return toast("\(old.shortName) goes on\(outcome.runId.map { " as \($0.shortName)" } ?? "")", .good)
    }
    keep { $0.comments[old] = [] }
    layers.removeAll { if case .review = $0 { true } else { false } }
    let new = outcome.runId.map { " as \($0.shortName)" } ?? ""
    let waits = outcome.decision.waitsFor.first.map { ", waits: \($0)" } ?? ""
    toast("The comments on \(old.shortName) are on their way\(new)\(waits)", .good)
    settleDiff()
  }

  mutating func failFollowUp(_ problem: Problem) {
    for place in layers.indices {
      if case .review(var dialog) = layers[place] {
        dialog.isSending = false
        layers[place] = .review(dialog)
      }
    }
    toast(problem.detail, .bad)
  }
}
