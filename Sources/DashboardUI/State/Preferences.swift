package import RunModel

/// What the dashboard remembers of a person from one sitting to the next. It is kept as one JSON object; members that
/// this version does not know survive.
package struct Preferences: Sendable, Equatable {
  /// Filters that were used, latest first.
  package var filters: [String] = []
  /// Reasons given for cancels, latest first.
  package var reasons: [String] = [Preferences.standardReason]
  /// What a cancel is for until something else is written: an earlier reason is of another run.
  static let standardReason = "No longer needed"
  /// Work dispatched from the form, latest first.
  var drafts: [WorkDraft] = []
  /// Drafts with names, in the order of the names.
  var templates: [WorkTemplate] = []
  /// Repositories that work was dispatched to, latest first.
  var repositories: [String] = []
  /// The columns of the runs, in their order; nil: the standard ones.
  var columns: [ColumnChoice]?
  /// Ways to look at the runs, in the order they were saved.
  var views: [SavedView] = []

  /// The diff's two sides beside each other, where there is room; and its syntax in colours.
  package var diffSideBySide = false
  package var diffSyntax = true
  /// Remarks on lines of diffs that were not sent yet.
  package var comments = LineComments()

  /// Words for agents that take none while they work, and comments on their diffs: they go out when the run has ended, in
  /// this sitting or a later one.
  package var messagesToSend = WaitingTexts()
  package var reviewsToSend = WaitingTexts()
  /// What stood in the dispatch form when it was left.
  var unsent: UnsentForm?

  /// Files that were reviewed.
  package var reviews = Reviews()

  /// Rationales of approvals and rejections, latest first.
  package var rationales: [String] = []
  /// How charts are drawn; nil: as the terminal can.
  package var chartStyle: ChartStyle?
  /// The window of the pulse screen.
  package var pulseWindow: String?

  /// The slug of the theme that was chosen in the dashboard, and what the configuration said then.
  package var theme: String?
  package var themeOver: String?

  private var others: JSONObject = [:]

  package init() {}

  /// The latest first, each once, `most` at most.
  static func remembering(_ text: String, in history: [String], most: Int = 50) -> [String] {
    Array(([text] + history.filter { $0 != text }).prefix(most))
  }
}

extension Preferences: JSONWritable {
  package func write(to json: inout JSONWriter) {
    var object = others
    object["filters"] = .array(filters.map { .string($0) })
    object["reasons"] = .array(reasons.map { .string($0) })
    object["drafts"] = .array(drafts.compactMap(\.json))
    object["templates"] = .array(
      templates.compactMap { template in template.draft.json.map { ["name": .string(template.name), "draft": $0] } })
    object["repositories"] = .array(repositories.map { .string($0) })
    object["diffSideBySide"] = .bool(diffSideBySide)
    object["diffSyntax"] = .bool(diffSyntax)
    object["comments"] = comments.json
    object["reviewed"] = reviews.json
    if !messagesToSend.isEmpty { object["messagesToSend"] = messagesToSend.json }
    if !reviewsToSend.isEmpty { object["reviewsToSend"] = reviewsToSend.json }
    if let unsent = unsent?.json { object["unsent"] = unsent }
    if let columns { object["columns"] = .array(columns.map { .string($0.text) }) }
    if !views.isEmpty { object["views"] = .array(views.map(\.json)) }
    object["rationales"] = .array(rationales.map { .string($0) })
    if let chartStyle { object["chartStyle"] = .string(chartStyle.rawValue) }
    if let pulseWindow { object["pulseWindow"] = .string(pulseWindow) }
    if let theme { object["theme"] = .string(theme) }
    if let themeOver { object["themeOver"] = .string(themeOver) }
    JSONValue.object(object).write(to: &json)
  }

  /// What cannot be read is left at its default: a damaged memory keeps nobody from working.
  package init(json: JSONValue) {
    for (key, value) in json.object ?? [:] {
      switch key {
      case "filters": filters = value.strings
      case "reasons": reasons = value.strings
      case "drafts": drafts = (value.array ?? []).compactMap { WorkDraft(kept: $0) }
      case "templates":
        templates = (value.array ?? []).compactMap { item in
          guard let name = item["name"]?.string, let draft = item["draft"].flatMap({ WorkDraft(kept: $0) }) else {
            return nil
          }
          return WorkTemplate(name: name, draft: draft)
        }
      case "repositories": repositories = value.strings
      case "diffSideBySide": diffSideBySide = value.bool ?? false
      case "diffSyntax": diffSyntax = value.bool ?? true
      case "comments": comments = LineComments(json: value)
      case "reviewed": reviews = Reviews(json: value)
      case "messagesToSend": messagesToSend = WaitingTexts(json: value)
      case "reviewsToSend": reviewsToSend = WaitingTexts(json: value)
      case "unsent": unsent = UnsentForm(json: value)
      case "columns": columns = ColumnChoice.remembered(value)
      case "views": views = (value.array ?? []).compactMap(SavedView.init(json:))
      case "rationales": rationales = value.strings
      case "chartStyle": chartStyle = value.string.flatMap(ChartStyle.init)
      case "pulseWindow": pulseWindow = value.string
      case "theme": theme = value.string
      case "themeOver": themeOver = value.string
      default: others.append(key, value)
      }
    }
  }
}

extension JSONValue {
  /// The strings of an array; what is no string is left out.
  fileprivate var strings: [String] { (array ?? []).compactMap(\.string) }
}
