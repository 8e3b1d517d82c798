import RunModel
import TerminalKit

/// The open list of what a field may be, under it or, where there is no room, above.
func drawCompletion(_ layout: FormLayout, _ state: DashboardState, _ frame: inout Frame) {
  guard let completion = state.form.completion, let block = layout[completion.field] else { return }
  let found = state.candidates(for: completion.field)
  let field = layout.rect(block, top: state.form.top)
  let below = state.size.height - 2 - field.bottom
  let isBelow = below >= min(found.count + 2, 6)
  let rows = max(1, min(found.count, 8, (isBelow ? below : field.y - 1) - 2))
  let rect = Rect(
    x: field.x, y: isBelow ? field.bottom : field.y - rows - 2, width: min(field.width, 72), height: rows + 2)
  let inner = frame.box(rect, title: completion.field.label, state.theme)
  guard !found.isEmpty else {
    drawInDialog([StyledLine("nothing known goes on like that", .muted)], inner, state.theme, &frame)
    return
  }
  let top = state.listTop(completion.cursor, found.count, inner.height)
  let lines = found.dropFirst(top).prefix(inner.height).enumerated().map { row, candidate in
    listLine(candidate.text, candidate.note, isHere: top + row == completion.cursor)
  }
  drawInDialog(lines, inner, state.theme, &frame)
}

/// The list of drafts or templates, with the line that narrows it.
func drawPicker(_ picker: FormPicker, _ state: DashboardState, _ frame: inout Frame) {
  let theme = state.theme
  let entries = state.pickerEntries(picker)
  let width = min(80, state.size.width - 4)
  let rows = picker.kind == .file ? 1 : max(1, min(entries.count, 14, state.size.height - 10))
  let rect = Rect(
    x: (state.size.width - width) / 2, y: max(1, (state.size.height - rows - 4) / 3), width: width, height: rows + 4)
  let title =
    switch picker.kind {
    case .history: "Dispatched before"
    case .templates: "Templates"
    case .file: "Work from a file"
    }
  var inner = frame.box(rect, title: title, theme)
  let line = inner.takeTop(1)
  drawField(picker.field, line, state, &frame, isFocused: true)
  _ = inner.takeTop(1)
  var lines: [StyledLine]
  switch picker.kind {
  case .file: lines = [StyledLine("contracts or GitHub issues, as JSON or JSON lines", .muted)]
  case .history where entries.isEmpty:
    lines = [StyledLine(picker.field.isBlank ? "nothing was dispatched from here yet" : "nothing like that", .muted)]
  case .templates where entries.isEmpty:
    lines = [StyledLine("none yet: write a form, press ctrl-t and type a name for it", .muted)]
  case .history, .templates:
    let top = state.listTop(picker.cursor, entries.count, inner.height)
    lines = entries.dropFirst(top).prefix(inner.height).enumerated().map { row, entry in
      listLine(entry.title, entry.note, isHere: top + row == picker.cursor)
    }
  }
  drawInDialog(lines, inner, theme, &frame)
}

private func listLine(_ text: String, _ note: String, isHere: Bool) -> StyledLine {
  StyledLine(
    [Span(isHere ? "▌" : " ", .accent), Span(text, isHere ? .emphasis : .text)],
    right: note.isEmpty ? [] : [Span(fitted(note, min(measure(note), 30)), .muted)])
}

extension DashboardState {
  /// The keys of the form where one is, most useful first.
  var formHints: [(key: Key?, keys: String, text: String)] {
    func key(_ action: Action, _ text: String) -> [(key: Key?, keys: String, text: String)] {
      guard let key = keys.keys(for: action, in: [.form]).first else { return [] }
      return [(key, key.label, text)]
    }
    if let batch = form.batch {
      return [
        (.enter, "enter", "dispatch \(batch.chosenCount)"), (.character(" "), "space", "leave out"),
        (.character("n"), "n", "next wrong"), (.character("U"), "U", "all or none"),
      ] + (batch.pasted == nil ? [] : [(.character("t"), "t", "as text")])
        + [(.escape, "esc", "back to the form"), (.character("?"), "?", "help")]
    }
    if form.isReviewing {
      return [(.enter, "enter", "dispatch"), (nil, "j k", "scroll"), (.escape, "esc", "back to the form")]
    }
    if let picker = form.picker {
      let choose: (key: Key?, keys: String, text: String) = (nil, "↑ ↓", "choose")
      switch picker.kind {
      case .file: return [(.enter, "enter", "look at it"), (.escape, "esc", "leave")]
      case .history: return [(.enter, "enter", "fill it in"), choose, (.escape, "esc", "leave")]
      case .templates:
        return [(.enter, "enter", "take it"), choose, (.delete, "delete", "forget"), (.escape, "esc", "leave")]
      }
    }
    if form.completion != nil {
      return [(.enter, "enter", "take it"), (nil, "↑ ↓", "choose"), (.escape, "esc", "close the list")]
    }
    var hints: [(key: Key?, keys: String, text: String)] = []
    if form.focus.isMultiline {
      hints = key(.submit, "new line") + key(.review, "review") + key(.nextField, "next field") + key(.edit, "editor")
    } else {
      hints = key(.submit, "review") + key(.nextField, "next field")
      if form.focus == .needs || form.focus == .runtimes { hints += key(.toggle, "choose") }
      if form.focus.completes { hints.append((.down, "↓", "what is known")) }
    }
    return hints + key(.draftHistory, "history") + key(.templates, "templates") + key(.importWork, "import")
      + key(.back, "leave") + key(.help, "help")
  }
}
