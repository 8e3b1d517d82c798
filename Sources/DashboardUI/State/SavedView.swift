import RunModel

/// A way to look at the runs, under a name.
struct SavedView: Sendable, Equatable {
  var name: String
  var filter = ""
  var sort = RunSort()
  var grouping = RunGrouping.none
  /// Nil: the standard ones.
  var columns: [ColumnChoice]?

  /// The one that nobody can change or delete: the way back.
  static let standard = SavedView(name: "Standard")

  func looks(like other: SavedView) -> Bool {
    filter == other.filter && sort == other.sort && grouping == other.grouping && columns == other.columns
  }

  /// Its filter, order, groups and columns, for the dialog.
  var summary: String {
    var words: [String] = []
    if !filter.isEmpty { words.append("/\(filter)") }
    if sort != RunSort() { words.append("by \(sort.column.rawValue)\(sort.isInverted ? " ↑" : "")") }
    if grouping != .none { words.append("grouped by \(grouping.rawValue)") }
    if let columns { words.append("columns \(columns.map(\.column.rawValue).joined(separator: ", "))") }
    return words.isEmpty ? "all runs, those that need someone first" : words.joined(separator: "  ")
  }
}

extension SavedView {
  var json: JSONValue {
    var object: JSONObject = ["name": .string(name), "filter": .string(filter)]
    object["sort"] = .string(sort.column.rawValue)
    object["inverted"] = .bool(sort.isInverted)
    object["group"] = .string(grouping.rawValue)
    if let columns { object["columns"] = .array(columns.map { .string($0.text) }) }
    return .object(object)
  }

  /// Nil without a name; what else it does not know is left at the standard.
  init?(json: JSONValue) {
    guard let name = json["name"]?.string, !name.isEmpty else { return nil }
    self.init(name: name)
    filter = json["filter"]?.string ?? ""
    sort.column = json["sort"]?.string.flatMap(SortColumn.init) ?? .state
    sort.isInverted = json["inverted"]?.bool ?? false
    grouping = json["group"]?.string.flatMap(RunGrouping.init) ?? .none
    columns = json["columns"].flatMap(ColumnChoice.remembered)
  }
}

extension ColumnChoice {
  /// Columns as they were kept; those that are unknown now are left out.
  static func remembered(_ json: JSONValue) -> [ColumnChoice]? {
    guard let texts = json.array?.compactMap(\.string) else { return nil }
    var choices: [ColumnChoice] = []
    for text in texts {
      // A column that this version does not have is no reason to forget the others.
      guard let choice = try? ColumnChoice(text), !choices.contains(where: { $0.column == choice.column }) else {
        continue
      }
      choices.append(choice)
    }
    return choices.isEmpty ? nil : withTitle(choices)
  }
}
