import RunModel
import TerminalKit

/// Columns: the chooser, `:columns`, and the side-ways scroll of wide mode.
extension DashboardState {
  mutating func askColumns() {
    show(.runs)
    layers.append(.columns(ColumnsDialog(columns)))
  }

  mutating func takeInColumns(_ key: Key, _ dialog: ColumnsDialog) {
    var dialog = dialog
    let row = dialog.rows[safe: dialog.cursor]
    switch keys.action(for: key, in: [.columnsDialog, .moving]) {
    case .submit, .back:
      layers.removeLast()
      return
    case .toggle:
      guard let row else { return }
      if row.choice.column == .title {
        toast("The title stays: without it a row has no name", .info)
      } else {
        dialog.rows[dialog.cursor].isShown.toggle()
      }
    case .earlier, .later:
      let other = dialog.cursor + (keys.action(for: key, in: [.columnsDialog]) == .earlier ? -1 : 1)
      guard dialog.rows.indices.contains(other), row != nil else { return }
      dialog.rows.swapAt(dialog.cursor, other)
      dialog.cursor = other
    case .widen: resize(&dialog, 1)
    case .narrow: resize(&dialog, -1)
    case .standard:
      let column = row?.choice.column
      dialog = ColumnsDialog(standardColumns)
      dialog.cursor = dialog.rows.firstIndex { $0.choice.column == column } ?? 0
      layers[layers.count - 1] = .columns(dialog)
      keep { $0.columns = nil }
      return
    case .some(let action):
      dialog.cursor = Self.moved(dialog.cursor, action, page: 10, count: dialog.rows.count)
    case nil: return
    }
    layers[layers.count - 1] = .columns(dialog)
    setColumns(dialog.choices)
  }

  private func resize(_ dialog: inout ColumnsDialog, _ step: Int) {
    guard let choice = dialog.rows[safe: dialog.cursor]?.choice else { return }
    // From what it has on the screen.
    let width = choice.width ?? table[choice.column]?.width ?? choice.column.width
    dialog.rows[dialog.cursor].choice.width =
      max(RunColumn.widths.lowerBound, min(RunColumn.widths.upperBound, width + step))
  }

  mutating func setColumns(_ choices: [ColumnChoice]) {
    let kept: [ColumnChoice]? = choices == standardColumns ? nil : choices
    keep { $0.columns = kept }
    wideLeft = 0
  }

  /// `:columns a,b:20,c`.
  mutating func setColumns(text: String) {
    if text == "standard" {
      setColumns(standardColumns)
      return
    }
    do throws(Problem) {
      setColumns(try ColumnChoice.list(text.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)))
    } catch { toast(error.detail, .bad) }
  }

  mutating func turnWide() {
    isWide.toggle()
    wideLeft = 0
    keepCursorVisible()
    schedulePreview()
  }

  /// What ← and → do among the runs.
  mutating func moveSideways(_ action: Action) {
    let isLeft = action == .left
    if case .group(let group)? = list.row(cursor) {
      fold(group, isLeft)
    } else if isWide {
      if isLeft {
        wideLeft = max(0, wideLeft - 1)
      } else if table.hasMore {
        wideLeft += 1
      }
    } else if isLeft, let group = list.group(at: cursor), let header = list.index(ofGroup: list.groups[group].key) {
      moveCursor(to: header)
    }
  }
}
