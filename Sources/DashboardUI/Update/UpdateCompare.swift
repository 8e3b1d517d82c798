import RunModel
import TerminalKit

/// The diff against another run.
extension DashboardState {
  mutating func beginCompare() {
    guard let open, let run = board[open.id] else { return }
    let others = board.runs.filter {
      $0.runId != run.runId && $0.startedAt != nil
        && ($0.contractId == run.contractId || $0.title == run.title || ($0.branch != nil && $0.branch == run.branch))
    }
    guard !others.isEmpty || open.diff.wanted.against != nil else {
      toast("There is no other run of this contract to compare with", .info)
      return
    }
    var runs = others.suffix(100).reversed().map(\.runId)
    if open.diff.wanted.against != nil { runs.insert(run.runId, at: 0) }
    layers.append(.compare(CompareDialog(run: run.runId, others: runs)))
  }

  mutating func takeInCompare(_ key: Key, _ dialog: CompareDialog) {
    var dialog = dialog
    switch key {
    case .escape, .character("q"): layers.removeLast()
    case .enter, .character("="):
      layers.removeLast()
      guard let other = dialog.others[safe: dialog.cursor], var wanted = open?.diff.wanted else { return }
      wanted.against = other == dialog.run ? nil : other
      askDiff(wanted)
    default:
      switch keys.action(for: key, in: [.moving]) {
      case .up: dialog.cursor = max(0, dialog.cursor - 1)
      case .down: dialog.cursor = min(dialog.others.count - 1, dialog.cursor + 1)
      default: return
      }
      setLayer(.compare(dialog))
    }
  }
}

/// Chooses the run to compare with; the run itself stands for its own changes.
struct CompareDialog: Sendable {
  var run: RunID
  var others: [RunID]
  var cursor = 0
}
