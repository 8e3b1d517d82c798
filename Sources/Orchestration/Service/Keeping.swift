import Logging
import RunModel

/// Work that could not be committed when its run ended is tried again until it is: with growing pauses while this
/// orchestrator lives, and by the next one at its start.
extension Orchestrator {
  static let firstKeepingPause = Duration.seconds(2)
  static let longestKeepingPause = Duration.seconds(300)

  /// `tries`: whether the first try is made at once.
  func keepLater(_ run: RunID, tries: Bool = false) {
    unkept.insert(run)
    guard keeping == nil, !isShuttingDown else { return }
    keeping = Task { await self.keepAll(triesAtOnce: tries) }  // canceled by shutDown
  }

  private func keepAll(triesAtOnce: Bool) async {
    var pause = Self.firstKeepingPause
    var isFirst = true
    while !unkept.isEmpty, !isShuttingDown {
      if !isFirst || !triesAtOnce {
        do { try await environment.sleep(pause) } catch { break }
        pause = min(pause * 2, Self.longestKeepingPause)
      }
      isFirst = false
      for run in unkept.sorted() where !isShuttingDown { await keep(run) }
    }
    keeping = nil
  }

  private func keep(_ id: RunID) async {
    guard let run = journal.read({ $0[id] }), let name = run.runtimeId, let runtime = pool[name] as? any KeepingRuntime
    else {
      unkept.remove(id)
      return
    }
    let commit: String?
    do { commit = try await runtime.keepWork(of: run) } catch let problem as Problem where problem.code == .notFound {
      environment.logger.error(
        "work that was not committed is gone", metadata: ["run": "\(id)", "error": "\(problem)"])
      unkept.remove(id)
      return
    } catch {
      environment.logger.notice("work still cannot be committed", metadata: ["run": "\(id)", "error": "\(error)"])
      return
    }
    let made = await madeAfterAll(by: id, on: runtime)
    let now = environment.now()
    var data: JSONObject = [:]
    if let commit { data.append("commit", .string(commit)) }
    if let branch = run.branch { data.append("branch", .string(branch)) }
    var record = JournalEntry(
      audit: [
        AuditDraft(
          "agent_run.kept", run: id, by: .system, data: data, contract: run.contractId, runtime: name, time: now)
      ])
    data.append("message", .string("the work that could not be committed is, after all"))
    if let made {
      record.details = [(id, made.detail)]
      record.events.append(RunEvent(type: .artifacts, run: id, time: now, data: made.counts))
    }
    record.events.append(RunEvent(type: .kept, run: id, time: now, data: data))
    journal.note(record)
    unkept.remove(id)
    environment.logger.notice("work is committed after all", metadata: ["run": "\(id)"])
  }

  /// What the run made, as far as it could not be told while nothing could be committed; nil when it still cannot.
  private func madeAfterAll(by run: RunID, on runtime: any KeepingRuntime) async -> (
    detail: StoredDetail, counts: JSONObject
  )? {
    do {
      let fresh = try await runtime.getArtifacts(run)
      var artifacts = fresh
      if let stored = try await environment.store.detail(of: run).artifacts {
        artifacts = Artifacts(json: try JSONValue(parsing: stored))
        artifacts.filesChanged = fresh.filesChanged
        artifacts.diffSummary = fresh.diffSummary
      }
      var detail = StoredDetail(artifacts: artifacts.jsonBytes)
      if let folder = runtime as? any WorkspaceRuntime { detail.patch = try await folder.patch(of: run) }
      return (detail, artifacts.counts(patch: detail.patch))
    } catch {
      environment.logger.error("no artifacts", metadata: ["run": "\(run)", "error": "\(error)"])
      return nil
    }
  }
}
