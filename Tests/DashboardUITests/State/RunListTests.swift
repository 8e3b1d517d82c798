import RunModel
import Testing

@testable import DashboardUI

/// Random numbers that are the same every time (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct RunListTests {
  @Test("The order kept as events come equals a sort of everything", arguments: SortColumn.allCases)
  func incrementalOrder(column: SortColumn) {
    var random = Seeded(UInt64(column.rawValue.utf8.count) * 977)
    var board = RunBoard()
    var list = RunList()
    list.setSort(RunSort(column: column, isInverted: column == .title), board)
    list.setFilter(RunFilter("!status:canceled"), board)
    var seq: UInt64 = 0
    for round in 0..<60 {
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        seq += 1
        if let place = board.apply(Self.event(seq, &random)) { list.touch(place, board) }
      }
      _ = list.settle(board)
      var fresh = RunList()
      fresh.setSort(list.sort, RunBoard())
      fresh.setFilter(list.filter, RunBoard())
      fresh.reset(board)
      #expect(list.visible == fresh.visible, "round \(round)")
    }
    #expect(board.runs.count > 20)
  }

  @Test(
    "Groups and their headers kept as events come equal those of a fresh list", arguments: RunGrouping.allCases,
    [RunSort(), RunSort(column: .activity), RunSort(column: .labels, isInverted: true)])
  func incrementalGroups(grouping: RunGrouping, sort: RunSort) {
    var random = Seeded(UInt64(grouping.rawValue.utf8.count) * 131 + UInt64(sort.column.rawValue.utf8.count))
    var board = RunBoard()
    var list = RunList()
    list.setSort(sort, board)
    list.setGrouping(grouping, board)
    list.setFilter(RunFilter("!label:gamma !status:canceled"), board)
    var seq: UInt64 = 0
    for round in 0..<60 {
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        seq += 1
        if let place = board.apply(Self.event(seq, &random)) { list.touch(place, board) }
      }
      _ = list.settle(board)
      if round == 30, let group = list.groups.last { list.setFolded(group.key, true) }
      var fresh = RunList()
      fresh.setSort(list.sort, RunBoard())
      fresh.setGrouping(grouping, RunBoard())
      fresh.setFilter(list.filter, RunBoard())
      fresh.reset(board)
      for group in list.groups where group.isFolded { fresh.setFolded(group.key, true) }
      #expect(list.visible == fresh.visible, "round \(round)")
      #expect(list.groups == fresh.groups, "round \(round)")
      #expect((0..<list.rowCount).map { list.row($0) } == (0..<fresh.rowCount).map { fresh.row($0) })
      #expect(list.groups.reduce(0) { $0 + $1.total } == (grouping == .none ? 0 : list.visible.count))
    }
    #expect(grouping == .none || list.groups.count > 1)
  }

  @Test("What a filter on activity, cost or silence lets through is kept as quiet events come")
  func quietEvents() {
    let filter = RunFilter("!activity:edit cost:<2 silence:<1m")
    #expect(filter.dependsOnActivity && filter.dependsOnTime)
    var random = Seeded(5)
    var board = RunBoard()
    var list = RunList()
    list.setFilter(filter, board)
    var seq: UInt64 = 0
    for round in 0..<40 {
      for _ in 0..<9 {
        seq += 1
        if let place = board.apply(Self.event(seq, &random)) { list.touch(place, board) }
      }
      let surroundings = FilterSurroundings(now: Sample.start + .seconds(Int(seq)))
      _ = list.setSurroundings(surroundings, board)
      _ = list.settle(board)
      var fresh = RunList()
      _ = fresh.setSurroundings(surroundings, RunBoard())
      fresh.setFilter(filter, RunBoard())
      fresh.reset(board)
      #expect(list.visible == fresh.visible, "round \(round)")
    }
  }

  private static func event(_ seq: UInt64, _ random: inout Seeded) -> RunEvent {
    let number = Int.random(in: 1...60, using: &random)
    let types: [EventType] = [
      .queued, .queued, .started, .progress, .attention, .resolved, .artifacts, .succeeded, .failed, .canceled, .output,
      .usage, .tool,
    ]
    let type = types.randomElement(using: &random) ?? .output
    let data: JSONObject =
      switch type {
      case .queued:
        [
          "contractId": .string(Sample.contract(number).description),
          "title": .string("Title \(number % 7) of some length \(number)"),
          "priority": .int(Int64.random(in: 1...3, using: &random)),
          "batch": number % 4 == 0 ? .null : .string(Sample.id(number % 3).description),
          "labels": .array(number % 5 == 0 ? [] : [.string(["alpha", "beta", "gamma", "delta"][number % 4])]),
        ]
      case .usage: ["costUSD": .double(Double(number % 4)), "inputTokens": .int(Int64(number))]
      case .tool: ["name": number % 2 == 0 ? "edit" : "run", "target": "a.swift"]
      case .started: ["runtimeId": .string(["local", "vibe", "simulated-nr-1"][number % 3])]
      case .progress: ["progress": .double(Double.random(in: 0...1, using: &random))]
      case .attention: ["attentionId": "q", "question": "?"]
      case .resolved: ["attentionId": "q"]
      case .artifacts: ["files": 3, "added": .int(Int64(number)), "removed": 1, "testsPassed": 2, "testsTotal": 3]
      case .failed: ["reason": .string("exit \(number % 3)")]
      default: [:]
      }
    return RunEvent(seq: seq, type: type, run: Sample.id(number), time: Sample.start + .seconds(Int(seq)), data: data)
  }

  @Test("Narrowing a filter word by word finds what the whole filter finds at once")
  func narrowing() {
    let board = RunBoard(runs: Sample.runs, seq: 100)
    var list = RunList()
    list.reset(board)
    let text = "title:ra !status:failed runtime:lo ad"
    for length in 1...text.count { list.setFilter(RunFilter(String(text.prefix(length))), board) }
    var whole = RunList()
    whole.reset(board)
    whole.setFilter(RunFilter(text), board)
    #expect(list.visible == whole.visible)
    #expect(!whole.visible.isEmpty)
  }

  @Test("By default those that need someone come first, then running, queued, and the ended newest first")
  func standardOrder() {
    let board = RunBoard(runs: Sample.runs, seq: 100)
    var list = RunList()
    list.reset(board)
    let runs = list.visible.map { board.runs[Int($0)] }
    #expect(runs.first?.needsAttention == true)
    #expect(
      runs.dropFirst().map(\.status) == [
        .running, .running, .running, .running, .queued, .queued, .canceled, .succeeded, .failed,
      ])
  }
}
