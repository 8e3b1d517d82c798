import Orchestration
import RunModel
import Testing

private typealias Machine = RunMachine

@Suite struct RunMachineTests {
  private static let cancel = Machine.Input.stopRequested(.cancel(reason: "enough", force: false))
  private static let force = Machine.Input.stopRequested(.cancel(reason: "enough", force: true))
  private static let timeout = Machine.Input.stopRequested(.timeout(seconds: 60))
  private static let success = TaskEnd(.succeeded, exitCode: 0)
  private static let failure = TaskEnd(.failed, exitCode: 3, reason: "my-agent exited 3")

  /// Phases by the inputs that lead to them.
  private static let waysTo: [String: [Machine.Input]] = [
    "queued": [],
    "starting": [.startRequested],
    "working": [.startRequested, .started],
    "verifying": [.startRequested, .started, .agentEnded(success)],
    "succeeded": [.startRequested, .started, .agentEnded(success), .verified(failure: nil)],
    "failed": [.startRequested, .startFailed(reason: "no such command")],
    "canceled": [cancel],
  ]

  private static let inputs: [String: Machine.Input] = [
    "startRequested": .startRequested, "started": .started, "startFailed": .startFailed(reason: "x"), "cancel": cancel,
    "force": force, "timeout": timeout, "stopSent": .stopSent, "agentEnded": .agentEnded(success),
    "verified": .verified(failure: nil), "lost": .lost(reason: "x"),
  ]

  /// All that is legal, and the phase it leads to; what is not listed is illegal.
  private static let legal: [String: [String: RunStatus]] = [
    "queued": ["startRequested": .queued, "cancel": .canceled, "force": .canceled, "lost": .failed],
    "starting": [
      "started": .running, "startFailed": .failed, "cancel": .queued, "force": .queued, "timeout": .queued,
      "agentEnded": .running, "lost": .failed,
    ],
    "working": [
      "cancel": .running, "force": .running, "timeout": .running, "stopSent": .running, "agentEnded": .running,
      "lost": .failed,
    ],
    "verifying": [
      "cancel": .running, "force": .running, "timeout": .running, "verified": .succeeded, "lost": .failed,
    ],
    "succeeded": ["cancel": .succeeded, "force": .succeeded, "timeout": .succeeded, "stopSent": .succeeded],
    "failed": ["cancel": .failed, "force": .failed, "timeout": .failed, "stopSent": .failed],
    "canceled": ["cancel": .canceled, "force": .canceled, "timeout": .canceled, "stopSent": .canceled],
  ]

  private func machine(_ inputs: [Machine.Input], verifies: Bool = true) throws -> (Machine, [Machine.Action]) {
    var machine = Machine(hasVerification: verifies)
    var last: [Machine.Action] = []
    for input in inputs { last = try machine.receive(input) }
    return (machine, last)
  }

  @Test("Every input in every phase is a listed transition or an error", arguments: waysTo.keys.sorted())
  func matrix(phase: String) throws {
    for (name, input) in Self.inputs {
      var (machine, _) = try machine(Self.waysTo[phase] ?? [])
      let before = machine
      if let expected = Self.legal[phase]?[name] {
        _ = try machine.receive(input)
        #expect(machine.status == expected, "\(phase) + \(name)")
      } else {
        #expect(throws: Machine.IllegalTransition.self, "\(phase) + \(name)") { try machine.receive(input) }
        #expect(machine == before, "an illegal input changes nothing")
      }
    }
  }

  @Test("A run that works is canceled only when its agent has ended")
  func cancelNeedsTheEnd() throws {
    var (machine, _) = try machine([.startRequested, .started])
    #expect(try machine.receive(Self.cancel) == [.recordCancelRequest, .stopAgent(force: false)])
    #expect(machine.status == .running)
    #expect(try machine.receive(.stopSent) == [.recordStopSent])
    #expect(machine.status == .running)
    #expect(try machine.receive(.agentEnded(TaskEnd(.canceled))) == [.finish(.canceled, reason: "enough")])
    #expect(machine.status == .canceled)
  }

  @Test("A second cancel asks for nothing, a forced one after it kills, and only once")
  func cancelIsIdempotent() throws {
    var (machine, _) = try machine([.startRequested, .started, Self.cancel])
    #expect(try machine.receive(Self.cancel) == [])
    #expect(try machine.receive(Self.force) == [.recordCancelRequest, .stopAgent(force: true)])
    #expect(try machine.receive(Self.force) == [])
    #expect(try machine.receive(Self.cancel) == [])
  }

  @Test("A cancel while the runtime starts is carried out once it has started")
  func cancelWhileStarting() throws {
    var (machine, actions) = try machine([.startRequested, Self.cancel])
    #expect(actions == [.recordCancelRequest])
    #expect(try machine.receive(.started) == [.stopAgent(force: false)])
  }

  @Test("A cancel while the runtime starts, which then cannot start, ends as canceled")
  func cancelThenStartFails() throws {
    let (machine, actions) = try machine([.startRequested, Self.cancel, .startFailed(reason: "no command")])
    #expect(actions == [.finish(.canceled, reason: "enough")])
    #expect(machine.status == .canceled)
  }

  @Test("A queued run cancels at once")
  func cancelQueued() throws {
    let (_, actions) = try machine([Self.cancel])
    #expect(actions == [.recordCancelRequest, .finish(.canceled, reason: "enough")])
  }

  @Test("A run that ran over its limit fails and says so")
  func timeoutFails() throws {
    let (_, actions) = try machine([.startRequested, .started, Self.timeout, .agentEnded(TaskEnd(.canceled))])
    #expect(actions == [.finish(.failed, reason: "It ran longer than its limit of 60 s.")])
  }

  @Test("A failed verification fails a run whose agent succeeded")
  func verificationDecides() throws {
    let (_, actions) = try machine([
      .startRequested, .started, .agentEnded(Self.success), .verified(failure: "npm test"),
    ])
    #expect(actions == [.finish(.failed, reason: "npm test")])
  }

  @Test("A passed verification leaves the agent's own failure")
  func agentFailureStays() throws {
    let (_, actions) = try machine([.startRequested, .started, .agentEnded(Self.failure), .verified(failure: nil)])
    #expect(actions == [.finish(.failed, reason: "my-agent exited 3")])
  }

  @Test("Without verify commands the agent's end is the run's")
  func noVerification() throws {
    let (machine, actions) = try machine([.startRequested, .started, .agentEnded(Self.success)], verifies: false)
    #expect(actions == [.finish(.succeeded, reason: nil)])
    #expect(machine.status == .succeeded)
  }

  @Test("A cancel while verifying stops the verification and ends as canceled")
  func cancelWhileVerifying() throws {
    var (machine, _) = try machine([.startRequested, .started, .agentEnded(Self.success)])
    #expect(try machine.receive(Self.cancel) == [.recordCancelRequest, .stopVerification])
    #expect(try machine.receive(.verified(failure: nil)) == [.finish(.canceled, reason: "enough")])
  }
}
