import RunModel

/// One row of the commands and the tests tab.
struct RecordRow: Sendable {
  var name: String
  var test: TestRecord?
}

/// The run's commands and tests tabs.
extension DashboardState {
  /// Commands in the order they ran; tests with those that failed first.
  func records(_ tab: RunTab) -> [RecordRow] {
    guard let artifacts = open?.artifacts else { return [] }
    if tab == .commands {
      return artifacts.commandsRun.map { command in
        RecordRow(name: command, test: artifacts.testsRun.first { $0.name == command })
      }
    }
    func rank(_ status: TestRecord.Status) -> Int {
      switch status {
      case .failed, .error: 0
      case .skipped: 1
      case .passed: 2
      }
    }
    return artifacts.testsRun.enumerated()
      .sorted { (rank($0.element.status), $0.offset) < (rank($1.element.status), $1.offset) }
      .map { RecordRow(name: $0.element.name, test: $0.element) }
  }
}
