import Orchestration
package import RunModel

extension LocalRuntime: KeepingRuntime {
  package func keepWork(of run: Run) async throws -> String? {
    guard let known = try known(run.runId) else {
      throw Problem(.notFound, "The runtime \(runtimeId) has no run \(run.runId).")
    }
    let branch = known.spec.workspace.branch
    return try await holding(branch) {
      if let branch, await isWorkedOn(branch) {
        throw Problem(.conflict, "another run works on \(branch)")
      }
      return try await known.keep(recorded: run)
    }
  }
}

extension LocalRun {
  /// Tries once more to commit the work of the run, which has ended.
  func keep(recorded: Run) async throws -> String? {
    if let end, end.isKept { return end.end.commit }
    guard !Files.isLocked(folder.supervised.lock) else { throw Problem(.conflict, "its supervisor still works") }
    guard Files.isFolder(spec.workspace.path) else {
      throw Problem(.notFound, "The worktree \(spec.workspace.path) is not there any more.")
    }
    try await mendLink()
    let commit = try await Snapshot(diff: diff).take(message: snapshotMessage)
    // How it ended may have found no room on the disk either.
    var end = end?.end ?? TaskEnd(recorded)
    end.uncommitted = nil
    end.commit = commit
    end.proof?.commit = commit
    end.proof?.uncommitted = nil
    let whole = LocalRunEnd(end, isKept: true)
    try Files.write(whole.jsonBytes, to: folder.end, durably: true)
    self.end = whole
    return commit
  }
}

extension TaskEnd {
  /// As the record says how a run has ended.
  fileprivate init(_ run: Run) {
    let outcome: Outcome =
      switch run.status {
      case .succeeded: .succeeded
      case .canceled: .canceled
      case .failed, .queued, .running: .failed
      }
    self.init(
      outcome, exitCode: run.exitCode, reason: run.uncommitted.map { $0.removed(from: run.reason) } ?? run.reason,
      proof: run.proof)
  }
}
