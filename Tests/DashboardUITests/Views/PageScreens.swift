import RunModel
import TerminalKit

@testable import DashboardUI

/// The pages beside the runs: Queue, Audit, Pulse and what is opened on them.
let pageScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "queue",
    { size in
      var state = Pages.queued(size)
      state.press("3", "j")
      return state
    }
  ),
  (
    "queue-empty",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      _ = state.update(.link(.live))
      _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: Sample.runtimes)))
      state.press("3")
      return state
    }
  ),
  (
    "pulse",
    { size in
      var state = Pages.busy(size)
      state.press("5", "j")
      return state
    }
  ),
  (
    "pulse-blocks",
    { size in
      var state = Pages.busy(size)
      state.press("5", "b", "v")
      _ = state.update(.tick(Sample.now + .seconds(10)))
      return state
    }
  ),
  (
    "pulse-empty",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      _ = state.update(.link(.live))
      _ = state.update(.snapshot(Snapshot(seq: 0, runs: [], runtimes: [])))
      state.press("5")
      return state
    }
  ),
  (
    "pulse-connecting",
    { size in
      var state = DashboardState(size: size, now: Sample.now)
      state.press("5")
      return state
    }
  ),
  (
    "runtimes-pane",
    { size in
      var state = Pages.busy(size)
      state.press("2", "enter")
      return state
    }
  ),
  (
    "audit",
    { size in
      var state = Sample.state(size)
      state.press("4")
      _ = state.update(.audit(.latest, Pages.trail(1...60)))
      state.press("k", "k")
      return state
    }
  ),
  (
    "audit-broken",
    { size in
      var state = Sample.state(size)
      state.press("4")
      var part = Pages.trail(9501...9560)
      part.complaints[9558] = "its content does not match its event_hash"
      _ = state.update(.audit(.latest, part))
      state.press("v", "k", "k")
      return state
    }
  ),
  (
    "audit-loading",
    { size in
      var state = Sample.state(size)
      state.press("4")
      return state
    }
  ),
  (
    "audit-empty",
    { size in
      var state = Sample.state(size)
      state.press("4")
      _ = state.update(.audit(.latest, AuditPart(records: [])))
      return state
    }
  ),
  (
    "audit-failed",
    { size in
      var state = Sample.state(size)
      state.press("4")
      _ = state.update(
        .failed(Problem(.unavailable, "No orchestrator answers at unix:/run/flightdeck.sock."), .audit(.latest)))
      return state
    }
  ),
  (
    "approve",
    { size in
      var state = Pages.queued(size)
      state.press("3", "space", "space", "a")
      state.type("agreed in the change board")
      return state
    }
  ),
  (
    "reject",
    { size in
      var state = Pages.queued(size)
      state.press("3", "j", "R")
      return state
    }
  ),
]

/// States of these pages.
enum Pages {
  /// Records as the trail has them, each linked to the one before.
  static func trail(_ seqs: ClosedRange<Int>) -> AuditPart {
    func hash(_ seq: Int) -> String {
      let digits = String(UInt64(seq) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
      return String(String(repeating: digits, count: 5).prefix(64))
    }
    return AuditPart(
      records: seqs.map { seq in
        let kinds = ["dispatched", "routed", "started", "cancel_requested", "canceled", "completed"]
        let kind = kinds[seq % kinds.count]
        let isHuman = kind == "dispatched" || kind == "cancel_requested"
        var record = AuditRecord(
          actorType: isHuman ? "human" : "system", eventType: "agent_run.\(kind)",
          createdAt: Sample.now + .seconds(10 * (seq - seqs.upperBound)), runtimeProvider: "local")
        record.seq = UInt64(seq)
        record.actorId = isHuman ? "ana" : "flightdeck"
        record.subjectTable = "agent_runs"
        record.subjectId = Sample.id(1 + seq % 10).description
        record.beforeState = ["status": "queued"]
        record.afterState = ["status": .string(kind == "canceled" ? "canceled" : "running")]
        record.eventData = ["force": false, "considered": [["runtimeId": "local", "eligible": true]]]
        record.rationale = kind == "cancel_requested" ? "no longer needed: replaced by the new importer" : nil
        record.previousHash = seq > 1 ? hash(seq - 1) : nil
        record.eventHash = hash(seq)
        return record
      })
  }

  /// A quarter of an hour of steady work on two runtimes, always the same.
  static func busy(_ size: Size) -> DashboardState {
    var runs = Sample.runs
    for number in 0..<90 {
      let started = -900 + number * 10
      let took = 20 + number * number % 37
      runs.append(
        Sample.run(100 + number, "Tidy module \(number)") { run in
          run.createdAt = Sample.now + .seconds(started - 15 - number % 4)
          run.startedAt = Sample.now + .seconds(started)
          run.runtimeId = number % 3 == 0 ? "vibe" : "local"
          run.inputTokens = Int64(1000 + 13 * number)
          run.costUSD = 0.01 * Double(number % 7)
          run.status = number % 11 == 5 ? .failed : number % 17 == 3 ? .canceled : .succeeded
          run.reason = run.status == .failed ? "exit 1" : nil
          if started + took < 0 { run.endedAt = Sample.now + .seconds(started + took) } else { run.status = .running }
        })
    }
    var state = DashboardState(size: size, now: Sample.now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
    return state
  }

  /// A morning with a long queue: every kind of waiting.
  static func queued(_ size: Size) -> DashboardState {
    var runs = Sample.runs
    let waits: [(String, [String], Int, [String])] = [
      ("Rotate the signing keys", ["approval pending"], 300, ["security"]),
      ("Drop the legacy tables", ["approval pending", "GH-88"], 100, ["database"]),
      ("Shrink the container image", ["a slot on local"], 90, ["backend"]),
      ("Explain the queue in the handbook", ["a2a-web to be healthy again"], 80, ["docs"]),
      ("Add a test for the 日本 importer", [], 40, ["test"]),
    ]
    for (offset, wait) in waits.enumerated() {
      runs.append(
        Sample.run(11 + offset, wait.0) { run in
          run.waitsFor = wait.1
          run.priority = wait.2
          run.labels = wait.3
          run.createdAt = Sample.start + .seconds(300 * offset)
          run.pin = offset == 2 ? "local" : offset == 3 ? "a2a-web" : nil
          if offset < 2 {
            run.approval = Approval(
              risk: offset == 0 ? .high : .critical, taskClass: offset == 0 ? "security_policy" : "database_migration",
              needed: offset + 1, requestedBy: "ana", requestedAt: run.createdAt)
            if offset == 1 {
              run.approval?.given = [.init(by: "bob", why: "the copy is verified", at: Sample.now + .seconds(-60))]
            }
          }
        })
    }
    var state = DashboardState(size: size, now: Sample.now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: Sample.runtimes)))
    return state
  }
}
