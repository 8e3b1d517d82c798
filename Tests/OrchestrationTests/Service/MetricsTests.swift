import Orchestration
import RunModel
import TestSupport
import Testing

@Suite struct MetricsTests {
  @Test("The figures follow the runs from the queue to their end, and the store's troubles")
  func figures() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let working = try await rig.dispatch("works")
      _ = try await rig.dispatch("waits")
      try await rig.wait(for: .started, of: working)
      rig.runtime.emit(working, .output(stream: .stdout, text: "hello", dropped: 0))
      rig.runtime.emit(working, .attention(id: "a", question: "?", options: [], kind: "question"))
      try await rig.wait(for: .attention, of: working)
      var page = try PrometheusText(await rig.orchestrator.metrics().text)
      let runtime = rig.runtime.runtimeId.rawValue
      #expect(page.value("flightdeck_runs", ["status": "running", "runtime": runtime]) == 1)
      #expect(page.value("flightdeck_runs", ["status": "queued", "runtime": "none"]) == 1)
      #expect(page.value("flightdeck_queue_length") == 1)
      #expect(page.value("flightdeck_attention") == 1)
      #expect(page.value("flightdeck_runtime_slots_used", ["runtime": runtime]) == 1)
      #expect(page.value("flightdeck_runtime_slots", ["runtime": runtime]) == 1)
      #expect(page.value("flightdeck_runtime_healthy", ["runtime": runtime]) == 1)
      #expect(page.value("flightdeck_dispatched_total") == 2)
      #expect(page.value("flightdeck_store_degraded") == 0)
      #expect(page.value("flightdeck_events_total", ["source": runtime]) ?? 0 >= 2)
      #expect(page.value("flightdeck_commit_seconds_count") ?? 0 > 0)
      #expect(page.value("flightdeck_ring_bytes") ?? 0 > 0)

      _ = try await rig.orchestrator.cancel(working, reason: "r", force: false, by: rig.human)
      rig.runtime.end(working, .canceled)
      try await rig.wait(for: .canceled, of: working)
      rig.store.failCommits(with: Problem(.unavailable, "The disk is full."))
      await #expect(throws: Problem.self) { try await rig.dispatch("refused") }
      page = try PrometheusText(await rig.orchestrator.metrics().text)
      #expect(page.value("flightdeck_cancels_requested_total") == 1)
      #expect(page.value("flightdeck_runs_ended_total", ["outcome": "canceled"]) == 1)
      #expect(page.value("flightdeck_runs_ended_total", ["outcome": "failed"]) == 0)
      #expect(page.value("flightdeck_cancel_proof_seconds_count") == 1)
      #expect(page.value("flightdeck_commit_failures_total") ?? 0 > 0)
      #expect(page.value("flightdeck_store_degraded") == 1)
      rig.store.failCommits(with: nil)
    }
  }

  @Test("Every value of a label is written so that it can be read again")
  func escapes() throws {
    var page = MetricsPage()
    page.gauge(
      "a", "A \\ and\na second line.", [.init(1.5, ["x": "a\"b\\c\nd{e=\"f\",}"]), .init(.infinity, ["x": "é"])])
    let read = try PrometheusText(page.text)
    #expect(read.value("a", ["x": "a\"b\\c\nd{e=\"f\",}"]) == 1.5)
    #expect(read.value("a", ["x": "é"]) == .infinity)
  }

  @Test("A histogram counts upwards")
  func histogram() throws {
    var histogram = Histogram(bounds: [0.1, 1])
    for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
    var page = MetricsPage()
    page.histogram("h_seconds", "H.", histogram)
    let read = try PrometheusText(page.text)
    #expect(read.value("h_seconds_bucket", ["le": "0.1"]) == 2)
    #expect(read.value("h_seconds_bucket", ["le": "1"]) == 3)
    #expect(read.value("h_seconds_bucket", ["le": "+Inf"]) == 4)
    #expect(read.value("h_seconds_count") == 4)
    #expect(read.value("h_seconds_sum") == 7.65)
  }

  @Test(
    "The reader is strict",
    arguments: [
      "a 1", "a 1\n", "# TYPE a gauge\na 1\n", "# HELP a A.\n# TYPE a gauge\n", "# HELP a A.\n# TYPE a gauge\na x\n",
      "# HELP a A.\n# TYPE a gauge\na 1\na 2\n", "# HELP a A.\n# TYPE a counter\na 1\n",
      "# HELP a A.\n# TYPE a gauge\nb 1\n", "# HELP a A.\n# TYPE a gauge\na{x=1} 1\n",
      "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n", "# HELP a \n# TYPE a gauge\na 1\n",
    ])
  func strict(text: String) { #expect(throws: PrometheusText.Violation.self) { try PrometheusText(text) } }

  @Test("The process tells what Linux knows of it")
  func process() throws {
    let page = try PrometheusText(ProcessFigures.metrics().text)
    #expect(page.value("process_resident_memory_bytes") ?? 0 > 1_000_000)
    #expect(page.value("process_open_fds") ?? 0 > 2)
    #expect(page.value("process_threads") ?? 0 >= 1)
    #expect(page.value("process_start_time_seconds") ?? 0 > 1_700_000_000)
    #expect(page.value("process_cpu_seconds_total") != nil)
  }
}
