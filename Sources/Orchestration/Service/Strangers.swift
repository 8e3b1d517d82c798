import RunModel

/// What is left of runs that the store does not know: it was restored from a backup that is older than they are. It is
/// named in every clean-up, and goes only when that is asked for and its work is merged.
extension Orchestrator {
  func collectStrangers(
    _ cleanUp: inout CleanUp, wanted: Bool, in store: any RetentionStore, by actor: Actor
  ) async throws {
    var met: Set<RunID> = []
    for id in pool.ids {
      guard let runtime = pool[id] as? any CollectableRuntime else { continue }
      for stranger in await runtime.strangers(unlessKnown: { run in self.journal.read { $0[run] != nil } })
      where met.insert(stranger.run).inserted {
        if isShuttingDown { return }
        try await collect(stranger, of: runtime, &cleanUp, wanted: wanted, in: store, by: actor)
      }
    }
    cleanUp.report.unknownRuns = met.count
  }

  private func collect(
    _ stranger: Stranger, of runtime: any CollectableRuntime, _ cleanUp: inout CleanUp, wanted: Bool,
    in store: any RetentionStore, by actor: Actor
  ) async throws {
    let run = stranger.run
    let who = "the store does not know its run"
    let remains: Remains
    do { remains = try await runtime.remains(of: run) } catch {
      return cleanUp.keep(
        .worktree, of: run, Remains.Part(stranger.name), "\(who), and it cannot be looked at: \(error)")
    }
    let parts: [(CollectedKind, Remains.Part?)] = [
      (.worktree, remains.worktree ?? (remains.isEmpty ? Remains.Part(stranger.name) : nil)), (.branch, remains.branch),
      (.output, remains.output),
    ]
    var isHeld = false
    for case (let kind, let part?) in parts {
      // In this order: the branch holds while its worktree does, and what was printed while either does.
      if let obstacle = part.obstacle {
        isHeld = true
        cleanUp.keep(kind, of: run, part, "\(who); \(obstacle.text); \(stranger.look)")
      } else if remains.isEmpty {
        isHeld = true
        cleanUp.keep(kind, of: run, part, "\(who), nor does its folder say what it is; \(stranger.look)")
      } else if kind == .branch, !cleanUp.branches {
        cleanUp.keep(kind, of: run, part, "\(who); merged: gc --unknown --branches removes it")
      } else if isHeld {
        if kind == .branch { cleanUp.keep(kind, of: run, part, "\(who); its worktree stays") }
      } else if !wanted {
        if kind != .output { cleanUp.keep(kind, of: run, part, "\(who); merged: gc --unknown removes it") }
      } else if !cleanUp.dryRun {
        do {
          let bytes = try await remove(
            kind, of: run, runtime, evenUnmerged: false, isBegun: false, in: store, by: actor)
          cleanUp.report.items.append(
            .init(kind, run: run, what: part.name, bytes: bytes, reason: "\(who), and its work is merged"))
        } catch let problem as Problem {
          isHeld = true
          cleanUp.keep(kind, of: run, part, problem.detail)
        }
      } else {
        cleanUp.report.items.append(
          .init(kind, run: run, what: part.name, bytes: part.bytes, reason: "\(who), and its work is merged"))
      }
    }
  }
}
