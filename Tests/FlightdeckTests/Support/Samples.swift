import RunModel

/// Runs and events as an orchestrator would tell them.
enum Samples {
  static let id = RunID("01J9Z3NDEKTSV4RRFFQ69G5FAV")!
  static let contract = ContractID("01J9Z3NDEKTSV4RRFFQ69G5FAW")!
  static let time = Timestamp("2026-01-01T00:00:00.000Z")!

  static func run(_ change: (inout Run) -> Void = { _ in }) -> Run {
    var run = Run(runId: id, contractId: contract, title: "Mend the fence", createdAt: time, seq: 1)
    change(&run)
    return run
  }

  static func output(_ seq: UInt64, _ text: String = "a line") -> RunEvent {
    RunEvent(seq: seq, type: .output, run: id, time: time, data: ["stream": "stdout", "text": .string(text)])
  }

  static func frame(_ event: RunEvent) -> String { "id: \(event.seq)\ndata: \(event.jsonText)\n\n" }
}
