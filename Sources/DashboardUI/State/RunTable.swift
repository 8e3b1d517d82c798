import RunModel
import TerminalKit

/// Where the columns of the table of runs are. Those with the weakest claim go first as the room gets less.
struct RunTable: Sendable, Equatable {
  struct Cell: Sendable, Equatable {
    var column: RunColumn
    /// From the table's left edge.
    var x: Int
    var width: Int
  }

  /// The mark of the cursor, the status and a space.
  static let lead = 3
  static let gap = 2
  /// After the run's id, or before the title where the id is not first: the mark stands in it.
  static let markGap = 3

  private(set) var cells: [Cell] = []
  /// Columns left out on the left, in wide mode, and whether there are more on the right.
  private(set) var hiddenLeft = 0
  private(set) var hasMore = false
  /// Where the mark of a marked run stands.
  private(set) var markX = 0

  var hidesColumns: Bool { hiddenLeft > 0 || hasMore }

  /// What fits into `width`. `runtimeName` is the longest name of a runtime.
  init(_ choices: [ColumnChoice], width: Int, runtimeName: Int) {
    func standard(_ choice: ColumnChoice) -> Int {
      choice.width ?? (choice.column == .runtime ? max(7, min(12, runtimeName)) : choice.column.width)
    }
    var widths: [RunColumn: Int] = [:]
    var room = width - Self.lead - Self.markGap - 1
    if let run = choices.first(where: { $0.column == .run }) {
      widths[.run] = standard(run)
      room -= standard(run) + (choices.first?.column == .run ? 0 : Self.gap)
    }
    let others = choices.filter { $0.column != .run && $0.column != .title }
    for choice in others.enumerated().sorted(by: {
      ($0.element.column.claim.rank, $0.offset) < ($1.element.column.claim.rank, $1.offset)
    }).map(\.element) {
      let wanted = standard(choice)
      guard room - wanted - Self.gap >= choice.column.claim.leaving else { continue }
      room -= wanted + Self.gap
      widths[choice.column] = wanted
    }
    let spare = room - 40
    if spare > 0, let progress = widths[.progress],
      !choices.contains(where: { $0.column == .progress && $0.width != nil })
    {
      let more = min(14, spare / 2)
      widths[.progress] = progress + more
      room -= more
    }
    let title = choices.first { $0.column == .title }?.width ?? .max
    widths[.title] = max(0, min(room, title))
    place(choices.compactMap { choice in widths[choice.column].map { (choice.column, $0) } })
  }

  /// All columns, as wide as they like to be; the first `scrolled` after the run's id are out of sight on the left.
  init(wide choices: [ColumnChoice], width: Int, runtimeName: Int, scrolled: Int) {
    let chosen = choices.map(\.column)
    let all = choices + RunColumn.allCases.filter { !chosen.contains($0) }.map { ColumnChoice($0) }
    var columns = all.map { choice in
      (choice.column, choice.width ?? (choice.column == .runtime ? max(7, min(20, runtimeName)) : choice.column.width))
    }
    let held = columns.first?.0 == .run ? 1 : 0
    hiddenLeft = max(0, min(scrolled, columns.count - held - 1))
    columns.removeSubrange(held..<(held + hiddenLeft))
    place(columns)
    let edge = width - 1
    // Half a text can be read, half a number cannot.
    while let last = cells.last, last.x + (last.column.isRight ? last.width : min(last.width, 8)) > edge {
      cells.removeLast()
      hasMore = true
    }
    if let last = cells.indices.last { cells[last].width = min(cells[last].width, edge - cells[last].x) }
  }

  private mutating func place(_ columns: [(RunColumn, Int)]) {
    let marked = columns.first?.0 == .run ? 1 : columns.firstIndex { $0.0 == .title } ?? 0
    var x = Self.lead
    for (index, (column, width)) in columns.enumerated() {
      if index == marked {
        x += index == 0 ? Self.gap : Self.markGap
        markX = x - 2
      } else if index > 0 {
        x += Self.gap
      }
      cells.append(Cell(column: column, x: x, width: width))
      x += width
    }
  }

  subscript(column: RunColumn) -> Cell? { cells.first { $0.column == column } }

  /// The column whose head is at `x`.
  func column(at x: Int) -> RunColumn? {
    cells.last { x >= $0.x - Self.gap && x < $0.x + $0.width }?.column
  }
}

extension DashboardState {
  /// The columns now in use.
  var columns: [ColumnChoice] { preferences.columns ?? standardColumns }

  var table: RunTable {
    let names = runtimes.map { measure($0.runtimeId.rawValue) }.max() ?? 9
    let width = layout.rows.width
    return isWide
      ? RunTable(wide: columns, width: width, runtimeName: names, scrolled: wideLeft)
      : RunTable(columns, width: width, runtimeName: names)
  }
}
