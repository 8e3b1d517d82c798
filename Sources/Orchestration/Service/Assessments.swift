import Logging
import RunModel

/// How ended runs are judged.
extension Orchestrator {
  /// What earlier runs of the same contract failed with, and whether one left a note; looked up for a run that failed.
  func earlierFailures(of run: RunID) async -> (failures: Set<String>, hasNote: Bool) {
    guard let contract = live[run]?.contract.contractId else { return ([], false) }
    let earlier = (runsOfContract[contract] ?? []).compactMap { other in
      other < run ? journal.read { $0[other] } : nil
    }
    var failures: Set<String> = []
    var hasNote = false
    // The last few are what an agent would be told of.
    for other in earlier.filter({ $0.status == .failed }).suffix(5) {
      do {
        let stored = try await environment.store.detail(of: other.runId).artifacts
        let artifacts = try stored.map { Artifacts(json: try JSONValue(parsing: $0)) } ?? Artifacts()
        failures.formUnion(Scorer.failures(in: artifacts, reason: other.reason))
        hasNote = hasNote || artifacts.hasNote
      } catch {
        environment.logger.error("no artifacts", metadata: ["run": "\(other.runId)", "error": "\(error)"])
      }
    }
    return (failures, hasNote)
  }

  /// Nil for a run that was canceled or never came to work: there is nothing to judge.
  func assessment(
    _ entry: Live, as status: RunStatus, reason: String?, _ artifacts: Artifacts, reported: ReportedKinds,
    earlier: (failures: Set<String>, hasNote: Bool)
  ) -> Assessment? {
    guard status != .canceled, entry.isStarted else { return nil }
    var evidence = Scorer.Evidence(status: status, reason: reason)
    evidence.isEndKnown = entry.end != nil
    evidence.isSimulated = entry.runtime.map { pool.isSimulated($0) } ?? false
    evidence.criteria = entry.contract.acceptanceCriteria
    for (id, name) in entry.contract.metadata["criteria"]?.object ?? [:] { evidence.named[id] = name.string }
    evidence.verifications = entry.verifications
    evidence.reported = artifacts.testsRun
    evidence.filesChanged = artifacts.filesChanged
    evidence.allowedPaths = entry.contract.allowedPaths
    evidence.hasHandoffNote = artifacts.hasNote
    evidence.eventKinds = reported.count
    let policy = artifacts.evidence?["policy"]
    evidence.violations = Int(clamping: policy?["violations"]?.int ?? 0)
    evidence.bypassAttempts = Int(clamping: policy?["bypassAttempts"]?.int ?? 0)
    if status == .failed {
      var whole = artifacts
      whole.add(entry.verifications)
      evidence.knownFailures = Scorer.failures(in: whole, reason: reason).intersection(earlier.failures).sorted()
      evidence.hasPriorContext = earlier.hasNote
    }
    return Scorer.assess(evidence)
  }
}
