import DashboardUI
import FoundationEssentials
import Glibc
import RunClient
import RunModel
import TerminalKit

/// The tour: a throw-away repository, store and orchestrator of its own, gone at the end.
func runDemo() async throws {
  let folder = try DemoFolder(isWatched: Surroundings.present.outputIsTerminal && isatty(STDIN_FILENO) == 1)
  let signal: Int32?
  do {
    defer { folder.remove() }
    signal = try await tour(folder)
  }
  if let signal { Terminal.end(by: signal) }
}

/// Returns the signal that ended it, if one did.
private func tour(_ folder: DemoFolder) async throws -> Int32? {
  let paths = try folder.paths()
  let configuration = try ConfigurationFile.load(paths)
  RunClient.useOneThread()
  let client = RunClient(paths.address)
  let orchestrator = BackgroundOrchestrator(paths: paths)
  var signal: Int32?
  do {
    try await orchestrator.ensure(client)
    let outcomes = try await client.dispatch(DispatchRequest(contracts: folder.contracts))
    let surroundings = Surroundings.present
    if surroundings.outputIsTerminal, isatty(STDIN_FILENO) == 1 {
      signal = try await runDashboard(
        client: client, configuration: configuration, paths: paths, directory: folder.repository, tour: true)
    } else {
      try await playToTheEnd(outcomes.compactMap(\.runId), client)
      try await drawOnce(
        client: client, configuration: configuration, paths: paths, screen: nil, size: Size(width: 120, height: 40),
        format: .text)
    }
  } catch {
    await client.shutdown()
    await end(RunClient(paths.address))
    throw error
  }
  await client.shutdown()
  await end(RunClient(paths.address))
  return signal
}

/// Without a person the tour ends when its runs have.
private func playToTheEnd(_ runs: [RunID], _ client: RunClient) async throws {
  var live = Set(runs)
  let snapshot = try await client.snapshot()
  var board = RunBoard(runs: snapshot.runs, seq: snapshot.seq)
  for run in board.runs where run.status.isTerminal { live.remove(run.runId) }
  guard !live.isEmpty else { return }
  for try await events in try await client.events(EventQuery(after: snapshot.seq, follow: true)) {
    for event in events {
      board.apply(event)
      guard event.type.endsRun, let run = event.run else { continue }
      live.remove(run)
      if let ended = board[run] { Console.note(Plain.line("\(ended.status.rawValue): \(ended.title)")) }
    }
    if live.isEmpty { return }
  }
}

/// Ends what still runs, then the orchestrator, and waits until both are gone. The client is its own: the dashboard may have
/// let go of the first, for a replay or another orchestrator.
private func end(_ client: RunClient) async {
  do {
    for run in try await client.runs(RunQuery(statuses: [.queued, .running], limit: 1000)).runs {
      _ = try await client.cancel(run.runId.description, reason: "The tour is over", force: true)
    }
    while try await !client.runs(RunQuery(statuses: [.queued, .running], limit: 1)).runs.isEmpty {
      try await Task.sleep(for: .milliseconds(50))
    }
    let pid = pid_t(try await client.health().pid)
    kill(pid, SIGTERM)
    while kill(pid, 0) == 0 {
      // It may be our own child.
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid { break }
      try await Task.sleep(for: .milliseconds(20))
    }
  } catch {
    // The orchestrator is gone already; it also ends by itself when nobody is connected.
  }
  await client.shutdown()
}
