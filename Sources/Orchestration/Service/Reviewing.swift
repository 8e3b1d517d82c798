package import RunModel

/// What reviewers of a run ask for: its diff in any form, and a follow-up.
extension Orchestrator {
  package func patch(of run: RunID, _ options: PatchOptions) async throws -> [UInt8] {
    let known = try known(run)
    await noteSeen(known)
    guard (0...PatchOptions.mostContext).contains(options.context) else {
      throw Problem(.invalid, "The context must be from 0 to \(PatchOptions.mostContext) lines.")
    }
    let isUsual = options == PatchOptions()
    if isUsual, let stored = try await environment.store.detail(of: run).patch { return stored }
    if let other = options.against {
      guard try self.known(other).startedAt != nil else {
        throw Problem(.conflict, "Run \(other.shortName) has not started, so there is nothing to compare with.")
      }
    }
    guard let id = live[run]?.runtime ?? known.runtimeId, let runtime = runtime(id, of: run) as? any WorkspaceRuntime
    else {
      if isUsual { return [] }
      let name = known.runtimeId.map { "the runtime \($0) that made it" } ?? "a runtime"
      throw Problem(.conflict, "The diff of \(run.shortName) is there in one form alone: \(name) gives no other.")
    }
    // One that has ended without a patch on record never began, or its patch is too large to be kept.
    if isUsual, known.status.isTerminal, known.startedAt == nil { return [] }
    do {
      return try await runtime.patch(of: live[run]?.nameThere ?? run, options)
    } catch let problem as Problem where problem.code == .notFound {
      if isUsual { return [] }
      throw Problem(
        .conflict, "The diff of \(run.shortName) is there in one form alone: its worktree and its record are gone.")
    }
  }

  package func followUp(
    _ run: RunID, prompt: String, title: String?, idempotencyKey: String?, by actor: Actor
  ) async throws -> DispatchOutcome {
    let key = OnceKey(
      idempotencyKey, "follow-up",
      JSONValue.array([.string(run.description), .string(prompt), title.map { .string($0) } ?? .null]).jsonBytes)
    let outcomes = try await once(key) {
      try await goOn(from: run, prompt: prompt, title: title, once: key, by: actor)
    }
    guard let outcome = outcomes.first else { throw Problem(.internal, "The follow-up made no run.") }
    return outcome
  }

  private func goOn(
    from run: RunID, prompt: String, title: String?, once key: OnceKey?, by actor: Actor
  ) async throws -> [DispatchOutcome] {
    let old = try known(run)
    guard old.status.isTerminal else {
      throw Problem(
        .conflict,
        "Run \(run.shortName) is still \(old.status.rawValue): a follow-up goes on where it ends. Wait, or cancel it.")
    }
    guard let branch = old.branch else {
      throw Problem(.conflict, "Run \(run.shortName) left no branch to go on with. Dispatch the work anew.")
    }
    let isTaken = journal.read { board in board.runs.contains { $0.branch == branch && !$0.status.isTerminal } }
    guard !isTaken,
      !live.values.contains(where: { $0.contract.base == branch && $0.contract.metadata["followUpOf"] != nil })
    else {
      throw Problem(.conflict, "Another run works on \(branch) already; a follow-up can go on once that has ended.")
    }
    var contract = try await contract(of: old)
    contract.title = title ?? Self.followUpTitle(contract.title)
    contract.prompt = prompt
    contract.runtime = old.runtimeId ?? contract.runtime
    contract.base = branch
    // The issue is the first run's; this one is about what was said of it.
    contract.externalRef = nil
    contract.dependsOn = []
    contract.metadata["followUpOf"] = .string(run.description)
    return try await takeIn(DispatchRequest(contracts: [contract]), once: key, by: actor)
  }

  private static func followUpTitle(_ title: String) -> String {
    title.hasPrefix("Follow up: ") ? title : "Follow up: \(title)"
  }
}
