import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("Every adapter keeps AWFAgentRuntime", .serialized)
struct RuntimeConformanceTests {
  @Test("The simulated runtime keeps the contract", arguments: RuntimeConformance.Check.allCases)
  func simulated(_ check: RuntimeConformance.Check) async throws {
    var configuration = SimulatedRuntime.Configuration()
    configuration.medianSeconds = 0.2
    configuration.maxSeconds = 0.4
    configuration.attentionRate = 0
    let quick = configuration
    // One adapter must serve both: an endless run is one that the test outpaces.
    configuration.medianSeconds = check.isAboutEndless ? 600 : quick.medianSeconds
    configuration.maxSeconds = check.isAboutEndless ? 600 : quick.maxSeconds
    let runtime = SimulatedRuntime(configuration)
    try await RuntimeConformance(runtime, ending: Self.contract, endless: Self.contract).run(check)
  }

  @Test("The mock runtime keeps the contract", arguments: RuntimeConformance.Check.allCases)
  func mock(_ check: RuntimeConformance.Check) async throws {
    let script = try MockScript(
      parsing: Array(
        """
        {"runs": [
          {"match": "endless", "steps": [{"progress": 0.2}], "cancelAfter": 0.02},
          {"artifacts": {"files_changed": ["a"], "handoff_note": "done"},
           "steps": [{"output": "hello"}, {"after": 0.01, "progress": 0.4}, {"after": 0.01, "progress": 0.8},
                     {"event": "my.own"}, {"end": "succeeded"}]}]}
        """.utf8))
    try await RuntimeConformance(
      MockRuntime(script: script), ending: Self.contract, endless: { _ in Contract(title: "endless") }
    ).run(check)
  }

  @Test("The local runtime keeps the contract", arguments: RuntimeConformance.Check.allCases)
  func local(_ check: RuntimeConformance.Check) async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      echo '{"awf":"progress","progress":0.5}'; echo working
      if [ "$1" = endless ]; then sleep 300; fi
      echo changed >> kept.txt
      """)
    let repository = bench.repository
    try await RuntimeConformance(
      runtime,
      ending: { _ in
        var contract = Contract(title: "quick")
        contract.repository = repository
        return contract
      },
      endless: { _ in
        var contract = Contract(title: "endless")
        contract.repository = repository
        return contract
      }
    ).run(check)
  }

  @Test("The acp runtime keeps the contract", arguments: RuntimeConformance.Check.allCases)
  func acp(_ check: RuntimeConformance.Check) async throws {
    let bench = try Bench()
    let repository = bench.repository
    @Sendable func contract(_ prompt: String) -> Contract {
      var contract = Contract(title: "Do it")
      contract.prompt = prompt
      contract.repository = repository
      return contract
    }
    try await RuntimeConformance(
      bench.acp(), ending: { _ in contract("plan say:working write:made.txt") },
      endless: { _ in contract("plan say:working wait") }
    ).run(check)
  }

  @Sendable private static func contract(_ run: RunID) -> Contract { Contract(title: "Fix the login page") }
}

extension RuntimeConformance.Check {
  fileprivate var isAboutEndless: Bool {
    switch self {
    case .cancelEndsTheRun, .cancelTwiceIsOneCancel, .aRunStartsOnce: true
    default: false
    }
  }
}
