import RunModel
import TerminalKit

/// Saved views: filter, order, groups and columns under a name.
extension DashboardState {
  /// What is on the screen, as a view.
  func presentView(named name: String) -> SavedView {
    SavedView(
      name: name, filter: list.filter.text, sort: list.sort, grouping: list.grouping, columns: preferences.columns)
  }

  /// Those to choose from: the standard one, then the person's own.
  var views: [SavedView] { [.standard] + preferences.views }

  /// The view on the screen, and whether it was changed since it was taken.
  var currentView: (name: String, isChanged: Bool)? {
    guard let viewName, let view = views.first(where: { $0.name == viewName }), viewName != SavedView.standard.name
    else { return nil }
    return (view.name, !presentView(named: view.name).looks(like: view))
  }

  mutating func askViews() {
    show(.runs)
    var dialog = ViewsDialog()
    dialog.cursor = views.firstIndex { $0.name == viewName } ?? 0
    layers.append(.views(dialog))
  }

  mutating func takeInViews(_ key: Key, _ dialog: ViewsDialog) {
    var dialog = dialog
    if var name = dialog.naming {
      switch key {
      case .escape: dialog.naming = nil
      case .enter:
        guard saveView(name.text) else { return }
        dialog.naming = nil
        dialog.cursor = views.firstIndex { $0.name == viewName } ?? 0
      default:
        guard name.handle(key) else { return }
        dialog.naming = name
      }
      layers[layers.count - 1] = .views(dialog)
      return
    }
    let view = views[safe: dialog.cursor]
    let action = keys.action(for: key, in: [.viewsDialog, .moving])
    if dialog.isDeleting {
      dialog.isDeleting = false
      if action == .delete || key == .character("y"), let view {
        keep { $0.views.removeAll { $0.name == view.name } }
        if viewName == view.name { viewName = nil }
        dialog.cursor = min(dialog.cursor, views.count - 1)
      }
      layers[layers.count - 1] = .views(dialog)
      return
    }
    switch action {
    case .back:
      layers.removeLast()
      return
    case .submit:
      layers.removeLast()
      if let view { take(view) }
      return
    case .saveView: dialog.naming = TextField(viewName == SavedView.standard.name ? "" : viewName ?? "")
    case .delete:
      guard dialog.cursor > 0 else {
        toast("The standard view stays: it is the way back", .info)
        return
      }
      dialog.isDeleting = true
    case .some(let action): dialog.cursor = Self.moved(dialog.cursor, action, page: 10, count: views.count)
    case nil: return
    }
    layers[layers.count - 1] = .views(dialog)
  }

  /// False when the name cannot be taken.
  @discardableResult
  mutating func saveView(_ text: String) -> Bool {
    let name = text.trimmed
    guard !name.isEmpty else {
      toast("A view needs a name", .bad)
      return false
    }
    guard name.lowercased() != SavedView.standard.name.lowercased() else {
      toast("\(SavedView.standard.name) is the name of the view that is always there; choose another", .bad)
      return false
    }
    let view = presentView(named: name)
    keep { preferences in
      if let place = preferences.views.firstIndex(where: { $0.name == name }) {
        preferences.views[place] = view
      } else {
        preferences.views.append(view)
      }
    }
    viewName = name
    toast("Saved the view \(name)", .good)
    return true
  }

  mutating func take(_ view: SavedView) {
    show(.runs)
    keep { $0.columns = view.columns }
    setSort(view.sort)
    setGrouping(view.grouping)
    setFilter(view.filter)
    viewName = view.name
    wideLeft = 0
  }

  /// `:view NAME`.
  mutating func takeView(named name: String) {
    if let view = views.first(where: { $0.name == name })
      ?? views.first(where: { $0.name.lowercased() == name.lowercased() })
    {
      take(view)
    } else {
      toast("There is no view \"\(name)\".\(Nearest.hint(for: name, among: views.map(\.name)))", .bad)
    }
  }

  // MARK: The palette

  /// What the palette offers after a word of the runs screen; nil for other words.
  func runsPaletteEntries(_ first: String, _ typed: String) -> [PaletteEntry]? {
    switch first {
    case "columns":
      let head = typed.split(separator: ",", omittingEmptySubsequences: false).dropLast().joined(separator: ",")
      let last = typed.split(whereSeparator: { $0 == "," || $0 == " " }).last.map(String.init) ?? ""
      let lead = head.isEmpty ? "columns " : head + ","
      let offers = RunColumn.allCases.filter { $0.rawValue.hasPrefix(last) && $0.rawValue != last }
      let asTyped = PaletteEntry(name: typed.trimmed, help: "show these columns", keys: "")
      return (typed.hasSuffix(" ") || typed.hasSuffix(",") ? [] : [asTyped])
        + offers.map { PaletteEntry(name: lead + $0.rawValue, help: $0.help, keys: "") }
    case "group":
      return RunGrouping.allCases.map { PaletteEntry(name: "group \($0.rawValue)", help: "", keys: "") }
        .filter { $0.name.hasPrefix(typed.trimmed) }
    case "view":
      return views.map { PaletteEntry(name: "view \($0.name)", help: $0.summary, keys: "") }
        .filter { $0.name.lowercased().hasPrefix(typed.trimmed.lowercased()) }
    case "save-view":
      return [PaletteEntry(name: typed, help: "keep filter, order, groups and columns under this name", keys: "")]
    default: return nil
    }
  }

  /// The words of the runs screen that take more words; false for other words.
  mutating func runRunsCommand(_ name: String, _ rest: String) -> Bool {
    switch name {
    case "columns" where !rest.isEmpty: setColumns(text: rest)
    case "group" where !rest.isEmpty:
      if let grouping = RunGrouping(rawValue: rest) {
        show(.runs)
        setGrouping(grouping)
      } else {
        let known = RunGrouping.allCases.map(\.rawValue)
        let hint = Nearest.hint(for: rest, among: known)
        toast(
          "Runs are not grouped by \"\(rest)\"."
            + (hint.isEmpty ? " There are \(known.joined(separator: ", "))." : hint), .bad)
      }
    case "view":
      if rest.isEmpty { askViews() } else { takeView(named: rest) }
    case "save-view" where rest.isEmpty:
      var dialog = PaletteDialog()
      dialog.field.replace("save-view ")
      layers.append(.palette(dialog))
    case "save-view": saveView(rest)
    default: return false
    }
    return true
  }
}
