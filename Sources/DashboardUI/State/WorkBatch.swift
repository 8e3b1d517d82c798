import RunModel

/// Work brought in as JSON, looked at before it is dispatched.
struct WorkBatch: Sendable {
  struct Row: Sendable {
    var item: WorkSurvey.Item
    var isIncluded: Bool
    /// What the orchestrator would do with it: one for each runtime asked for.
    var outcomes: [DispatchOutcome] = []

    var contract: Contract? { if case .contract(let contract) = item.finding { contract } else { nil } }
    /// What keeps it from being dispatched.
    var fault: String? {
      if case .wrong(let error) = item.finding { return error.message }
      return outcomes.compactMap(\.problem).first?.detail
    }
  }

  /// A file's path; nil for what was pasted.
  var path: String?
  /// As it was pasted, for those who meant it as text.
  var pasted: String?
  var rows: [Row] = []
  var isReading = true
  var isCut = false
  /// Why there is nothing to look at.
  var problem: String?
  var cursor = 0
  var generation = 0
  var isDecided = false
  var isSending = false

  var chosen: [Contract] { rows.compactMap { $0.isIncluded ? $0.contract : nil } }
  /// How many are chosen, and how many are wrong: kept, as a frame must not go through all of them.
  private(set) var chosenCount = 0
  private(set) var faultCount = 0

  /// After rows changed.
  mutating func recount() {
    chosenCount = rows.count { $0.isIncluded }
    faultCount = rows.count { $0.fault != nil }
  }
}

/// Where work to look at comes from.
package enum WorkSource: Sendable, Equatable {
  case file(String)
  case pasted(String)
}
