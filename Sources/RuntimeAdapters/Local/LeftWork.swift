import Orchestration
package import RunModel

/// What local runs have left that a store does not know: it was restored from a backup that is older than they are.
package struct LeftWork: Sendable, Hashable {
  package var run: RunID
  /// Nil when it is gone.
  package var worktree: String?
  package var branch: String?
  package var repository: String?

  /// Of those under `<state>` that worked in a folder of their own: what a follow-up made lies on its predecessor's branch.
  package static func find(in state: String, unknownTo isKnown: (RunID) -> Bool) -> [LeftWork] {
    let names = Set(Files.names(in: "\(state)/runs") + Files.names(in: "\(state)/worktrees"))
    let runs = names.compactMap { RunID($0) }.filter { !isKnown($0) }.sorted()
    return runs.compactMap { run in
      let folder = RunFolder(state: state, run: run)
      let worktree = "\(state)/worktrees/\(run)"
      let lies = Files.exists(worktree) ? worktree : nil
      // What says nothing of it any more leaves the worktree alone to be named.
      guard let json = try? folder.json(folder.spec), let spec = LocalRunSpec(json: json) else {
        return lies.map { LeftWork(run: run, worktree: $0) }
      }
      guard spec.workspace.path == worktree else { return nil }
      // Of one that was cleared away before only what lasts is there.
      guard lies != nil || Files.names(in: folder.path).contains(where: { !LocalRuntime.lasting.contains($0) }) else {
        return nil
      }
      return LeftWork(run: run, worktree: lies, branch: spec.workspace.branch, repository: spec.workspace.repository)
    }
  }

  /// How to look at it.
  package var look: String {
    guard let repository, let branch else { return "look: git -C \(worktree ?? ".") status" }
    return "look: git -C \(repository) log \(branch)"
  }
}
