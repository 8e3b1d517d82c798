import NIOCore
import Testing

@testable import HTTPAPI

@Suite struct ExchangeMachineTests {
  private let limits = ConnectionLimits(connections: 1)
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private func after(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

  @Test("A connection that never asks is closed without a word, one that began to ask is told")
  func firstHead() {
    var machine = ExchangeMachine(limits, now: start)
    #expect(machine.deadline == after(30))
    #expect(machine.expiry(at: after(29)) == nil)
    #expect(machine.expiry(at: after(30)) == .close)
    machine.partCame(at: after(20))
    #expect(machine.expiry(at: after(30)) == .refuse(.headTooSlow))
  }

  @Test("A head that dribbles has ten seconds in all, however often a byte comes; an idle connection has ninety")
  func laterHead() {
    var machine = ExchangeMachine(limits, now: start)
    machine.headCame(at: after(1))
    machine.requestEnded(at: after(1))
    #expect(machine.isBusy)
    #expect(machine.deadline == nil, "an answer may take its time")
    machine.answerBegan(isStream: false)
    machine.answerEnded(at: after(100))
    #expect(!machine.isBusy)
    #expect(machine.deadline == after(190))
    machine.partCame(at: after(150))
    machine.partCame(at: after(159))
    #expect(machine.expiry(at: after(160)) == .refuse(.headTooSlow))
  }

  @Test("A body has its grace and then the time that 16 KB a second give it")
  func body() {
    var machine = ExchangeMachine(limits, now: start)
    machine.headCame(at: after(0))
    #expect(machine.expiry(at: after(30)) == .refuse(.bodyTooSlow))
    let isRead = machine.bodyCame(160 * 1024)
    #expect(isRead)
    #expect(machine.expiry(at: after(39)) == nil)
    #expect(machine.expiry(at: after(40)) == .refuse(.bodyTooSlow))
    let isReadOn = machine.bodyCame(64 * 1024 * 1024)
    #expect(!isReadOn, "nobody reads for ever")
  }

  @Test("Who does not take an answer is cut off, but a stream waits for its reader")
  func stalled() {
    var machine = ExchangeMachine(limits, now: start)
    machine.headCame(at: start)
    machine.requestEnded(at: start)
    machine.answerBegan(isStream: false)
    machine.writabilityChanged(to: false, at: after(5))
    #expect(machine.expiry(at: after(35)) == .close)
    machine.writabilityChanged(to: true, at: after(36))
    #expect(machine.deadline == nil)
    machine.answerBegan(isStream: true)
    machine.writabilityChanged(to: false, at: after(40))
    #expect(machine.deadline == nil)
  }

  @Test("A refusal is said once, and not after the answer to the request that it is about")
  func refusals() {
    var between = ExchangeMachine(limits, now: start)
    let told = [between.refuse(.headTooSlow, at: start), between.refuse(.bodyTooSlow, at: start)]
    #expect(told == [true, false])
    #expect(between.refusal == .headTooSlow && between.mayAnswerRefusal)
    #expect(between.expiry(at: after(30)) == .close)

    var within = ExchangeMachine(limits, now: start)
    within.headCame(at: start)
    _ = within.refuse(.bodyTooSlow, at: start)
    #expect(within.mayAnswerRefusal)

    var answered = ExchangeMachine(limits, now: start)
    answered.headCame(at: start)
    answered.answerBegan(isStream: false)
    answered.answerEnded(at: start)
    _ = answered.refuse(.bodyTooLarge, at: start)
    #expect(!answered.mayAnswerRefusal)
  }

  @Test("What has been ended is gone in two seconds, whether the other side closes or not")
  func linger() {
    var machine = ExchangeMachine(limits, now: start)
    machine.outputClosed(at: after(7))
    machine.outputClosed(at: after(8))
    #expect(machine.deadline == after(9))
    #expect(machine.expiry(at: after(9)) == .close)
  }
}
