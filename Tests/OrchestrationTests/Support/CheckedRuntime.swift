import Orchestration
import RunModel
import Synchronization
import TestSupport

/// A scripted runtime that can be asked how it is, and answers what the test says.
final class CheckedRuntime: CheckableRuntime, RetirableRuntime {
  let scripted: ScriptedRuntime
  let isCheapToCheck: Bool
  private let state = Mutex<(problem: Problem?, checks: Int, isRetired: Bool)>((nil, 0, false))

  init(_ id: RuntimeID = "checked", slots: Int = 4, isCheap: Bool = false) {
    scripted = ScriptedRuntime(id, slots: slots)
    isCheapToCheck = isCheap
  }

  func failChecks(with problem: Problem?) { state.withLock { $0.problem = problem } }
  var checks: Int { state.withLock { $0.checks } }
  var isRetired: Bool { state.withLock { $0.isRetired } }

  func check() async throws -> RuntimeCheck {
    let problem = state.withLock { state in
      state.checks += 1
      return state.problem
    }
    if let problem { throw problem }
    return RuntimeCheck(agent: "agent", agentVersion: "1", capabilities: try await getCapabilities())
  }

  func retire() async { state.withLock { $0.isRetired = true } }

  var runtimeId: RuntimeID { scripted.runtimeId }
  func startTask(_ contract: Contract) async throws -> StartedTask { try await scripted.startTask(contract) }
  func getStatus(_ run: RunID) async throws -> TaskStatus { try await scripted.getStatus(run) }
  func cancelTask(_ run: RunID, reason: String) async throws { try await scripted.cancelTask(run, reason: reason) }
  func getArtifacts(_ run: RunID) async throws -> Artifacts { try await scripted.getArtifacts(run) }
  func onEvent(_ handler: @escaping @Sendable (RuntimeEvent) -> Void) { scripted.onEvent(handler) }
  func getCapabilities() async throws -> RuntimeCapabilities { try await scripted.getCapabilities() }
}
