import Glibc
import Orchestration
import RunModel

/// How a run's end is worked out, its work kept, and both told.
extension LocalRun {
  func settle() async {
    let record: ExitRecord
    do {
      guard let found = try folder.supervised.exitRecord() else { return await settleLost() }
      record = found
    } catch {
      return await finish(TaskEnd(.failed, reason: "\(error)"))
    }
    let code = record.exitCode ?? record.signal.map { 128 + $0 }
    switch record.stopped {
    case .asked: await finish(TaskEnd(.canceled, exitCode: code, proof: record.proof))
    case .signal:
      await finish(
        TaskEnd(.failed, exitCode: code, reason: "The run's supervisor was told to end, so it stopped \(name)"))
    case .finished:
      await finish(spokenEnd(stream.language.verdict ?? .succeeded, code: code, how: ""))
    case .limit:
      let what = record.exceeded?.text ?? "went beyond a limit"
      await finish(TaskEnd(.failed, exitCode: code, reason: "\(name) \(what), so it was stopped"))
    case nil:
      if isCancelAsked, conversation?.isCanceled == true {
        // It has ended at the session's word, before it had to be stopped.
        var proof = record.proof
        proof.stopSentAt = proof.stopSentAt ?? sessionCanceledAt ?? proof.confirmedAt
        if !stopIsSent { handOn([.stopSent]) }
        await finish(TaskEnd(.canceled, exitCode: code, proof: proof))
      } else if let exceeded = record.exceeded {
        await finish(TaskEnd(.failed, exitCode: code, reason: "\(name) \(exceeded.text), so the kernel ended it"))
      } else if let said = stream.language.result, let exit = record.exitCode, exit != 0 || said.hasFailed {
        await finish(TaskEnd(.failed, exitCode: exit, reason: "\(name) exited \(exit)\(said.words(after: exit))"))
      } else if let verdict = stream.language.verdict {
        await finish(spokenEnd(verdict, code: code, how: ending(record)))
      } else if record.exitCode == 0 {
        await finish(TaskEnd(.succeeded, exitCode: 0))
      } else {
        await finish(TaskEnd(.failed, exitCode: code, reason: "\(name) \(ending(record))"))
      }
    }
  }

  private func ending(_ record: ExitRecord) -> String {
    if let code = record.exitCode { return "exited \(code)" }
    let signal = record.signal ?? 0
    return "was ended by signal \(signal) (\(signalName(signal)))"
  }

  /// The supervisor is gone without a word: nothing of the agent may go on unseen.
  func settleLost() async {
    isOver = true
    await service?.close()
    let swept = await SupervisedFolder.sweep(
      mark: RunFolder.mark(of: run), group: spec.supervisor.group,
      complain: { complaint in
        outlet.send(
          RuntimeEvent(
            run,
            .attention(
              id: AgentStream.stuckQuestion, question: AgentStream.plea(complaint), options: [],
              kind: AgentStream.stuckQuestion)))
      })
    if isCancelAsked {
      outlet.send(RuntimeEvent(run, .stopSent))
      await finish(TaskEnd(.canceled, proof: swept))
    } else {
      await finish(
        TaskEnd(
          .failed,
          reason: "Its supervisor was killed, so \(name) was stopped (\(swept.processes) processes); its work is kept"))
    }
  }

  /// Nothing of it has outlived the restart. Its pids may be anybody's by now: none is looked at, none is signaled.
  func settleRestarted() async {
    if isCancelAsked {
      let now = Timestamp.now
      await finish(TaskEnd(.canceled, proof: CancelProof(stopSentAt: now, confirmedAt: now)))
    } else {
      await finish(TaskEnd(.failed, reason: "The machine was restarted while \(name) worked; its work is kept"))
    }
  }

  func mendLink() async throws {
    guard spec.workspace.branch != nil, Files.isFolder(spec.workspace.path) else { return }
    let found = try await diff.checkout().mendLink(keep: folder.ownRepository)
    let message: String
    switch found {
    case nil: return
    case .link: message = "\(name) had changed the worktree's .git; it leads to the repository again"
    case .repository(let path):
      message = "\(name) had made a repository of its own in the worktree: kept as \(path), its files are in the work"
    }
    outlet.send(RuntimeEvent(run, .custom(type: "git_link_mended", data: ["message": .string(message)])))
  }

  /// Its worktree was removed or moved away while it worked: what it had committed is all that there is.
  private func settleGone(_ end: inout TaskEnd) async throws {
    end.commit = try await Snapshot(diff: diff).committed()
    let left = end.commit == nil ? "nothing of it is left" : "only what it had committed is left"
    let message = "Its worktree \(spec.workspace.path) was removed or moved away while \(name) worked: \(left)"
    if end.outcome == .succeeded { end.outcome = .failed }
    if end.outcome == .failed { end.reason = end.reason.map { "\($0); \(message)" } ?? message }
    outlet.send(RuntimeEvent(run, .custom(type: "worktree_gone", data: ["message": .string(message)])))
  }

  private var name: String { spec.agentName }

  var snapshotMessage: String { "\(spec.title)\n\nThe work of run \(run), as \(name) left it." }

  private func signalName(_ signal: Int) -> String { String(cString: strsignal(CInt(signal))) }

  func finish(_ end: TaskEnd) async {
    var end = end
    var isKept = true
    do {
      if spec.workspace.branch != nil, diff.isGone {
        try await settleGone(&end)
      } else {
        try await mendLink()
        end.commit = try await Snapshot(diff: diff).take(message: snapshotMessage)
      }
      end.proof?.commit = end.commit
    } catch {
      isKept = false
      end.uncommitted = Uncommitted(path: spec.workspace.path, why: "\(error)".bounded(Bounds.activity))
      end.proof?.uncommitted = spec.workspace.path
      outlet.send(RuntimeEvent(run, .custom(type: "snapshot_failed", data: ["message": .string("\(error)")])))
    }
    let whole = LocalRunEnd(end, isKept: isKept)
    // A full disk: after a restart the end is worked out again from the exit record.
    try? Files.write(whole.jsonBytes, to: folder.end, durably: true)
    handOn(budget.flush())
    self.end = whole
    // Without the counts the end is still the end.
    if let changes = try? await diff.changes(to: place), changes.files > 0 || look.changes != nil { tell(changes) }
    outlet.send(RuntimeEvent(run, .ended(end)))
  }
}
