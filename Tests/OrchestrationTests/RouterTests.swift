import Orchestration
import RunModel
import Testing

@Suite struct RouterTests {
  private func candidate(
    _ id: RuntimeID, slots: Int = 4, used: Int = 0, canCreatePR: Bool = false, refusal: String? = nil,
    health: RuntimeSummary.Health = .healthy, kind: String = "mock"
  ) -> Router.Candidate {
    Router.Candidate(
      summary: RuntimeSummary(
        runtimeId: id, kind: kind,
        capabilities: RuntimeCapabilities(canCreatePR: canCreatePR, maxParallelTasks: slots), health: health,
        healthReason: health == .healthy ? nil : "its command is gone", slotsUsed: used), refusal: refusal)
  }

  @Test("Of the eligible runtimes the one with most free slots is chosen, and each says why")
  func mostFreeSlots() {
    let decision = Router.route(
      Contract(title: "x"), among: [candidate("a", used: 3), candidate("b", used: 1), candidate("c", used: 4)])
    #expect(decision.runtimeId == "b")
    #expect(decision.considered.map(\.eligible) == [true, true, false])
    #expect(decision.considered[1].reasons == ["most free slots (3)"])
    #expect(decision.considered[2].reasons == ["4 of 4 slots in use"])
    #expect(decision.waitsFor == [])
  }

  @Test("One with as many free slots is told so, and the first by name is taken")
  func tie() {
    let decision = Router.route(
      Contract(title: "x"), among: [candidate("b"), candidate("a"), candidate("c", used: 1)])
    #expect(decision.runtimeId == "a")
    #expect(
      decision.considered.map(\.reasons) == [
        ["most free slots (4)"], ["eligible, with as many free slots: the first by name is taken"],
        ["eligible, with fewer free slots"],
      ])
  }

  @Test("Work in a repository goes to those who work there, while there are any, unless it is pinned")
  func elsewhere() {
    func candidates(_ home: String? = nil, used: Int = 0) -> [Router.Candidate] {
      var away = candidate("away")
      away.worksInRepository = false
      var here = candidate("here", used: used, refusal: home)
      here.worksInRepository = true
      return [away, here]
    }
    var contract = Contract(title: "x")
    contract.repository = "/repository"
    let decision = Router.route(contract, among: candidates())
    #expect(decision.runtimeId == "here")
    #expect(
      decision.considered[0].reasons == [
        "it does not work in the repository, as here does: pin the contract to away to send it there"
      ])
    // Busy or mistaken, it is no reason to send the work where the repository is not.
    #expect(Router.route(contract, among: candidates(used: 4)).waitsFor == ["a slot on here"])
    #expect(Router.route(contract, among: candidates("There is no folder /repository.")).runtimeId == nil)
    contract.requires = [.canCreatePR]
    #expect(Router.route(contract, among: candidates()).considered[0].reasons == ["canCreatePR is false"])
    contract.requires = []
    contract.runtime = "away"
    #expect(Router.route(contract, among: candidates()).runtimeId == "away")
    #expect(Router.route(contract, among: [candidates()[0]]).runtimeId == "away")
  }

  @Test("A runtime without a required capability is passed over by name")
  func requires() {
    var contract = Contract(title: "x")
    contract.requires = [.canCreatePR]
    let decision = Router.route(contract, among: [candidate("a"), candidate("b", canCreatePR: true)])
    #expect(decision.runtimeId == "b")
    #expect(decision.considered[0].reasons == ["canCreatePR is false"])
  }

  @Test("A pinned contract waits for its runtime, though another is free")
  func pinned() {
    var contract = Contract(title: "x")
    contract.runtime = "a"
    let decision = Router.route(contract, among: [candidate("a", slots: 1, used: 1), candidate("b")])
    #expect(decision.runtimeId == nil)
    #expect(decision.waitsFor == ["a slot on a"])
    #expect(decision.considered[1].reasons == ["the contract is pinned to a"])
  }

  @Test("What else it waits for holds it back, and is said")
  func waits() {
    let decision = Router.route(Contract(title: "x"), among: [candidate("a")], waits: [.dependency("GH-102")])
    #expect(decision.runtimeId == nil)
    #expect(decision.waitsFor == ["GH-102"])
    #expect(decision.considered[0].eligible)
  }

  @Test("A degraded runtime and one that refuses are not eligible")
  func unhealthy() {
    let decision = Router.route(
      Contract(title: "x"),
      among: [candidate("a", health: .degraded), candidate("b", refusal: "it needs a repository")])
    #expect(decision.runtimeId == nil)
    #expect(decision.considered[0].reasons == ["it is degraded: its command is gone"])
    #expect(decision.waitsFor == ["a to be healthy again (its command is gone)"])
    #expect(decision.considered[1].reasons == ["it needs a repository"])
  }

  @Test("A simulated runtime never wins by its free slots over one that can do the work")
  func simulated() {
    let decision = Router.route(
      Contract(title: "x"), among: [candidate("a", slots: 50, kind: "simulated"), candidate("b", slots: 1)])
    #expect(decision.runtimeId == "b")
    #expect(
      decision.considered[0].reasons == [
        "it is simulated, and b is there for real work: pin the contract to a to try it"
      ])
  }

  @Test("While the real one is busy or ill the contract waits for it, and does not go to a simulated one")
  func simulatedStandsBack() {
    let fake = candidate("a", kind: "simulated")
    let busy = Router.route(Contract(title: "x"), among: [fake, candidate("b", slots: 1, used: 1)])
    #expect(busy.runtimeId == nil && busy.waitsFor == ["a slot on b"])
    let ill = Router.route(Contract(title: "x"), among: [fake, candidate("b", health: .degraded)])
    #expect(ill.runtimeId == nil && ill.waitsFor == ["b to be healthy again (its command is gone)"])
  }

  @Test("A simulated runtime takes what is pinned to it, and all where nothing else is configured for it, and says so")
  func simulatedStandsIn() {
    let fake = candidate("a", kind: "simulated")
    var pinned = Contract(title: "x")
    pinned.runtime = "a"
    #expect(Router.route(pinned, among: [fake, candidate("b")]).runtimeId == "a")
    var unmeant = candidate("b", refusal: "it has no command")
    unmeant.isMeant = false
    let alone = Router.route(Contract(title: "x"), among: [fake, unmeant])
    #expect(alone.runtimeId == "a")
    #expect(
      alone.considered[0].reasons
        == ["most free slots (4)", "simulated, as no runtime that does real work is configured for it"])
  }

  @Test("What is wrong with a contract for every real runtime is no reason to play it")
  func simulatedIsNoWayOut() {
    let fake = candidate("a", kind: "simulated")
    for real in [candidate("b", refusal: "/nope is not there"), candidate("b", slots: 0)] {
      let decision = Router.route(Contract(title: "x"), among: [fake, real])
      #expect(decision.runtimeId == nil)
      #expect(decision.considered.allSatisfy { !$0.eligible })
    }
  }

  @Test("What is pinned to a runtime that is not configured any more waits for it")
  func gone() {
    var contract = Contract(title: "x")
    contract.runtime = "z"
    #expect(
      Router.route(contract, among: [candidate("a")]).waitsFor == ["z to be healthy again (it is not configured)"])
  }
}
