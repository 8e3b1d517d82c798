import RunModel

/// One row of the commands and the tests tab.
struct RecordRow: Sendable {
  var name: String
  var test: TestRecord?
  var exitCode: Int?
  var milliseconds: Int64?
  var output: String?
  /// What the agent said of it.
  var remark: String?

  init(test: TestRecord) {
    name = test.name
    self.test = test
    exitCode = test.exitCode
    milliseconds = test.durationMilliseconds
    output = test.output
  }

  init(command: String) { name = command }

  var hasFailed: Bool {
    if let test { return test.status == .failed || test.status == .error }
    return exitCode.map { $0 != 0 } ?? false
  }
}

/// The run's commands and tests tabs.
extension DashboardState {
  /// Commands in the order they ran; tests with those that failed first.
  func records(_ tab: RunTab) -> [RecordRow] {
    let rows = tab == .commands ? commandRows : testRows
    return open?.showsFailedOnly == true ? rows.filter(\.hasFailed) : rows
  }

  private var testRows: [RecordRow] {
    func rank(_ status: TestRecord.Status) -> Int {
      switch status {
      case .failed, .error: 0
      case .skipped: 1
      case .passed: 2
      }
    }
    return (open?.artifacts?.testsRun ?? []).enumerated()
      .sorted { (rank($0.element.status), $0.offset) < (rank($1.element.status), $1.offset) }
      .map { RecordRow(test: $0.element) }
  }

  /// From the artifacts, with what the verify commands' evidence tells; while the agent works, from its tool calls.
  private var commandRows: [RecordRow] {
    guard let open else { return [] }
    let verified = open.artifacts?.evidence?["verify"]?.array ?? []
    var rows = (open.artifacts?.commandsRun ?? []).map { command in
      if let test = open.artifacts?.testsRun.first(where: { $0.name == command }) { return RecordRow(test: test) }
      var row = RecordRow(command: command)
      if let found = verified.first(where: { $0["command"]?.string == command }) {
        row.exitCode = found["exitCode"]?.int.flatMap { Int(exactly: $0) }
        row.milliseconds = found["duration_ms"]?.int
        row.output = found["output"]?.string
      }
      return row
    }
    let known = Set(rows.map(\.name))
    let told = log?.run == open.id ? log?.commands ?? [] : []
    var agents: [RecordRow] = []
    for line in told {
      guard let data = line.event?.data, let target = data["target"]?.string else { continue }
      if known.contains(target) {
        guard let place = rows.firstIndex(where: { $0.name == target && $0.exitCode == nil && $0.remark == nil }) else {
          continue
        }
        rows[place].remark = line.detail
      } else {
        var row = RecordRow(command: target)
        row.remark = line.detail
        agents.append(row)
      }
    }
    return agents + rows
  }

  mutating func moveRecords(_ action: Action, _ height: Int) {
    guard let open else { return }
    if open.readsOutput {
      let top = open.outputUp
      let step: Int? =
        switch action {
        case .up: 1
        case .down: -1
        case .pageUp, .halfUp: max(1, height / 2)
        case .pageDown, .halfDown: -max(1, height / 2)
        case .top: 100_000
        case .bottom: -100_000
        default: nil
        }
      if let step { self.open?.outputUp = max(0, min(top + step, 500)) }
      return
    }
    let count = records(open.tab).count
    setRecord(Self.moved(open.recordCursor[open.tab] ?? 0, action, page: height / 2, count: count))
  }

  private mutating func setRecord(_ row: Int) {
    guard let tab = open?.tab else { return }
    open?.recordCursor[tab] = row
    open?.outputUp = 0
  }

  mutating func performInRecords(_ action: Action) {
    guard let open else { return }
    let rows = records(open.tab)
    let here = min(open.recordCursor[open.tab] ?? 0, max(0, rows.count - 1))
    switch action {
    case .failedOnly:
      let name = rows[safe: here]?.name
      self.open?.showsFailedOnly.toggle()
      setRecord(records(open.tab).firstIndex { $0.name == name } ?? 0)
    case .nextMatch, .previousMatch:
      let failed = rows.indices.filter { rows[$0].hasFailed }
      let found =
        action == .nextMatch ? failed.first { $0 > here } ?? failed.first : failed.last { $0 < here } ?? failed.last
      if let found { setRecord(found) } else { toast("Nothing has failed", .info) }
    default: break
    }
  }

  /// Enter: the keys that move go to the output, and back.
  mutating func openRecord() {
    open?.readsOutput.toggle()
    open?.outputUp = 0
  }
}
