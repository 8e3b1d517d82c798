import RunModel

@testable import Orchestration
@testable import RuntimeAdapters

/// State machines under any order of what may happen to them.
enum LifeTargets {
  static let all = [run, stop, queue, ring]

  static let run = FuzzTarget(name: "run-machine", seeds: [[0, 1, 2, 3], [0, 1, 9, 9, 9]], longest: 60, cases: 2000) {
    bytes in
    var choices = Choices(bytes)
    let verifies = choices.flag()
    var machine = RunMachine(hasVerification: verifies)
    var finishes = 0
    var asked: RunMachine.Stop?
    var agentHasEnded = false
    while !choices.isEmpty {
      let before = machine
      let inputs: [RunMachine.Input] = [
        .startRequested, .started, .startFailed(reason: "no"), .stopRequested(.cancel(reason: "a", force: false)),
        .stopRequested(.cancel(reason: "b", force: true)), .stopRequested(.timeout(seconds: 5)), .stopSent,
        .agentEnded(TaskEnd(.succeeded)), .agentEnded(TaskEnd(.failed, reason: "f")), .agentEnded(TaskEnd(.canceled)),
        .verified(failure: nil), .verified(failure: "v"), .lost(reason: "l"),
      ]
      let input = choices.one(of: inputs)
      let actions: [RunMachine.Action]
      do { actions = try machine.receive(input) } catch {
        try hold(machine == before, "what cannot happen changes \(before) to \(machine)")
        continue
      }
      if case .stopRequested(let wanted) = input, !before.status.isTerminal { asked = asked ?? wanted }
      if case .agentEnded = input { agentHasEnded = true }
      try hold(
        !before.status.isTerminal || machine == before && actions.isEmpty, "\(input) changes the ended \(before)")
      for case .finish(let status, _) in actions {
        finishes += 1
        try hold(machine.status == status && status.isTerminal, "it ends as \(status) and is \(machine.status)")
        if status == .succeeded { try hold(agentHasEnded && asked == nil, "it succeeds, stopped or unfinished") }
        // What runs is canceled only once the agent or its runtime has said that it is gone.
        if status == .canceled, before.status == .running {
          switch input {
          case .agentEnded, .verified, .lost: break
          default: throw Broken("\(input) makes a running one canceled")
          }
        }
      }
      try hold((finishes > 0) == machine.status.isTerminal, "\(finishes) ends, and it is \(machine.status)")
      try hold(finishes <= 1, "it ends twice")
    }
  }

  static let stop = FuzzTarget(name: "stop-machine", seeds: [[1, 2, 3, 4, 5, 6]], longest: 80, cases: 2000) { bytes in
    var choices = Choices(bytes)
    var machine = StopMachine(
      grace: Int64(choices.below(100)), strayGrace: Int64(choices.below(50)), deadline: choices.flag() ? 500 : nil)
    var now: Int64 = 0
    var finished = false
    while !choices.isEmpty {
      now += Int64(choices.below(40))
      let action: StopMachine.Action
      var living = 1
      switch choices.below(5) {
      case 0:
        action = machine.stopRequested(choices.one(of: [.asked, .signal]), grace: Int64(choices.below(60)), now: now)
      case 1: action = machine.agentEnded()
      case 2, 3:
        living = choices.below(3)
        action = machine.looked(living: living, now: now)
      default: action = machine.passed(now: now)
      }
      try hold(!finished || action == .none, "after its end it wants \(action)")
      if action == .finish {
        try hold(machine.agentHasEnded && living == 0, "it ends with something alive")
        finished = true
      }
      try hold(machine.patience(now: now).map { $0 >= 0 } ?? true, "it waits for less than nothing")
      try hold(finished || machine.phase != .finished, "it is finished and never said so")
    }
    // However it stands, it comes to an end once nothing lives.
    if !finished {
      _ = machine.agentEnded()
      try hold(machine.looked(living: 0, now: now) == .finish, "it does not end though nothing lives")
    }
  }

  static let queue = FuzzTarget(name: "run-queue", seeds: [[1, 2, 3, 4, 5, 6, 7, 8]], longest: 200, cases: 800) {
    bytes in
    var choices = Choices(bytes)
    var queue = RunQueue()
    var plain: [(run: RunID, priority: Int, lane: Int)] = []
    let lanes = ["a", "b", "c"].map { RunQueue.Demands(runtime: RuntimeID($0), requires: [], refusedBy: []) }
    while !choices.isEmpty {
      let run = RunID(ULID(high: 1, low: UInt64(choices.below(12))))
      switch choices.below(4) {
      case 0, 1:
        let entry = (run, choices.below(3), choices.below(3))
        queue.insert(run, priority: entry.1, demands: lanes[entry.2])
        plain.removeAll { $0.run == run }
        plain.append(entry)
      case 2:
        try hold(queue.remove(run) == plain.contains { $0.run == run }, "it removes what is not there, or not")
        plain.removeAll { $0.run == run }
      default:
        let open = (0..<3).filter { _ in choices.flag() }
        let first = queue.first { demands in open.contains { lanes[$0] == demands } }
        let wanted = plain.filter { open.contains($0.lane) }.min {
          ($1.priority, $0.run) < ($0.priority, $1.run)
        }
        try hold(
          first == wanted?.run,
          "it gives \(first.map(\.description) ?? "none"), not \(wanted.map(\.run.description) ?? "none")")
      }
      try hold(queue.count == plain.count, "it has \(queue.count), not \(plain.count)")
    }
  }

  /// Subscribers that pull at any time get every event once, in order, or are told of the gap.
  static let ring = FuzzTarget(name: "event-ring", seeds: [[9, 8, 7, 6, 5, 4, 3]], longest: 200, cases: 500) { bytes in
    var choices = Choices(bytes)
    let ring = EventRing(capacity: 200 + choices.below(200) * 8, lastSeq: 0)
    var published: UInt64 = 0
    var cursors: [UInt64] = [0, 0, 0]
    while !choices.isEmpty {
      if choices.flag() {
        let events = (0..<(1 + choices.below(6))).map { _ in
          published += 1
          return StoredEvent(
            seq: published, run: nil, type: "x", json: Array(String(repeating: "y", count: choices.below(60)).utf8))
        }
        ring.publish(EventChunk.chunks(of: events))
        try hold(ring.lastSeq == published, "the ring is at \(ring.lastSeq), not \(published)")
      } else {
        let who = choices.below(3)
        switch ring.next(after: cursors[who]) {
        case .chunk(let chunk):
          try hold(chunk.firstSeq == cursors[who] + 1, "after \(cursors[who]) comes \(chunk.firstSeq)")
          let seqs = chunk.entries.map(\.seq)
          try hold(seqs == Array(chunk.firstSeq...chunk.lastSeq), "a gap in \(seqs)")
          cursors[who] = chunk.lastSeq
        case .empty:
          try hold(cursors[who] == published, "nothing newer than \(cursors[who]), though \(published) is there")
        case .gap(let oldest):
          try hold(oldest > cursors[who] + 1, "a gap before \(oldest) for \(cursors[who])")
          cursors[who] = oldest - 1
        case .closed: throw Broken("closed")
        }
      }
    }
  }
}
