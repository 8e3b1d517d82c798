import Orchestration
import RunModel
import SQLiteStore

/// From the command to the first frame with runs on it: 10,000 runs stored, the orchestrator up.
func firstFrame(_ workshop: Workshop) async throws -> [Row] {
  let state = try workshop.makeFolder("first")
  let runs = SampleRuns.runs(10_000)
  try await storeRuns(runs, in: state)
  let orchestrator = try OrchestratorProcess(workshop, state: state, configuration: "")
  defer { orchestrator.stop() }
  let names = runs.suffix(60).map { Array($0.runId.shortName.utf8) }
  var times: [Double] = []
  for _ in 0..<11 {
    let start = ContinuousClock.now
    let screen = try Screen(workshop, ["--state", state])
    defer { screen.stop() }
    try screen.wait(forAny: names)
    times.append(start.duration(to: .now).inMilliseconds)
  }
  // The first reads the program from disk.
  return [Row("first-frame", Array(times.dropFirst()).median, .atMost, 60, "ms")]
}

/// A store as these runs would have left it: three events each.
func storeRuns(_ runs: [Run], in folder: String) async throws {
  let store = try SQLiteRunStore(folder: folder)
  for start in stride(from: 0, to: runs.count, by: 1000) {
    var batch = RecordBatch()
    for run in runs[start..<min(runs.count, start + 1000)] {
      let types: [EventType] = [.queued, .started, run.status == .failed ? .failed : .succeeded]
      for (place, type) in types.enumerated() {
        let event = RunEvent(
          seq: run.firstSeq + UInt64(place), type: type, run: run.runId, time: run.createdAt,
          data: type == .queued
            ? ["contractId": .string(run.contractId.description), "title": .string(run.title)] : [:])
        batch.events.append(StoredEvent(seq: event.seq, run: run.runId, type: type, json: event.jsonBytes))
      }
      var contract = Contract(title: run.title)
      contract.contractId = run.contractId
      batch.contracts.append((run.contractId, contract.jsonBytes))
      batch.runs.append(StoredRun(run))
    }
    try await store.commit(batch)
  }
  try store.close()
}
