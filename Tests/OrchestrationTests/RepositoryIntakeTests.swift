import Logging
import Orchestration
import RunModel
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct RepositoryIntakeTests {
  /// What was looked at, in order.
  private final class Looks: Sendable {
    private let seen = Mutex<[String]>([])
    func look(_ repository: String, _ base: String?) -> Problem? {
      seen.withLock { $0.append("\(repository)@\(base ?? "HEAD")") }
      if repository == "/plain" { return Problem(.invalid, "/plain is not a git repository.", member: "repository") }
      return base == "nope" ? Problem(.invalid, "The base \"nope\" is no commit.", member: "base") : nil
    }
    var all: [String] { seen.withLock { $0 } }
  }

  /// `second`: what the runtime beside `local` is, which needs no repository.
  private func with(second kind: String = "bridge", _ body: (Orchestrator, Looks, ScriptedRuntime) async throws -> Void)
    async throws
  {
    let looks = Looks()
    let local = ScriptedRuntime("local")
    let other = ScriptedRuntime("other")
    let orchestrator = try await Orchestrator.restore(
      from: InMemoryRunStore(),
      registrations: [
        Registration(local, kind: "local", inspect: { looks.look($0, $1) }), Registration(other, kind: kind),
      ], verifier: ScriptedVerifier(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    async let work: Void = orchestrator.run { isReady.yield() }
    for await _ in ready { break }
    do { try await body(orchestrator, looks, local) } catch {
      await orchestrator.shutDown()
      try await work
      throw error
    }
    await orchestrator.shutDown()
    try await work
  }

  private func contract(_ repository: String?, base: String? = nil, runtime: RuntimeID? = nil) -> Contract {
    var contract = Contract(title: "x")
    contract.repository = repository
    contract.base = base
    contract.runtime = runtime
    return contract
  }

  private let human = Actor(.human, "ada")

  @Test(
    "A contract whose every runtime needs a usable repository is refused at intake, dry or not",
    arguments: [("/plain", nil, "repository"), ("/good", "nope", "base")] as [(String, String?, String)], [true, false])
  func refused(_ place: (String, String?, String), dryRun: Bool) async throws {
    try await with { orchestrator, _, _ in
      let request = DispatchRequest(
        contracts: [contract(place.0, base: place.1, runtime: "local")], dryRun: dryRun)
      do {
        _ = try await orchestrator.dispatch(request, by: human)
        Issue.record("not refused")
      } catch let problem as Problem {
        #expect(problem.code == .ineligible)
        #expect(problem.code.exitCode == 4)
        #expect(problem.member == place.2)
      }
      #expect(await orchestrator.runs(RunQuery()).runs.isEmpty)
    }
  }

  @Test("A mistaken repository is no work for a runtime that works in none, unless the contract is pinned to it")
  func another() async throws {
    try await with { orchestrator, _, local in
      do {
        _ = try await orchestrator.dispatch(DispatchRequest(contracts: [contract("/plain")]), by: human)
        Issue.record("not refused")
      } catch let problem as Problem {
        #expect(problem.code == .ineligible && problem.member == "repository", "\(problem)")
      }
      let outcomes = try await orchestrator.dispatch(
        DispatchRequest(contracts: [contract("/plain", runtime: "other")]), by: human)
      #expect(try #require(outcomes.first).decision.runtimeId == "other")
      #expect(local.started.isEmpty)
    }
  }

  @Test(
    "A mistaken repository or base is refused with that reason, and not played by a simulated runtime",
    arguments: [("/plain", nil, "is not a git repository"), ("/good", "nope", "is no commit")]
      as [(String, String?, String)])
  func mistake(_ place: (String, String?, String)) async throws {
    try await with(second: "simulated") { orchestrator, _, _ in
      do {
        _ = try await orchestrator.dispatch(
          DispatchRequest(contracts: [contract(place.0, base: place.1)]), by: human)
        Issue.record("not refused")
      } catch let problem as Problem {
        #expect(problem.code == .ineligible && problem.detail.contains(place.2), "\(problem.detail)")
      }
      var pinned = contract(place.0, base: place.1, runtime: "other")
      pinned.title = "Pinned"
      let taken = try await orchestrator.dispatch(DispatchRequest(contracts: [pinned]), by: human)
      #expect(taken.first?.decision.runtimeId == "other")
    }
  }

  @Test("A repository is looked at once for each base in a request, and never for runtimes that need none")
  func once() async throws {
    try await with { orchestrator, looks, _ in
      var request = DispatchRequest(
        contracts: [contract("/good"), contract("/good"), contract("/good", base: "v1"), contract(nil)], count: 3,
        dryRun: true)
      _ = try await orchestrator.dispatch(request, by: human)
      #expect(looks.all == ["/good@HEAD", "/good@v1"])
      request.runtimes = ["other"]
      _ = try await orchestrator.dispatch(request, by: human)
      #expect(looks.all.count == 2)
    }
  }

  @Test("A tolerant dry run answers for each contract, and says which is known already")
  func tolerant() async throws {
    try await with { orchestrator, _, _ in
      var known = contract(nil, runtime: "other")
      known.externalRef = "GH-7"
      let first = try await orchestrator.dispatch(DispatchRequest(contracts: [known]), by: human)
      var lost = contract(nil)
      lost.dependsOn = ["GH-999"]
      var request = DispatchRequest(
        contracts: [contract("/plain", runtime: "local"), lost, known, contract(nil)], dryRun: true)
      request.isTolerant = true
      let outcomes = try await orchestrator.dispatch(request, by: human)
      #expect(outcomes.count == 4)
      #expect(outcomes.map { $0.problem?.code } == [.ineligible, .invalid, nil, nil])
      #expect(outcomes[2].runId == first.first?.runId)
      #expect(outcomes[3].runId == nil)
      request.isTolerant = false
      await #expect(throws: Problem.self) { try await orchestrator.dispatch(request, by: human) }
    }
  }
}
