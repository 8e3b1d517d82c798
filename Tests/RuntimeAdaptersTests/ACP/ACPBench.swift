import FoundationEssentials
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

extension Bench {
  /// A runtime of the scripted agent, which does what a contract's prompt says.
  func acp(
    _ variables: [String: String] = [:], confinement: Confinement = .found, adding environment: [String: String] = [:],
    _ change: (inout ACPRuntime.Configuration) -> Void = { _ in }
  ) -> ACPRuntime {
    var configuration = ACPRuntime.Configuration(
      command: [Self.python, "-S", "-E", ACPPlayer.agents.appending(path: "acp-agent.py").path])
    configuration.environment = variables.mapValues { .text($0) }
    change(&configuration)
    return ACPRuntime(
      configuration, state: state,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, launcher: Self.launcher,
      confinement: confinement)
  }

  /// The system's, where there is one: the shims of version managers take their time.
  private static let python =
    FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") ? "/usr/bin/python3" : "python3"

  func prompt(_ text: String, _ change: (inout Contract) -> Void = { _ in }) -> Contract {
    contract("Do it") {
      $0.prompt = text
      change(&$0)
    }
  }

  func recorded(_ contract: Contract) -> Run {
    var run = Run(
      runId: contract.runId ?? RunID(ids.next()), contractId: ContractID(ids.next()), title: contract.title,
      createdAt: .now)
    run.status = .running
    return run
  }
}

extension RuntimeEventRecorder {
  func waitForLine(_ line: String, of run: RunID) async throws {
    try await first("the line \(line)") { event in
      if case .output(_, let text, _) = event.kind { event.runId == run && text == line } else { false }
    }
  }

  func waitForQuestion(of run: RunID) async throws -> (id: String, options: [String], detail: AttentionDetail?) {
    let event = try await first("a question") { $0.type == "attention" && $0.runId == run }
    guard case .attention(let id, _, let options, _, let detail) = event.kind else {
      throw ConformanceFailure("no question in \(event)")
    }
    return (id, options, detail)
  }
}
