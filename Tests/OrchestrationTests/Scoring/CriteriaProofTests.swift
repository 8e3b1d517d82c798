import RunModel
import Testing

@testable import Orchestration

@Suite struct CriteriaProofTests {
  @Test(
    "A text names a criterion by its words and numbers, whatever separates them",
    arguments: [
      ("AC-1", "AC-1"), ("AC-1", "sh test.sh # AC-1"), ("AC-1", "test_ac_1_total"), ("AC-1", "testAC1Total"),
      ("AC-1", "ac1"), ("AC-12", "covers AC-12."), ("login", "test_login_page"),
      ("GH-7.AC", "gh7.ac"),
    ])
  func named(id: String, text: String) { #expect(CriteriaProof.names(id, in: text)) }

  @Test(
    "Another word, a longer number and a bare number name no criterion",
    arguments: [
      ("AC-1", "AC-12"), ("AC-1", "AC-1.2"), ("AC-1", "mac-1"), ("AC-1", "ac"), ("AC-1", "exit 1"), ("1", "test 1"),
      ("-", "a-b"), ("", "anything"), ("login", "logins"), ("login", "relogin"), ("AC-1", "AC- -1"), ("AC-1", ""),
    ])
  func notNamed(id: String, text: String) { #expect(!CriteriaProof.names(id, in: text)) }

  private func proof(
    shownBy named: [String: String] = [:], _ verifications: [(command: String, result: Verification)] = [],
    reported: [TestRecord] = []
  ) -> CriterionResult {
    CriteriaProof.results(
      [.init(id: "AC-1", text: "works")], shownBy: named, verifications: verifications, reported: reported)[0]
  }

  private func ran(_ command: String, exit: Int = 0, tests: [TestRecord] = []) -> (
    command: String, result: Verification
  ) {
    (command, Verification(exitCode: exit, durationMilliseconds: 1, tests: tests))
  }

  private func test(_ name: String, _ status: TestRecord.Status) -> TestRecord {
    TestRecord(name: name, status: status, durationMilliseconds: 1)
  }

  @Test("A verify command that names the criterion proves it, and fails it when it fails")
  func command() {
    #expect(proof([ran("make test # AC-1")]).proof == .proven)
    #expect(proof([ran("make test # AC-1")]).evidence == .init(kind: .command, name: "make test # AC-1"))
    #expect(proof([ran("make test # AC-1", exit: 1)]).proof == .failed)
    #expect(proof([ran("make test")]).proof == .unproven && proof([ran("make test")]).evidence == nil)
    #expect(proof(shownBy: ["AC-1": "make test"], [ran("make test")]).proof == .proven)
    let late = Verification(exitCode: 0, durationMilliseconds: 1, timedOut: true)
    #expect(proof([("make # AC-1", late)]).proof == .failed)
  }

  @Test("A test of a verify command's report proves it too; one failure outweighs any success")
  func tests() {
    #expect(proof([ran("make", tests: [test("test_ac_1", .passed)])]).evidence == .init(kind: .test, name: "test_ac_1"))
    #expect(proof([ran("make", tests: [test("test_ac_1", .skipped)])]).proof == .unproven)
    #expect(proof(shownBy: ["AC-1": "total"], [ran("make", tests: [test("total", .passed)])]).proof == .proven)
    let mixed = proof([ran("make", tests: [test("ac1 a", .passed), test("ac1 b", .error)])])
    #expect(mixed.proof == .failed && mixed.evidence?.name == "ac1 b")
  }

  @Test("An agent's own word proves nothing, and is believed when it speaks against itself")
  func ownClaim() {
    #expect(proof(reported: [test("test_ac_1", .passed)]).proof == .unproven)
    #expect(proof(reported: [test("test_ac_1", .failed)]).proof == .failed)
    #expect(proof([ran("make # AC-1")], reported: [test("test_ac_1", .failed)]).proof == .failed)
  }
}
