import Orchestration
import RunModel

/// What an agent is told, and what is done for it.
extension LocalRun {
  var conversation: (any AgentConversation)? {
    get { stream.language as? any AgentConversation }
    set { if let newValue { stream.language = newValue } }
  }

  /// Takes up what the agent has been told so far, and shows the supervisor what an earlier orchestrator may not have.
  func openInput() {
    guard spec.supervisor.input == .log else { return }
    do {
      let log = try InputLog(path: folder.supervised.input)
      input = log
      conversation?.begin(said: log.records)
      wakeSupervisor()
    } catch {
      speechless(error)
    }
  }

  /// What was said in a conversation that is over, so that its log is read as it was then.
  func rememberInput() {
    guard conversation != nil, spec.supervisor.input == .log, Files.exists(folder.supervised.input) else { return }
    // Without it the log alone has to do.
    conversation?.begin(said: (try? InputLog(path: folder.supervised.input))?.records ?? [])
  }

  /// Appends a line for the agent and has it handed on.
  func tell(_ line: AgentLine) throws(Problem) {
    guard let input else { throw Problem(.unavailable, "\(spec.agentName) is told nothing.") }
    try input.append(line.isAnswer ? .answer : .line, tag: line.tag, line.bytes)
    wakeSupervisor()
  }

  func wakeSupervisor() { isWakeOwed = !folder.supervised.send("input") }

  /// Does what the conversation asks for by now.
  func act() {
    guard conversation != nil else { return }
    for action in conversation?.takeActions() ?? [] {
      do throws(Problem) {
        switch action {
        case .report(let report): tellReport(report)
        case .keepSession(let id): try Files.write(Array(id.utf8), to: folder.session)
        case _ where isOver: break
        case .tell(let line): try tell(line)
        case .note(let tag, let bytes): try input?.append(.note, tag: tag, bytes)
        case .serve(let id, let request): serve(id, request)
        case .endInput:
          try input?.append(.end, tag: "end")
          wakeSupervisor()
        case .finish: _ = folder.supervised.send("finish \(stopGrace.milliseconds)")
        case .stop: stopAfterSession()
        }
      } catch {
        speechless(error)
      }
    }
    awaitNext()
  }

  private func tellReport(_ report: RuntimeEvent.Kind) {
    var reports: [RuntimeEvent.Kind] = []
    stream.note([report], &reports)
    handOn(reports)
  }

  /// An agent that cannot be told what it has to know would wait for ever.
  func speechless(_ problem: Problem) {
    lostSpeech = lostSpeech ?? "could not be told anything more: \(problem.detail)"
    _ = folder.supervised.send("finish \(stopGrace.milliseconds)")
  }

  private func serve(_ id: Int, _ request: ServiceRequest) {
    guard let service else { return served(id, .refused(code: -32601, "Nothing is done here for agents.")) }
    Task {
      let reply = await service.serve(request)
      served(id, reply)
    }
  }

  private func served(_ id: Int, _ reply: ServiceReply) {
    conversation?.served(id, reply)
    act()
  }

  // MARK: Canceling

  /// False when there is no session to be told.
  func cancelSession() -> Bool {
    guard input != nil, conversation?.cancel() == true else { return false }
    sessionCanceledAt = sessionCanceledAt ?? .now
    act()
    return true
  }

  /// For the logs to be read. Half of what a stop is given is the session's, and a log that takes longer is not waited for.
  func awaitSession() {
    guard !awaitsSession else { return }
    awaitsSession = true
    let limit = stopGrace / 2
    Task { [weak self] in
      // Nothing cancels this task; a wait that is over says nothing.
      try? await Task.sleep(for: limit)
      await self?.sessionIsLate()
    }
  }

  private func sessionIsLate() {
    guard awaitsSession, end == nil else { return }
    awaitsSession = false
    stopAfterSession()
  }

  func caughtUp() {
    isCaughtUp = true
    guard awaitsSession else { return }
    awaitsSession = false
    // What has ended by itself needs no word any more.
    if !isOver, !Files.exists(folder.supervised.exit), !cancelSession() { stopAfterSession() }
  }

  /// The supervisor's turn, with what is left of the time.
  func stopAfterSession() {
    let spent = cancelAskedAt.map { ContinuousClock.now - $0 } ?? .zero
    stop("stop \(max(.zero, stopGrace - spent).milliseconds)")
  }

  // MARK: What must come within a time

  private func awaitNext() {
    let next = isOver ? nil : conversation?.wait
    guard next != wait else { return }
    wait = next
    guard let next else { return }
    Task { [weak self] in
      // Nothing cancels this task; a wait that is over says nothing.
      try? await Task.sleep(for: next.limit)
      await self?.timeUp(next)
    }
  }

  private func timeUp(_ late: AgentWait) {
    guard end == nil, wait == late else { return }
    conversation?.timedOut(late)
    act()
  }

  // MARK: What people say

  func message(_ text: String) throws {
    guard end == nil, !isOver, !isCancelAsked, input != nil, conversation != nil else {
      throw Problem(
        .conflict,
        end == nil && !isCancelAsked && conversation == nil
          ? "\(spec.agentName) takes no messages while it works." : "The run \(run) is over or about to end.")
    }
    try conversation?.message(text)
    act()
  }

  /// The end by the agent's own words. `how` is how its process ended, as in `exited 3`.
  func spokenEnd(_ verdict: AgentVerdict, code: Int?, how: String) -> TaskEnd {
    if let lostSpeech { return TaskEnd(.failed, exitCode: code, reason: "\(spec.agentName) \(lostSpeech)") }
    switch verdict {
    case .succeeded:
      let remark = code == 0 || how.isEmpty ? nil : "\(spec.agentName) \(how) after its work was done"
      return TaskEnd(.succeeded, exitCode: code, reason: remark)
    case .failed(let reason): return TaskEnd(.failed, exitCode: code, reason: "\(spec.agentName) \(reason)")
    case .unfinished(let reason):
      let how = how.isEmpty ? "was ended" : how
      return TaskEnd(.failed, exitCode: code, reason: "\(spec.agentName) \(how) \(reason)")
    }
  }
}
