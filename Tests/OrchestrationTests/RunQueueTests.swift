import Orchestration
import RunModel
import Testing

@Suite struct RunQueueTests {
  private let anyRuntime = RunQueue.Demands(runtime: nil, requires: [], refusedBy: [])
  private func run(_ number: UInt64) -> RunID { RunID(ULID(high: 0, low: number)) }

  @Test("Higher priority first, then the earlier one")
  func order() {
    var queue = RunQueue()
    queue.insert(run(3), priority: 100, demands: anyRuntime)
    queue.insert(run(2), priority: 500, demands: anyRuntime)
    queue.insert(run(1), priority: 100, demands: anyRuntime)
    var order: [RunID] = []
    while let next = queue.first(where: { _ in true }) {
      order.append(next)
      queue.remove(next)
    }
    #expect(order == [run(2), run(1), run(3)])
    #expect(queue.count == 0)
  }

  @Test("A run whose demands cannot be met holds none behind it back")
  func lanes() {
    var queue = RunQueue()
    let pinned = RunQueue.Demands(runtime: "busy", requires: [], refusedBy: [])
    queue.insert(run(1), priority: 900, demands: pinned)
    queue.insert(run(2), priority: 1, demands: anyRuntime)
    #expect(queue.first { $0.runtime == nil } == run(2))
    #expect(queue.first { _ in false } == nil)
  }

  @Test("Inserting a queued run again moves it")
  func reinsert() {
    var queue = RunQueue()
    queue.insert(run(1), priority: 1, demands: anyRuntime)
    queue.insert(run(2), priority: 2, demands: anyRuntime)
    queue.insert(run(1), priority: 3, demands: anyRuntime)
    #expect(queue.count == 2)
    #expect(queue.first { _ in true } == run(1))
  }

  @Test("It agrees with a plain sort on random runs, removals among them")
  func agreesWithSort() {
    var random = SeededGenerator(seed: 7)
    var queue = RunQueue()
    var expected: [(priority: Int, run: RunID)] = []
    for number in (1...500).shuffled(using: &random) {
      let priority = Int.random(in: 1...5, using: &random)
      let demands = RunQueue.Demands(runtime: Bool.random(using: &random) ? "a" : nil, requires: [], refusedBy: [])
      queue.insert(run(UInt64(number)), priority: priority, demands: demands)
      expected.append((priority, run(UInt64(number))))
      if number % 7 == 0 { queue.remove(expected.remove(at: Int.random(in: 0..<expected.count, using: &random)).run) }
    }
    expected.sort { ($1.priority, $0.run) < ($0.priority, $1.run) }
    var drained: [RunID] = []
    while let next = queue.first(where: { _ in true }) {
      drained.append(next)
      queue.remove(next)
    }
    #expect(drained == expected.map(\.run))
  }

  @Test("Whatever goes in and out in any order, the next is the one that a search of all would find")
  func anything() {
    var random = SeededGenerator(seed: 11)
    var queue = RunQueue()
    var model: [RunID: (priority: Int, demands: RunQueue.Demands)] = [:]
    let demands = ["a", "b", "c"].map { RunQueue.Demands(runtime: RuntimeID($0), requires: [], refusedBy: []) }
    for step in 0..<1500 {
      let id = run(UInt64.random(in: 0..<60, using: &random))
      if Bool.random(using: &random) {
        let entry = (Int.random(in: 1...3, using: &random), demands[Int.random(in: 0..<3, using: &random)])
        model[id] = entry
        queue.insert(id, priority: entry.0, demands: entry.1)
      } else {
        #expect(queue.remove(id) == (model.removeValue(forKey: id) != nil))
      }
      let barred = demands[step % 3]
      let wanted = model.filter { $0.value.demands != barred }.min {
        ($1.value.priority, $0.key) < ($0.value.priority, $1.key)
      }
      #expect(queue.first { $0 != barred } == wanted?.key)
      #expect(queue.count == model.count)
    }
  }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
