import Testing

@testable import RuntimeAdapters

@Suite("How a supervised command ends")
struct StopMachineTests {
  @Test("It ends only when the agent is reaped and nothing of it lives")
  func plainEnd() {
    var machine = StopMachine(grace: 5000, strayGrace: 1000)
    #expect(machine.looked(living: 0, now: 1) == .none)
    #expect(machine.agentEnded() == .look)
    #expect(machine.looked(living: 0, now: 2) == .finish)
    #expect(machine.cause == nil)
    #expect(machine.passed(now: 9) == .none)
  }

  @Test("A stop is a TERM, the grace, then KILL again and again until none is left")
  func stop() {
    var machine = StopMachine(grace: 5000, strayGrace: 1000)
    #expect(machine.stopRequested(.asked, grace: 5000, now: 0) == .terminate)
    #expect(machine.stopRequested(.asked, grace: 5000, now: 10) == .none)
    #expect(machine.looked(living: 3, now: 4999) == .none)
    #expect(machine.agentEnded() == .look)
    #expect(machine.looked(living: 2, now: 5000) == .kill)
    #expect(machine.looked(living: 1, now: 5010) == .kill)
    #expect(machine.looked(living: 0, now: 5020) == .finish)
    #expect(machine.cause == .asked)
  }

  @Test("A kill needs no grace, also after a stop")
  func force() {
    var machine = StopMachine(grace: 5000, strayGrace: 1000)
    #expect(machine.stopRequested(.asked, grace: 5000, now: 0) == .terminate)
    #expect(machine.stopRequested(.asked, grace: 0, now: 1) == .kill)
    #expect(machine.patience(now: 2) == 10)
  }

  @Test("Strays of an agent that ended by itself are ended too, and it is no cancel; a stop then comes too late")
  func strays() {
    var machine = StopMachine(grace: 5000, strayGrace: 1000)
    #expect(machine.agentEnded() == .look)
    #expect(machine.looked(living: 1, now: 100) == .terminate)
    #expect(machine.stopRequested(.asked, grace: 5000, now: 200) == .none)
    #expect(machine.looked(living: 1, now: 1100) == .kill)
    #expect(machine.looked(living: 0, now: 1110) == .finish)
    #expect(machine.cause == nil)
  }

  @Test("At its deadline a command is stopped by itself")
  func deadline() {
    var machine = StopMachine(grace: 50, strayGrace: 10, deadline: 1000)
    #expect(machine.patience(now: 400) == 600)
    #expect(machine.passed(now: 999) == .none)
    #expect(machine.passed(now: 1000) == .terminate)
    #expect(machine.cause == .limit)
  }

  @Test("What resists the kill is complained of once, and then looked at seldom, but for ever")
  func stubborn() {
    var machine = StopMachine(grace: 50, strayGrace: 10)
    #expect(machine.stopRequested(.asked, grace: 0, now: 0) == .kill)
    _ = machine.agentEnded()
    #expect(machine.looked(living: 1, now: 1999) == .kill)
    #expect(machine.patience(now: 1999) == 50)
    #expect(machine.looked(living: 1, now: 2000) == .complain)
    #expect(machine.patience(now: 2000) == 1000)
    #expect(machine.looked(living: 1, now: 3000) == .kill)
    #expect(machine.passed(now: 9_000_000) == .look)
    #expect(machine.looked(living: 0, now: 9_000_000) == .finish)
  }
}
