import RunModel

/// The real dashboard with 100,000 ended runs, left alone.
func largeDashboard(_ workshop: Workshop) async throws -> [Row] {
  let service = SyntheticService(runs: SampleRuns.runs(100_000), rate: 0)
  return try await service.whileServing(on: workshop.folder + "/large.sock") { address in
    let screen = try Screen(workshop, ["--connect", address.description])
    defer { screen.stop() }
    try screen.wait(for: "(#1", seconds: 60)
    screen.read(for: .seconds(3))
    let memory = residentMegabytes(of: screen.pid)
    let before = processorTime(of: screen.pid)
    let start = ContinuousClock.now
    screen.read(for: .seconds(5))
    let busy = (processorTime(of: screen.pid) - before) / start.duration(to: .now)
    return [
      Row("dashboard-memory", memory, .atMost, 150, "MB"),
      Row("dashboard-idle", busy * 100, .atMost, 1, "% CPU"),
    ]
  }
}
