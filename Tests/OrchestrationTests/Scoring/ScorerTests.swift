import RunModel
import Testing

@testable import Orchestration

@Suite struct ScorerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var points: Int
    var evidence: @Sendable () -> Scorer.Evidence
    var testDescription: String { "\(name): \(points)" }
    init(_ name: String, _ points: Int, _ change: @escaping @Sendable (inout Scorer.Evidence) -> Void) {
      self.name = name
      self.points = points
      evidence = {
        var evidence = ScorerTests.good
        change(&evidence)
        return evidence
      }
    }
  }

  /// A run without a fault.
  private static var good: Scorer.Evidence {
    var evidence = Scorer.Evidence(status: .succeeded)
    evidence.criteria = [.init(id: "AC-1", text: "works")]
    evidence.verifications = [ran("make test # AC-1")]
    evidence.filesChanged = ["src/a.swift"]
    evidence.allowedPaths = ["src"]
    evidence.hasHandoffNote = true
    evidence.eventKinds = 3
    return evidence
  }

  private static func ran(
    _ command: String, exit: Int = 0, _ tests: TestRecord.Status...
  ) -> (command: String, result: Verification) {
    let own: TestRecord.Status = exit == 0 ? .passed : .failed
    let records = (tests.isEmpty ? [own] : tests).enumerated().map { number, status in
      TestRecord(name: tests.isEmpty ? command : "t\(number)", status: status, durationMilliseconds: 1)
    }
    return (command, Verification(exitCode: exit, durationMilliseconds: 1, tests: records))
  }

  private static func test(_ status: TestRecord.Status) -> TestRecord {
    TestRecord(name: "t", status: status, durationMilliseconds: 1)
  }

  @Test(
    "D1, correctness",
    arguments: [
      Case("all good", 25) { _ in },
      Case("no test record", 0) { $0.verifications = [] },
      Case("only skipped ones", 0) { $0.verifications = [ran("make # AC-1", .skipped)] },
      Case("all failed", 0) { $0.verifications = [ran("make # AC-1", exit: 1)] },
      Case("all in error", 0) { $0.verifications = [ran("make # AC-1", exit: 1, .error, .error)] },
      Case("some failed", 10) { $0.verifications = [ran("make # AC-1", exit: 1, .passed, .failed)] },
      Case("a failure that the runtime reports", 10) { $0.reported = [test(.failed)] },
      Case("a command that failed though its tests passed", 10) { $0.verifications = [ran("make", exit: 2, .passed)] },
      Case("no file changed", 18) { $0.filesChanged = [] },
      Case("a criterion unproven", 18) { $0.criteria.append(.init(id: "AC-2", text: "fast")) },
      Case("no criteria at all", 25) { $0.criteria = [] },
    ])
  func correctness(_ row: Case) { #expect(Scorer.assess(row.evidence()).score.d1 == row.points) }

  @Test(
    "D2, observability",
    arguments: [
      Case("a note and three kinds", 25) { _ in },
      Case("two kinds", 18) { $0.eventKinds = 2 },
      Case("a note alone", 18) { $0.eventKinds = 0 },
      Case("no note", 10) { $0.hasHandoffNote = false },
      Case("no note, one kind", 10) {
        $0.hasHandoffNote = false
        $0.eventKinds = 1
      },
      Case("nothing", 0) {
        $0.hasHandoffNote = false
        $0.eventKinds = 0
      },
    ])
  func observability(_ row: Case) { #expect(Scorer.assess(row.evidence()).score.d2 == row.points) }

  @Test(
    "D3, policy",
    arguments: [
      Case("none", 25) { _ in },
      Case("one file outside", 18) { $0.filesChanged = ["src/a", "README.md"] },
      Case("two files outside", 10) { $0.filesChanged = ["src2/a", "README.md"] },
      Case("one that the runtime reports", 18) { $0.violations = 1 },
      Case("one of each", 10) {
        $0.violations = 1
        $0.filesChanged = ["b"]
      },
      Case("a bypass attempt", 0) { $0.bypassAttempts = 1 },
      Case("everything allowed", 25) {
        $0.allowedPaths = []
        $0.filesChanged = ["x"]
      },
      Case("a simulation changes nothing", 25) {
        $0.isSimulated = true
        $0.filesChanged = ["x"]
      },
    ])
  func policy(_ row: Case) { #expect(Scorer.assess(row.evidence()).score.d3 == row.points) }

  @Test(
    "D4, recurrence",
    arguments: [
      Case("none", 25) { _ in },
      Case("prior context alone", 25) { $0.hasPriorContext = true },
      Case("a known failure", 10) { $0.knownFailures = ["t"] },
      Case("a known failure with prior context", 0) {
        $0.knownFailures = ["t"]
        $0.hasPriorContext = true
      },
    ])
  func recurrence(_ row: Case) { #expect(Scorer.assess(row.evidence()).score.d4 == row.points) }

  @Test(
    "The tier follows the total",
    arguments: [
      (100, "HIGH"), (90, "HIGH"), (89, "STANDARD"), (75, "STANDARD"), (74, "RESTRICTED"), (60, "RESTRICTED"),
      (59, "PROBATION"), (0, "PROBATION"),
    ])
  func tiers(total: Int, tier: String) {
    let parts = (0..<4).map { UInt8(min(25, max(0, total - 25 * $0))) }
    let score = Score(d1: parts[0], d2: parts[1], d3: parts[2], d4: parts[3])
    #expect(score.total == total && score.tier.rawValue == tier)
  }

  struct Judged: Sendable, CustomTestStringConvertible {
    var row: Case
    var verdict: Verdict
    var testDescription: String { "\(row.name): \(verdict)" }
    init(_ verdict: Verdict, _ name: String, _ change: @escaping @Sendable (inout Scorer.Evidence) -> Void) {
      row = Case(name, 0, change)
      self.verdict = verdict
    }
  }

  @Test(
    "The worst that applies is the verdict, and nothing passes by default",
    arguments: [
      Judged(.pass, "all proven") { _ in },
      Judged(.pass, "no criteria, verified") { $0.criteria = [] },
      Judged(.passWithNotes, "a simulation") { $0.isSimulated = true },
      Judged(.passWithNotes, "an unproven criterion") { $0.criteria.append(.init(id: "AC-2", text: "")) },
      Judged(.passWithNotes, "nothing verified") {
        $0.verifications = []
        $0.criteria = []
      },
      Judged(.passWithNotes, "no file changed") { $0.filesChanged = [] },
      Judged(.passWithNotes, "a file outside") { $0.filesChanged = ["x"] },
      Judged(.fail, "the run failed") { $0.status = .failed },
      Judged(.fail, "a criterion failed") { $0.verifications.append(ran("x # AC-1", exit: 1)) },
      Judged(.fail, "a reported test failed") { $0.reported = [test(.failed)] },
      Judged(.fail, "a simulation that failed") {
        $0.isSimulated = true
        $0.status = .failed
      },
      Judged(.blocked, "its end unseen") {
        $0.status = .failed
        $0.isEndKnown = false
      },
      Judged(.blocked, "a check that could not run") {
        $0.status = .failed
        $0.verifications.append(ran("x", exit: -1))
      },
      Judged(.blocked, "a bypass attempt") { $0.bypassAttempts = 1 },
    ])
  func verdicts(_ judged: Judged) {
    let assessment = Scorer.assess(judged.row.evidence())
    #expect(assessment.verdict == judged.verdict)
    #expect(assessment.notes.isEmpty == (judged.verdict == .pass), "\(assessment.notes)")
    #expect(assessment.reasons.count == 4)
  }

  @Test("What failed is known by its tests and commands, and only without any by its reason")
  func failures() {
    var artifacts = Artifacts(testsRun: [Self.test(.failed), Self.test(.passed)])
    artifacts.evidence = ["verify": [["command": "make", "exitCode": 1], ["command": "lint", "exitCode": 0]]]
    #expect(Scorer.failures(in: artifacts, reason: "r") == ["t", "make"])
    #expect(Scorer.failures(in: Artifacts(), reason: "r") == ["r"])
    #expect(Scorer.failures(in: Artifacts(), reason: nil) == [])
  }

  @Test(
    "allowedPaths takes files, folders and patterns",
    arguments: [
      ("src", "src/a/b.swift", true), ("src/", "src/a", true), ("./src", "src/a", true), ("src", "src", true),
      ("src", "src2/a", false), ("src/**", "src/a/b", true), ("a.md", "a.md", true), ("*.md", "a.md", true),
      ("*.md", "docs/a.md", false), ("**/*.md", "docs/a/b.md", true), ("**/*.md", "a.md", true),
      ("src/*/test", "src/x/test/deep", true), ("src/*/test", "src/x/y/test", false), ("?.c", "a.c", true),
      ("?.c", "ab.c", false), (".", "anything/x", true), ("**", "anything/x", true), ("a*c", "abbc", true),
    ])
  func patterns(pattern: String, path: String, isAllowed: Bool) {
    #expect(PathPattern(pattern).admits(path) == isAllowed)
  }
}
