import Orchestration
import RunModel
import Synchronization

/// How a run is begun and followed: streams, looks where there are none, and lost links.
extension A2ARun {
  /// Sends the contract and follows what comes of it to its end.
  func live(sending prompt: String) async {
    await begin(with: prompt)
    if case .refused = start { return }
    await follow()
  }

  /// Returns when the agent has taken the first message, or has not said anything for a while; throws when it refuses.
  func awaitStart() async throws(A2AFault) {
    let timer = Task { [time = configuration.startTime] in
      try await Task.sleep(for: time)
      settleStart(.taken)
    }
    defer { timer.cancel() }
    if case .pending = start { await withCheckedContinuation { starting.append($0) } }
    if case .refused(let fault) = start { throw fault }
  }

  private func settleStart(_ outcome: Start) {
    guard case .pending = start else { return }
    start = outcome
    for waiting in starting { waiting.resume() }
    starting = []
  }

  private func begin(with prompt: String) async {
    let record = record
    let message: @Sendable (A2AVersion) -> JSONObject = { version in
      version.message(prompt, id: record.messageId, context: record.context, after: record.references)
    }
    do {
      try await interruptible { try await self.open(with: message) }
      settleStart(.taken)
    } catch {
      guard !isOver else { return settleStart(.taken) }
      let fault = error as? A2AFault ?? A2AFault(.broken, "\(error)")
      if fault.isOutage { agent.health.withLock { $0.suspect() } }
      if fault.mayHaveBeenTaken {
        // Another start could have the same work done twice, so this one counts: `follow` looks for what came of it.
        loss = fault.detail
        return settleStart(.taken)
      }
      if case .pending = start { return settleStart(.refused(fault)) }
      finish(isCancelAsked ? canceled(isConfirmed: false) : TaskEnd(.failed, reason: fault.detail))
    }
  }

  private func open(with message: @Sendable (A2AVersion) -> JSONObject) async throws {
    if try await agent.link().hasStreaming {
      do {
        return try await read(try await agent.stream(.stream, message), isFirst: true)
      } catch let fault as A2AFault where fault.refusesStreams && task.id == nil {
        refusedStreams = Self.mostRefusedStreams
      }
    }
    let answer = try await agent.call(.send) { version in
      var parameters = message(version)
      parameters.append("configuration", .object(version.withoutWaiting))
      return parameters
    }
    guard take(A2AReader.updates(answer)) else {
      throw A2AFault(.unreadable, "The agent answered with neither a task nor a message.")
    }
  }

  /// Reads a stream to its end, or to the task's.
  ///
  /// A first stream that breaks after the agent has named the task is no failure to send.
  private func read(_ opening: A2AStream.Opening, isFirst: Bool) async throws {
    var stream = A2AStream(opening)
    isStreamed = true
    do {
      while let result = try await stream.next() {
        await outlet.ready()
        if take(A2AReader.updates(result)) { settleStart(.taken) }
        if task.outcome != nil || isOver { break }
      }
    } catch {
      if !isFirst || task.id == nil { throw error }
    }
    if stream.unreadable > 0 {
      note("unreadable", "\(stream.unreadable) events of the agent's stream were no JSON-RPC and were left out")
    }
    if isFirst, task.id == nil, task.outcome == nil {
      throw A2AFault(.broken, "The agent closed the stream before it had named a task.")
    }
  }

  /// Looks for the task that our message began, where the agent lists its tasks; where it is not to be found, the run ends
  /// and says that the agent may work on it all the same. No version of the protocol obliges an agent to know a message
  /// again by its id, so it is not sent again.
  func search() async throws {
    let why: String
    do throws(A2AFault) {
      let found = try await listed()
      guard !isOver else { return }
      if let found {
        take([.task(id: found, context: nil)])
        note("task_found", "the link broke before the agent had named the task; it lists it as \(found)")
        return linkIsBack()
      }
      why = "it does not list it"
    } catch {
      guard !error.isOutage || error.kind == .unreadable else { throw error }
      let hasList = try await agent.link().version.name(of: .list) != nil
      guard !isOver else { return }
      why = hasList ? error.detail : "A2A 0.3 lists no tasks"
    }
    let words =
      "\(loss ?? "The orchestrator ended before the agent had named a task.") The agent may have taken the task and go on "
      + "working on it, but it cannot be found again: \(why). Look there for the message \(record.messageId) before it is "
      + "run again."
    note("task_lost", words)
    finish(isCancelAsked ? canceled(isConfirmed: false) : TaskEnd(.failed, reason: words))
  }

  private static let mostPages = 20

  /// The id of our task as the agent lists it.
  private func listed() async throws(A2AFault) -> String? {
    var page = ""
    for _ in 0..<Self.mostPages {
      let list = try await agent.call(.list) { [page] _ in
        var parameters: JSONObject = ["pageSize": 100, "historyLength": 1000]
        if !page.isEmpty { parameters.append("pageToken", .string(page)) }
        return parameters
      }
      if let found = A2AReader.task(withMessage: record.messageId, in: list) { return found }
      guard let next = list["nextPageToken"]?.string, !next.isEmpty, next != page else { return nil }
      page = next
    }
    return nil
  }

  // MARK: Following

  /// Goes on with a run of an earlier orchestrator.
  func resume(_ recorded: Run, from position: ReportPosition?) async {
    start = .taken
    do {
      try catchUp(with: recorded, from: position)
      if end != nil { return tellEnd() }
      try openRecord()
    } catch { note("record_full", "\(error)") }
    if let cancellation = recorded.cancellation { cancel(force: cancellation.force) }
    await follow()
  }

  func follow() async {
    while end == nil, !isOver {
      if task.outcome != nil { return await settle() }
      let id = task.id
      do {
        try await interruptible {
          if let id { try await self.listen(to: id) } else { try await self.search() }
        }
      } catch let fault as A2AFault {
        await endure(fault)
      } catch {
        // Interrupted, because something else has news.
      }
    }
  }

  private static let mostRefusedStreams = 2

  private func listen(to id: String) async throws {
    let look = try await agent.call(.get) { _ in ["id": .string(id)] }
    // What an answer on its way has brought about must not be told before the answer.
    if answering { return try await Task.sleep(for: configuration.waitingPollTime) }
    take(A2AReader.updates(look))
    isStreamed = false
    linkIsBack()
    if task.outcome != nil || isOver { return }
    if task.state.waits { return try await Task.sleep(for: configuration.waitingPollTime) }
    guard try await agent.link().hasStreaming, refusedStreams < Self.mostRefusedStreams else {
      return try await Task.sleep(for: configuration.pollTime)
    }
    do {
      let before = ContinuousClock.now
      let opening = try await agent.stream(.subscribe) { _ in ["id": .string(id)] }
      try await read(opening, isFirst: false)
      refusedStreams = 0
      if task.outcome == nil, !isOver, ContinuousClock.now - before < configuration.pollTime {
        // One that closes every stream at once is not to be asked in a circle.
        try await Task.sleep(for: configuration.pollTime)
      }
    } catch let fault as A2AFault {
      switch fault.kind {
      case .rpc:
        // It has just ended, which the next look tells; or it lets nobody subscribe.
        refusedStreams += 1
      case .unreadable:
        note(
          "stream_left",
          "\(fault.detail) The task is looked at every \(RunLimits.words(configuration.pollTime)) instead.")
        refusedStreams = Self.mostRefusedStreams
      case .broken: break  // the next look tells whether the link is lost
      default: throw fault
      }
    }
  }

  /// Runs a part that `interrupt` can cut short: then it throws `CancellationError`, whatever the part made of it.
  private func interruptible(_ part: @escaping @Sendable () async throws -> Void) async throws {
    let task = Task { try await part() }
    step = task
    defer { step = nil }
    do { try await task.value } catch {
      if task.isCancelled { throw CancellationError() }
      throw error
    }
  }

  /// Makes `follow` look at the task now.
  func interrupt() { step?.cancel() }

  private func endure(_ fault: A2AFault) async {
    // Whatever was cut short was cut short by us.
    guard !isOver, task.outcome == nil else { return }
    if fault.kind == .rpc(A2AErrorCode.taskNotFound) {
      return finish(
        isCancelAsked
          ? canceled(isConfirmed: false)
          : TaskEnd(
            .failed, reason: "\(fault.detail) It does not know the task any more: its server may have been restarted."))
    }
    let now = ContinuousClock.now
    if outage == nil {
      outage = (now, configuration.firstBackOff)
      if fault.isOutage { agent.health.withLock { $0.suspect() } }
      note(
        "link_lost",
        "\(fault.detail) Trying again, for \(RunLimits.words(configuration.patience)) at most; the task may go on there",
        isActivity: true)
    }
    guard let outage, now - outage.since < configuration.patience else {
      let why =
        "\(fault.detail) The agent could not be reached for \(RunLimits.words(configuration.patience)); "
        + "\(task.id.map { "its task \($0)" } ?? "what it was sent") may still go on there"
      return finish(isCancelAsked ? canceled(isConfirmed: false) : TaskEnd(.failed, reason: why))
    }
    self.outage = (outage.since, min(configuration.longestBackOff, outage.backOff * 2))
    // Cut short by an interrupt: then there is a reason to try now.
    try? await interruptible { try await Task.sleep(for: outage.backOff) }
  }

  private func linkIsBack() {
    guard let outage else { return }
    self.outage = nil
    note(
      "link_back",
      "the agent answers again, after \(RunLimits.words(.seconds((ContinuousClock.now - outage.since).components.seconds)))",
      isActivity: true)
  }

  // MARK: How it came out

  private func settle() async {
    if isStreamed, task.outcome != .answered, let id = task.id,
      // A stream can have lost a piece at its beginning; without the look, what it has said stands.
      let look = try? await agent.call(.get, { _ in ["id": .string(id)] })
    {
      take(A2AReader.updates(look))
    }
    guard let outcome = task.outcome else { return }
    if isCancelAsked { return finish(canceled(isConfirmed: true)) }
    switch outcome {
    case .completed: finish(TaskEnd(.succeeded))
    case .failed(let reason): finish(TaskEnd(.failed, reason: reason))
    case .canceled: finish(TaskEnd(.failed, reason: "The task was canceled on the agent's side, not from here"))
    case .answered:
      note(
        "no_task", "the agent answered at once and made no task: there was no progress to show and nothing to cancel")
      finish(TaskEnd(.succeeded))
    }
  }
}

extension A2AFault {
  /// Whether it says that there are no streams here, and nothing else.
  fileprivate var refusesStreams: Bool {
    kind == .rpc(A2AErrorCode.methodNotFound) || kind == .rpc(A2AErrorCode.unsupported)
  }
}
