import Orchestration
import RunModel

/// What is asked of a run: answers, messages, a cancel.
extension A2ARun {
  func answer(_ id: String, _ answer: String) async throws {
    guard end == nil, let question = task.question, question.id == id, !answering else {
      throw Problem(.conflict, "Nothing in the run \(run) waits for an answer under \"\(id)\".")
    }
    answering = true
    defer { answering = false }
    // The same id for the same question: sent again after a lost link it is the same message.
    let updates = try await deliver(answer, id: "\(record.messageId)-\(id)")
    take([.answered(id: id, answer: answer)])
    take(updates)
    interrupt()
  }

  /// A message into the task, unasked; while the agent asks something, it is the answer to that.
  func send(_ message: String, id: ULID) async throws {
    if end == nil, let question = task.question { return try await answer(question.id, message) }
    take(try await deliver(message, id: "\(record.messageId)-\(id)"))
    interrupt()
  }

  private func deliver(_ text: String, id message: String) async throws -> [A2AUpdate] {
    guard end == nil, task.outcome == nil else {
      throw Problem(.conflict, "Run \(run.shortName) has ended: its agent takes no message any more.")
    }
    guard let id = task.id else {
      throw Problem(.conflict, "The agent has named no task yet, so a message has no way to it. Try again in a moment.")
    }
    let context = task.context
    do {
      let answer = try await agent.call(.send) { version in
        var parameters = version.message(text, id: message, task: id, context: context)
        parameters.append("configuration", .object(version.withoutWaiting))
        return parameters
      }
      return A2AReader.updates(answer)
    } catch { throw error.problem }
  }

  /// Asks the agent to cancel and returns; the end comes as an event. `force`: its confirmation is not waited for.
  func cancel(force: Bool) {
    guard end == nil, !isOver else { return }
    isCancelAsked = true
    if !isStopping {
      isStopping = true
      Task { await stop() }  // ends with the run, or with its own time limit
    }
    guard force else { return }
    Task { [time = configuration.cancelTime] in  // as above
      // Nothing cancels this task. A moment for the request to get away, and for an agent that is quick.
      try? await Task.sleep(for: min(time, .seconds(2)))
      giveUp("its end was forced and not waited for")
    }
  }

  private func stop() async {
    stopSentAt = stopSentAt ?? .now
    take([.stopSent])
    let deadline = ContinuousClock.now + configuration.cancelTime
    var backOff = configuration.firstBackOff
    while task.id == nil, end == nil, !isOver, ContinuousClock.now < deadline {
      // Nothing cancels this task.
      try? await Task.sleep(for: backOff)
    }
    guard let id = task.id else {
      return giveUp(
        "it has named no task within \(RunLimits.words(configuration.cancelTime)), so there is nothing to cancel there")
    }
    var isTaken = false
    var why = "it has not confirmed it within \(RunLimits.words(configuration.cancelTime))"
    while end == nil, !isOver, task.outcome == nil, ContinuousClock.now < deadline {
      do {
        let answer = try await agent.call(isTaken ? .get : .cancel) { _ in ["id": .string(id)] }
        take(A2AReader.updates(answer))
        isTaken = true
      } catch {
        switch error.kind {
        case .rpc(A2AErrorCode.notCancelable):
          // Ended already, which a look tells; or it cannot be canceled.
          if let look = try? await agent.call(.get, { _ in ["id": .string(id)] }) { take(A2AReader.updates(look)) }
          if task.outcome == nil { return giveUp("it says that the task cannot be canceled") }
        case .rpc: return giveUp(error.detail)
        default: why = error.detail
        }
      }
      if task.outcome != nil { break }
      // Nothing cancels this task.
      try? await Task.sleep(for: backOff)
      backOff = min(backOff * 2, configuration.pollTime)
    }
    guard task.outcome != nil else { return giveUp(why) }
    interrupt()
  }

  private func giveUp(_ why: String) {
    guard end == nil, !isOver, task.outcome == nil else { return }
    note("cancel_unconfirmed", "the agent's end is unconfirmed, it may still work: \(why)")
    finish(canceled(isConfirmed: false))
  }

  /// For a remote agent the proof is its own word that the task has ended.
  func canceled(isConfirmed: Bool) -> TaskEnd {
    TaskEnd(
      .canceled,
      proof: CancelProof(stopSentAt: stopSentAt ?? .now, confirmedAt: isConfirmed ? .now : nil))
  }
}
