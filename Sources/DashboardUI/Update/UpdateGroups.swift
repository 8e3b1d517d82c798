import RunModel
import TerminalKit

/// Groups of runs.
extension DashboardState {
  mutating func turnGrouping() {
    let all = RunGrouping.allCases
    let place = all.firstIndex(of: list.grouping) ?? 0
    setGrouping(all[(place + 1) % all.count])
  }

  mutating func setGrouping(_ grouping: RunGrouping) {
    if list.hasChanges { _ = list.settle(board) }
    if selection == nil, let group = selectedGroup, let index = list.groups.firstIndex(where: { $0.key == group }) {
      selection = list.places(ofGroup: index).first.map { board.runs[Int($0)].runId }
    }
    selectedGroup = nil
    list.setGrouping(grouping, board)
    // The run under the cursor stays there: its group opens.
    refindSelection()
    if grouping != .none, !cursorTouched { moveToFirstRun() }
  }

  /// A watcher who has touched nothing sees the first run, not a header.
  private mutating func moveToFirstRun() {
    guard case .group? = list.row(0), case .run(let place)? = list.row(1) else { return }
    cursor = 1
    selection = board.runs[place].runId
    selectedGroup = nil
  }

  /// Folds or unfolds; nil turns it over.
  mutating func fold(_ group: Int, _ isFolded: Bool? = nil) {
    guard let known = list.groups[safe: group] else { return }
    list.setFolded(known.key, isFolded ?? !known.isFolded)
    selection = nil
    selectedGroup = known.key
    cursorTouched = true
    refindSelection()
  }

  /// Marks all runs of a group, or unmarks them when all are marked.
  mutating func markGroup(_ group: Int) {
    let runs = list.places(ofGroup: group).map { board.runs[Int($0)].runId }
    if runs.allSatisfy({ marks.contains($0) }) { marks.subtract(runs) } else { marks.formUnion(runs) }
  }

  /// What a group is called on its header.
  func groupName(_ group: RunGroup) -> String {
    switch list.grouping {
    case .none: ""
    case .status: group.key
    case .runtime: group.key.isEmpty ? "no runtime yet" : group.key
    case .label: group.key.isEmpty ? "no label" : group.key
    case .batch:
      group.key.isEmpty
        ? "dispatched alone"
        : RunID(group.key).map { "batch \($0.shortName)  \(board[$0]?.title ?? "")" } ?? group.key
    }
  }
}
