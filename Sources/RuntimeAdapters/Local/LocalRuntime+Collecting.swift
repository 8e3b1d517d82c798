package import Orchestration
package import RunModel
import Synchronization

extension LocalRuntime: CollectableRuntime {
  /// What is kept of a run's folder: enough to look at its work and to go on with it.
  static let lasting: Set<String> = [
    "spec.json", "contract.json", "end.json", "exit.json", "position", "agent.git", "session",
  ]

  package func remains(of run: RunID) async throws -> Remains {
    let folder = RunFolder(state: state, run: run)
    var remains = Remains()
    guard let (spec, end) = try left(by: run) else { return remains }
    let works = Files.isLocked(folder.supervised.lock)
    let names = Files.names(in: folder.path).filter { !Self.lasting.contains($0) }
    if !names.isEmpty {
      remains.output = Remains.Part(folder.path, obstacle: works ? .other("its supervisor still works") : nil)
      for name in names { remains.output?.bytes += await Files.size(folder.path + "/" + name) }
    }
    let leftovers = Leftovers(git: git, workspace: spec.workspace, commit: end?.end.commit)
    if Files.exists(spec.workspace.path), isOurs(spec.workspace.path) {
      let obstacle: Remains.Obstacle? =
        if works {
          .other("its supervisor still works")
        } else if end == nil {
          .other("how it ended is not known here")
        } else if end?.isKept == false {
          .other("its work could not be committed")
        } else {
          try await leftovers.worktreeObstacle()
        }
      remains.worktree = Remains.Part(
        spec.workspace.path, bytes: await Files.size(spec.workspace.path), obstacle: obstacle)
    }
    remains.branch = try await leftovers.branch()
    if works, remains.branch?.obstacle == nil { remains.branch?.obstacle = .other("its agent still works") }
    return remains
  }

  package func strangers(unlessKnown isKnown: @Sendable (RunID) -> Bool) async -> [Stranger] {
    LeftWork.find(in: state, unknownTo: isKnown).filter { isMine($0.run) }.map {
      Stranger($0.run, name: $0.worktree ?? $0.branch ?? "\(state)/runs/\($0.run)", look: $0.look)
    }
  }

  /// Of what says nothing of itself every runtime answers the same.
  private func isMine(_ run: RunID) -> Bool {
    let folder = RunFolder(state: state, run: run)
    guard let json = try? folder.json(folder.spec), let owner = LocalRunSpec(json: json)?.runtime else { return true }
    return owner == runtimeId
  }

  package func remove(_ kind: CollectedKind, of run: RunID, evenUnmerged: Bool, isBegun: Bool) async throws -> Int64 {
    let folder = RunFolder(state: state, run: run)
    guard let (spec, end) = try left(by: run) else { return 0 }
    guard !Files.isLocked(folder.supervised.lock) else {
      throw Problem(.conflict, "its supervisor still works")
    }
    let leftovers = Leftovers(git: git, workspace: spec.workspace, commit: end?.end.commit)
    switch kind {
    case .output:
      var bytes: Int64 = 0
      for name in Files.names(in: folder.path) where !Self.lasting.contains(name) {
        bytes += await Files.size(folder.path + "/" + name)
        Files.removeTree(folder.path + "/" + name)
      }
      return bytes
    case .worktree:
      guard isOurs(spec.workspace.path), Files.exists(spec.workspace.path) || isBegun else { return 0 }
      return try await holding(spec.workspace.branch) {
        let bytes = await Files.size(spec.workspace.path)
        if !isBegun, let obstacle = try await leftovers.worktreeObstacle() {
          guard case .unmerged = obstacle, evenUnmerged else { throw Problem(.conflict, obstacle.text) }
        }
        try await leftovers.removeWorktree(isBegun: isBegun)
        return bytes
      }
    case .branch:
      return try await holding(spec.workspace.branch) {
        try await leftovers.removeBranch()
        return 0
      }
    case .events, .answers: return 0
    }
  }

  /// While it runs no follow-up begins on the branch.
  func holding<Result>(_ branch: String?, _ body: () async throws -> Result) async throws -> Result {
    let branch = branch ?? ""
    guard resuming.withLock({ $0.insert(branch).inserted }) else {
      throw Problem(.conflict, "a follow-up begins on its branch")
    }
    defer { resuming.withLock { _ = $0.remove(branch) } }
    return try await body()
  }

  private func left(by run: RunID) throws -> (spec: LocalRunSpec, end: LocalRunEnd?)? {
    let folder = RunFolder(state: state, run: run)
    guard let json = try folder.json(folder.spec), let spec = LocalRunSpec(json: json), spec.run == run else {
      return nil
    }
    return (spec, try folder.json(folder.end).flatMap(LocalRunEnd.init(json:)))
  }

  /// Only what lies in our own folder is ours to remove.
  private func isOurs(_ path: String) -> Bool {
    path.hasPrefix("\(state)/worktrees/") && !path.split(separator: "/").contains("..")
  }
}
