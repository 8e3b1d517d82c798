import RunModel

/// Judges a run that has ended: verdict, the score's four dimensions, and why. Pure.
enum Scorer {
  /// All that a run is judged by.
  struct Evidence {
    /// `succeeded` or `failed`.
    var status: RunStatus
    /// Why it failed.
    var reason: String?
    /// Whether the agent's own end was seen: without it nobody knows what it did.
    var isEndKnown = true
    var isSimulated = false
    var criteria: [Contract.Criterion] = []
    /// The contract's `metadata.criteria`: what shows a criterion, by its id.
    var named: [String: String] = [:]
    /// What was run here after the agent had ended.
    var verifications: [(command: String, result: Verification)] = []
    /// The tests that the runtime reports.
    var reported: [TestRecord] = []
    var filesChanged: [String] = []
    var allowedPaths: [String] = []
    var hasHandoffNote = false
    /// Different kinds of events that the runtime has reported.
    var eventKinds = 0
    /// As the runtime reports them against its own agent, in `evidence.policy`.
    var violations = 0
    var bypassAttempts = 0
    /// Failures that an earlier run of the contract had too.
    var knownFailures: [String] = []
    /// Whether an earlier run of the contract left a note to go by.
    var hasPriorContext = false
  }

  static func assess(_ evidence: Evidence) -> Assessment {
    let criteria = CriteriaProof.results(
      evidence.criteria, shownBy: evidence.named, verifications: evidence.verifications, reported: evidence.reported)
    let strays = strays(evidence)
    let dimensions = [
      correctness(evidence, criteria), observability(evidence), policy(evidence, strays), recurrence(evidence),
    ]
    let judgement = judge(evidence, criteria, strays)
    return Assessment(
      verdict: judgement.verdict,
      score: Score(
        d1: dimensions[0].points, d2: dimensions[1].points, d3: dimensions[2].points, d4: dimensions[3].points),
      criteria: criteria, notes: judgement.notes, reasons: dimensions.map(\.reason))
  }

  // MARK: The dimensions

  typealias Dimension = (points: UInt8, reason: String)

  private static func correctness(_ evidence: Evidence, _ criteria: [CriterionResult]) -> Dimension {
    var outcomes = evidence.reported.map(\.status)
    for (_, result) in evidence.verifications {
      outcomes += result.tests.map(\.status)
      // A command that failed though each test in its report passed has failed all the same.
      if !result.isPassed, !result.tests.contains(where: \.status.isFailure) { outcomes.append(.error) }
    }
    outcomes.removeAll { $0 == .skipped }
    let failed = outcomes.count(where: \.isFailure)
    if outcomes.isEmpty { return (0, "no test record") }
    if failed == outcomes.count { return (0, "every test failed (\(failed))") }
    if failed > 0 { return (10, "\(failed) of \(outcomes.count) tests failed") }
    if evidence.filesChanged.isEmpty { return (18, "no test failed, and no file changed") }
    let open = criteria.filter { $0.proof != .proven }
    if !open.isEmpty {
      return (
        18, "no test failed, \(open.map(\.id).joined(separator: ", ")) \(open.count == 1 ? "is" : "are") unproven"
      )
    }
    return (25, "\(outcomes.count) tests passed")
  }

  private static func observability(_ evidence: Evidence) -> Dimension {
    let kinds = "\(evidence.eventKinds) kind\(evidence.eventKinds == 1 ? "" : "s") of events"
    guard evidence.hasHandoffNote else {
      if evidence.eventKinds == 0 { return (0, "neither a note nor an event") }
      return (10, "no handoff note")
    }
    if evidence.eventKinds < 3 { return (18, "a handoff note, but only \(kinds)") }
    return (25, "a handoff note and \(kinds)")
  }

  private static func policy(_ evidence: Evidence, _ strays: [String]) -> Dimension {
    if evidence.bypassAttempts > 0 { return (0, "it tried to bypass the policy") }
    switch strays.count + evidence.violations {
    case 0: return (25, "no violation")
    case 1: return (18, strays.first.map { "\($0) is outside allowedPaths" } ?? "one violation")
    case let count: return (10, strays.isEmpty ? "\(count) violations" : "\(count) violations, \(strays[0]) among them")
    }
  }

  private static func recurrence(_ evidence: Evidence) -> Dimension {
    guard let known = evidence.knownFailures.first else { return (25, "no known failure came back") }
    if evidence.hasPriorContext { return (0, "an earlier run failed so too and left a note: \(known)") }
    return (10, "an earlier run failed so too: \(known)")
  }

  // MARK: The verdict

  private static func judge(
    _ evidence: Evidence, _ criteria: [CriterionResult], _ strays: [String]
  ) -> (verdict: Verdict, notes: [String]) {
    var blocking: [String] = []
    if !evidence.isEndKnown { blocking.append(evidence.reason ?? "nobody saw how it ended") }
    for (command, result) in evidence.verifications where result.isMissing {
      blocking.append("a check could not be run: \(command)")
    }
    if evidence.bypassAttempts > 0 { blocking.append("it tried to bypass the policy") }
    var failing: [String] = []
    if evidence.status == .failed { failing.append(evidence.reason ?? "the agent failed") }
    failing += criteria.filter { $0.proof == .failed }.map { criterion in
      "\(criterion.id) failed\(criterion.evidence.map { ": \($0.name)" } ?? "")"
    }
    let tests = evidence.reported + evidence.verifications.flatMap(\.result.tests)
    let failed = tests.count(where: \.status.isFailure)
    if failed > 0 { failing.append("\(failed) of \(tests.count) tests failed") }
    var open: [String] = []
    if evidence.isSimulated { open.append("it is a simulation: no file was touched") }
    open += criteria.filter { $0.proof == .unproven }.map { "\($0.id) is unproven" }
    if evidence.verifications.isEmpty { open.append("nothing was verified: the contract has no verify command") }
    if evidence.filesChanged.isEmpty { open.append("no file changed") }
    open += strays.prefix(3).map { "\($0) is outside allowedPaths" }
    if strays.count > 3 { open.append("\(strays.count - 3) more files are outside allowedPaths") }
    if evidence.violations > 0 { open.append("\(evidence.violations) policy violations were reported") }
    let verdict: Verdict =
      !blocking.isEmpty ? .blocked : !failing.isEmpty ? .fail : !open.isEmpty ? .passWithNotes : .pass
    return (verdict, unique(blocking + failing + open))
  }

  private static func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  /// Changed files that the contract does not allow. A simulation changes none.
  private static func strays(_ evidence: Evidence) -> [String] {
    guard !evidence.allowedPaths.isEmpty, !evidence.isSimulated else { return [] }
    let allowed = evidence.allowedPaths.map(PathPattern.init)
    return evidence.filesChanged.filter { file in !allowed.contains { $0.admits(file) } }
  }

  // MARK: What came back

  /// What failed in a run, by name: tests and commands, else the reason it gave.
  static func failures(in artifacts: Artifacts, reason: String?) -> Set<String> {
    var failures = Set(artifacts.testsRun.filter(\.status.isFailure).map(\.name))
    for entry in artifacts.evidence?["verify"]?.array ?? [] where entry["exitCode"]?.int != 0 {
      if let command = entry["command"]?.string { failures.insert(command) }
    }
    if failures.isEmpty, let reason { failures.insert(reason) }
    return failures
  }
}
