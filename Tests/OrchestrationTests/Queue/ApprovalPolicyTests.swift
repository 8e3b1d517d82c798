import RunModel
import Testing

@testable import Orchestration

@Suite struct ApprovalPolicyTests {
  private let now = Timestamp(milliseconds: 1_790_000_000_000)
  private let ada = Actor(.human, "ada")
  private let bob = Actor(.human, "bob")

  private func contract(_ risk: Contract.Risk?) -> Contract {
    var contract = Contract(title: "x")
    contract.risk = risk
    return contract
  }

  @Test("High needs one person and critical two; what is not required needs none")
  func needed() {
    let policy = ApprovalPolicy()
    #expect(policy.request(for: contract(.critical), by: ada, at: now)?.needed == 2)
    #expect(policy.request(for: contract(.high), by: ada, at: now)?.needed == 1)
    for risk in [Contract.Risk.medium, .low, nil] {
      #expect(policy.request(for: contract(risk), by: ada, at: now) == nil)
    }
    #expect(ApprovalPolicy(required: []).request(for: contract(.critical), by: ada, at: now) == nil)
    #expect(ApprovalPolicy(required: [.low]).request(for: contract(.low), by: ada, at: now)?.needed == 1)
  }

  @Test("Where nothing is set, people approve their own requests as long as nobody else may come in")
  func ownRequestsByDefault() throws {
    let asked = approval(.high)
    let policy = ApprovalPolicy(ownRequests: nil)
    #expect(try policy.settled(isShared: false).approve(asked, of: "x", isQueued: true, by: ada) == .takes)
    #expect(throws: Problem.self) {
      try policy.settled(isShared: true).approve(asked, of: "x", isQueued: true, by: ada)
    }
    #expect(try policy.settled(isShared: true).approve(asked, of: "x", isQueued: true, by: bob) == .takes)
    let open = ApprovalPolicy(ownRequests: true).settled(isShared: true)
    #expect(try open.approve(asked, of: "x", isQueued: true, by: ada) == .takes)
  }

  private func approval(_ risk: Contract.Risk, given: [String] = []) -> Approval {
    var approval = Approval(
      risk: risk, taskClass: "t", needed: risk.approvalsNeeded, requestedBy: "ada", requestedAt: now)
    approval.given = given.map { .init(by: $0, why: "w", at: now) }
    return approval
  }

  private func code(_ policy: ApprovalPolicy, _ approval: Approval?, isQueued: Bool = true, by actor: Actor) -> String {
    do throws(Problem) {
      return "\(try policy.approve(approval, of: "K9", isQueued: isQueued, by: actor))"
    } catch { return error.code.rawValue }
  }

  @Test("Each person's word counts once, and only while it is waited for")
  func approve() {
    let policy = ApprovalPolicy()
    #expect(code(policy, approval(.high), by: ada) == "takes")
    #expect(code(policy, approval(.critical, given: ["ada"]), by: bob) == "takes")
    #expect(code(policy, approval(.critical, given: ["ada"]), by: ada) == "forbidden")
    #expect(code(policy, approval(.high, given: ["ada"]), by: ada) == "known")
    #expect(code(policy, approval(.high, given: ["ada"]), by: bob) == "conflict")
    #expect(code(policy, nil, by: ada) == "conflict")
    #expect(code(policy, approval(.high), isQueued: false, by: ada) == "conflict")
    var rejected = approval(.high)
    rejected.rejection = .init(by: "bob", why: "no", at: now)
    #expect(code(policy, rejected, by: ada) == "conflict")
  }

  @Test("Where own requests are off, another person must; an agent never may")
  func whoMay() {
    let shared = ApprovalPolicy(ownRequests: false)
    #expect(code(shared, approval(.high), by: ada) == "forbidden")
    #expect(code(shared, approval(.high), by: bob) == "takes")
    #expect(code(ApprovalPolicy(), approval(.high), by: Actor(.agent, "x")) == "forbidden")
  }

  @Test("A rejection is settled by one person; the same again changes nothing")
  func reject() throws {
    let policy = ApprovalPolicy(ownRequests: false)
    #expect(try policy.reject(approval(.critical, given: ["bob"]), of: "K9", isQueued: true, by: ada) == .takes)
    var rejected = approval(.high)
    rejected.rejection = .init(by: "bob", why: "no", at: now)
    #expect(try policy.reject(rejected, of: "K9", isQueued: false, by: ada) == .known)
    #expect(throws: Problem.self) {
      try policy.reject(approval(.high, given: ["bob"]), of: "K9", isQueued: false, by: ada)
    }
  }
}
