import RunModel
import Synchronization

/// What the journal has stored since the process began.
struct JournalFigures: Sendable {
  private(set) var events: [String: Int] = [:]
  private(set) var dispatched = 0
  private(set) var cancelsRequested = 0
  private(set) var ended: [RunStatus: Int] = [:]
  private(set) var outputDropped = 0
  private(set) var cancelProof = Histogram(bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
  var commits = Histogram(bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5])
  var failures = 0
  /// Times that a subscriber's next events were read from the store, as memory no longer had them.
  var pagesRead = 0

  /// Counts an event that is stored; `run` is as it is with it.
  mutating func count(_ event: RunEvent, _ run: @autoclosure () -> Run?) {
    events[event.source, default: 0] += 1
    switch event.type {
    case .output: outputDropped &+= event.data["dropped"]?.int.map { Int($0) } ?? 0
    case .outputCut: outputDropped &+= event.data["lines"]?.int.map { Int($0) } ?? 0
    case .queued: dispatched += 1
    case .cancelRequested: cancelsRequested += 1
    case .succeeded: ended[.succeeded, default: 0] += 1
    case .failed: ended[.failed, default: 0] += 1
    case .canceled:
      ended[.canceled, default: 0] += 1
      if let asked = run()?.cancellation?.requestedAt { cancelProof.observe(max(.zero, event.time - asked)) }
    default: break
    }
  }
}

extension Journal {
  func metrics() -> MetricsPage {
    let figures = figures.withLock { $0 }
    let (backlog, isDegraded) = backlog
    var page = MetricsPage()
    page.counter("flightdeck_dispatched_total", "Runs taken in.", Double(figures.dispatched))
    page.counter(
      "flightdeck_cancels_requested_total", "Cancels asked for.", Double(figures.cancelsRequested))
    page.counter(
      "flightdeck_runs_ended_total", "Runs that have ended, by outcome.",
      RunStatus.allCases.filter(\.isTerminal).map {
        .init(Double(figures.ended[$0] ?? 0), ["outcome": $0.rawValue])
      })
    page.histogram(
      "flightdeck_cancel_proof_seconds", "From a cancel's request to the proof that the run's processes are gone.",
      figures.cancelProof)
    page.counter(
      "flightdeck_events_total", "Events stored, by who reported them.",
      figures.events.sorted { $0.key < $1.key }.map { source, count in
        .init(Double(count), ["source": source.split(separator: "/").last.map { String($0) } ?? source])
      })
    page.counter(
      "flightdeck_output_dropped_total", "Lines of output that were not kept.", Double(figures.outputDropped))
    page.histogram("flightdeck_commit_seconds", "How long the store took for a commit.", figures.commits)
    page.counter("flightdeck_commit_failures_total", "Commits that the store refused.", Double(figures.failures))
    page.gauge("flightdeck_store_degraded", "1 while the store cannot be written.", isDegraded ? 1 : 0)
    page.gauge("flightdeck_journal_backlog", "Events that wait to be stored.", Double(backlog))
    page.gauge(
      "flightdeck_journal_bytes", "Bytes that wait to be stored; above \(Bounds.journal) lines are dropped.",
      Double(load.bytes))
    page.gauge("flightdeck_last_seq", "The seq of the last event.", Double(ring.lastSeq))
    page.gauge("flightdeck_ring_bytes", "Encoded events held in memory for subscribers.", Double(ring.bytes))
    page.counter(
      "flightdeck_pages_from_store_total", "Times that a subscriber had fallen behind what memory holds.",
      Double(figures.pagesRead))
    return page
  }
}
