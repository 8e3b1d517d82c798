import RunModel
import TerminalKit

/// The handoff tab: the note is laid out once for a width, not for each frame.
extension DashboardState {
  mutating func layNote() {
    guard let open, open.tab == .handoff, let artifacts = open.artifacts else { return }
    let width = layout.body.width - 4
    self.open?.note = Note(lines: Self.noteLines(of: artifacts, width: width), width: width)
  }

  /// The note's lines at this width; those laid out before, when they fit.
  func noteLines(_ open: OpenRun, _ artifacts: Artifacts, width: Int) -> [StyledLine] {
    if let note = open.note, note.width == width { return note.lines }
    return Self.noteLines(of: artifacts, width: width)
  }

  /// Output is no Markdown: its lines stay what they are.
  private static func noteLines(of artifacts: Artifacts, width: Int) -> [StyledLine] {
    guard artifacts.noteIsOutput else { return Markdown.lines(artifacts.handoffNote, width: width) }
    let said = wrapped(
      [Span("The agent has left no note. What it printed last:", .runAttention)], width: width, most: 2
    ).map { StyledLine($0) }
    return artifacts.handoffNote.split(separator: "\n", omittingEmptySubsequences: false).reduce(into: said + [.blank])
    {
      $0 += wrapped([Span(String($1))], width: width).map { StyledLine($0) }
    }
  }

  mutating func goToNoteMatch(_ step: Int) {
    layNote()
    guard let open, let note = open.note, !open.noteSearch.isEmpty else { return }
    let search = LineSearch(open.noteSearch)
    let found = note.lines.indices.filter { search.isIn(note.lines[$0].spans.reduce("") { $0 + $1.text }) }
    let here = open.noteMatch ?? (step > 0 ? -1 : note.lines.count)
    let next =
      step > 0 ? found.first(where: { $0 > here }) ?? found.first : found.last(where: { $0 < here }) ?? found.last
    guard let line = next else {
      toast("\"\(open.noteSearch)\" is not in this note", .info)
      return
    }
    self.open?.noteMatch = line
    // The page begins with an empty line.
    let row = line + 1
    let height = layout.body.height
    let top = open.tops[.handoff] ?? 0
    if row < top || row >= top + height {
      self.open?.tops[.handoff] = max(0, min(row - height / 3, note.lines.count + 1 - height))
    }
  }
}

/// A note laid out as lines.
struct Note: Sendable {
  var lines: [StyledLine]
  var width: Int
}
