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

  private static func event(_ seq: UInt64, _ random: inout Seeded) -> RunEvent {
    let number = Int.random(in: 1...60, using: &random)
    let types: [EventType] = [
      .queued, .queued, .started, .progress, .attention, .resolved, .artifacts, .succeeded, .failed, .canceled, .output,
    ]
    let type = types.randomElement(using: &random) ?? .output
    let data: JSONObject =
      switch type {
      case .queued:
        [
          "contractId": .string(Sample.contract(number).description),
          "title": .string("Title \(number % 7) of some length \(number)"),
          "priority": .int(Int64.random(in: 1...3, using: &random)),
        ]
      case .started: ["runtimeId": .string(["local", "vibe", "simulated-nr-1"][number % 3])]
      case .progress: ["progress": .double(Double.random(in: 0...1, using: &random))]
      case .attention: ["attentionId": "q", "question": "?"]
      case .resolved: ["attentionId": "q"]
      case .artifacts: ["files": 3, "added": .int(Int64(number)), "removed": 1, "testsPassed": 2, "testsTotal": 3]
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
