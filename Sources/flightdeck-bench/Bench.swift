import ArgumentParser
import Glibc
import RunModel

/// Measures the budgets of the design on this machine.
@main struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flightdeck-bench", abstract: "Measure flightdeck against its budgets.",
    discussion: """
      Rows that run the real program expect `flightdeck` beside this one, built alike; only release builds say something. \
      A ratio of 1 or less is within the budget in every row: measured/budget where less is better, budget/measured \
      where more is (the rows whose unit ends in "/s").
      """)

  @Flag(help: "Print [{name, unit, measured, budget, ratio}] and nothing else.")
  var json = false
  @Option(help: ArgumentHelp("Only rows whose name begins like this; may be repeated.", valueName: "name"))
  var only: [String] = []

  @Flag(help: "Instead, do what other programs do as well beside them: tig, less, lnav and htop, where installed.")
  var beside = false

  @Flag(
    help: "Instead, flood it in every way there is at full size; some minutes. Status 1 when a bound does not hold.")
  var floods = false

  @Flag(help: "Instead, watch memory and descriptors under load. Status 1 when they do not stay flat.")
  var soak = false
  @Option(help: "How long the soak takes.")
  var minutes = 30.0
  @Option(help: ArgumentHelp("The events a second of the soak.", valueName: "number"))
  var rate = 10_000

  func run() async throws {
    if floods { return try await runFloods() }
    if soak { return try await runSoak() }
    if beside { return try await runBeside() }
    let chosen = Self.benchmarks.filter { benchmark in
      only.isEmpty
        || only.contains { only in benchmark.rows.contains { $0.hasPrefix(only) } }
    }
    if chosen.isEmpty {
      throw ValidationError(
        "There is no row like that. There are: \(Self.benchmarks.flatMap(\.rows).joined(separator: ", ")).")
    }
    let workshop = try Workshop()
    defer { workshop.remove() }
    var rows: [Row] = []
    for benchmark in chosen {
      let found = try await benchmark.measure(workshop)
      for row in found where only.isEmpty || only.contains(where: { row.name.hasPrefix($0) }) {
        rows.append(row)
        if !json { print(row.line) }
      }
    }
    if json { print(rows.jsonText) }
  }

  private func runFloods() async throws {
    let workshop = try Workshop()
    defer { workshop.remove() }
    let rows = try await measureFloods(workshop, only: only) { if !json { Self.say($0.line) } }
    if json { print(rows.jsonText) }
    if rows.contains(where: { $0.ratio > 1 }) { throw ExitCode(1) }
  }

  private func runSoak() async throws {
    let workshop = try Workshop()
    defer { workshop.remove() }
    if try await !runSoaking(workshop, minutes: minutes, rate: rate, say: Self.say) {
      throw ExitCode(1)
    }
  }

  /// At once, also into a file: these take long.
  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private func runBeside() async throws {
    let workshop = try Workshop()
    defer { workshop.remove() }
    var comparisons: [Comparison] = []
    for task in [{ [try await startBeside($0)] }, diffBeside, { [try await floodBeside($0)] }] as [Task] {
      let found = try await task(workshop)
      comparisons += found
      if !json { for line in found.flatMap(\.lines) { print(line) } }
    }
    if json { print(comparisons.jsonText) }
  }

  private typealias Task = (Workshop) async throws -> [Comparison]

  private struct Benchmark: Sendable {
    var rows: [String]
    var measure: @Sendable (Workshop) async throws -> [Row]
  }

  private static let benchmarks = [
    Benchmark(rows: ["first-frame"], measure: firstFrame),
    Benchmark(rows: ["key-to-paint", "key-to-paint-load"], measure: keyToPaint),
    Benchmark(rows: ["agent-line"], measure: agentLine),
    Benchmark(rows: ["filter-keystroke"], measure: { _ in [filterKeystroke()] }),
    Benchmark(rows: ["diff-first-paint"], measure: { _ in [try diffFirstPaint()] }),
    Benchmark(rows: ["ingest"], measure: { _ in [try ingest()] }),
    Benchmark(rows: ["dashboard-memory", "dashboard-idle"], measure: largeDashboard),
    Benchmark(rows: ["orchestrator-events", "orchestrator-memory"], measure: orchestratorEvents),
    Benchmark(rows: ["orchestrator-dispatches"], measure: orchestratorDispatches),
    Benchmark(rows: ["run-cost", "run-cost-acp"], measure: runCost),
    Benchmark(rows: ["run-memory"], measure: runMemory),
  ]
}
