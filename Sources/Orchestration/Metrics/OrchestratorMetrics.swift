import RunModel

extension Orchestrator {
  package func metrics() async -> MetricsPage {
    var page = runMetrics(at: environment.now())
    page.append(journal.metrics())
    if let size = await environment.store.size() {
      page.gauge("flightdeck_store_bytes", "The store's files.", Double(size.bytes))
      page.gauge("flightdeck_store_free_bytes", "Free on the disk that holds the store.", Double(size.free))
    }
    return page
  }

  private struct Tally: Sendable {
    var runs: [RunStatus: [RuntimeID?: Int]] = [:]
    var stalled: [RuntimeID: Int] = [:]
    var oldestQueued: Timestamp?
    var oldestAttention: Timestamp?
    var queued = 0
    var attention = 0
  }

  private func runMetrics(at now: Timestamp) -> MetricsPage {
    let runtimes = pool.all
    let known = Dictionary(uniqueKeysWithValues: runtimes.map { ($0.runtimeId, $0) })
    let tally = journal.read { board in
      var tally = Tally()
      tally.queued = board.count(.queued)
      tally.attention = board.needingAttention
      for run in board.runs {
        // A runtime that is configured no more would be a label for ever.
        tally.runs[run.status, default: [:]][run.runtimeId.flatMap { known[$0]?.runtimeId }, default: 0] += 1
        if run.status.isTerminal { continue }
        if run.status == .queued { tally.oldestQueued = min(run.createdAt, tally.oldestQueued ?? run.createdAt) }
        if run.needsAttention {
          let since = run.attention?.since ?? run.approval?.requestedAt ?? run.createdAt
          tally.oldestAttention = min(since, tally.oldestAttention ?? since)
        }
        if let id = run.runtimeId, known[id]?.isStalled(run, at: now) == true { tally.stalled[id, default: 0] += 1 }
      }
      return tally
    }
    func age(_ since: Timestamp?) -> Double { since.map { max(.zero, now - $0) / .seconds(1) } ?? 0 }
    func each(_ value: (RuntimeSummary) -> Int) -> [MetricsPage.Sample] {
      runtimes.map { .init(Double(value($0)), ["runtime": $0.runtimeId.rawValue]) }
    }
    var page = MetricsPage()
    page.gauge(
      "flightdeck_runs", "Runs known, by status and runtime; none before one is chosen or when it is gone.",
      RunStatus.allCases.flatMap { status in
        (runtimes.map { Optional($0.runtimeId) } + [nil]).map { id in
          .init(
            Double(tally.runs[status]?[id] ?? 0), ["status": status.rawValue, "runtime": id?.rawValue ?? "none"])
        }
      })
    page.gauge("flightdeck_queue_length", "Runs that wait.", Double(tally.queued))
    page.gauge("flightdeck_queue_oldest_seconds", "How long the oldest of them has.", age(tally.oldestQueued))
    page.gauge("flightdeck_attention", "Runs that need a person.", Double(tally.attention))
    page.gauge("flightdeck_attention_oldest_seconds", "How long the first of them has.", age(tally.oldestAttention))
    page.gauge(
      "flightdeck_runs_stalled", "Live runs that have been silent for longer than their runtime should be.",
      each { tally.stalled[$0.runtimeId] ?? 0 })
    page.gauge("flightdeck_runtime_slots_used", "Runs under way on a runtime.", each(\.slotsUsed))
    page.gauge("flightdeck_runtime_slots", "Runs that a runtime takes at once.", each(\.capabilities.maxParallelTasks))
    page.gauge("flightdeck_runtime_healthy", "1 when a runtime can take runs.", each { $0.health == .healthy ? 1 : 0 })
    return page
  }
}
