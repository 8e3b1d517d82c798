package import RunModel
import TerminalKit

extension DashboardState {
  /// Takes one message in; returns what is to be done for it.
  package mutating func update(_ message: Message) -> [Effect] {
    switch message {
    case .input(let input): take(input)
    case .tick(let time): tick(time)
    case .snapshot(let snapshot): take(snapshot)
    case .glimpse(let snapshot): takeGlimpse(snapshot)
    case .events(let events): take(events)
    case .link(let link):
      if case .refused(_, let reason) = link, hasSnapshot { toast(reason, .bad, isOfLink: true) }
      // Between its tries the feed says only that it is lost.
      if case .lost(let since, _) = link, case .starting(since) = self.link { break }
      if link == .live { toasts.removeAll(where: \.isOfLink) }
      self.link = link
    case .role(let role): self.role = role
    case .outage(let outage): take(outage)
    case .detail(let run, let detail):
      guard open?.id == run else { break }
      open?.detail = detail
      open?.detailProblem = nil
    case .artifacts(let run, let artifacts):
      guard open?.id == run else { break }
      open?.artifacts = artifacts
      open?.artifactsProblem = nil
      takeEvidence(artifacts)
      layFiles()
      layNote()
    case .runAudit(let run, let trail):
      guard open?.id == run else { break }
      open?.audit.trail = trail
      open?.audit.problem = nil
    case .patch(let run, let bytes, let options): takePatch(run, bytes, options)
    case .backlog(let run, let events): if log?.run == run { log?.load(events) }
    case .audit(let portion, let part): takeAudit(part, portion)
    case .auditVerified(let whole):
      audit.whole = whole
      audit.isVerifying = false
    case .health(let events): runtimesPage.add(events)
    case .runtimes(let runtimes):
      self.runtimes = runtimes
      runtimeCursor = min(runtimeCursor, max(0, runtimes.count - 1))
      form.runtimeCursor = min(form.runtimeCursor, max(0, runtimes.count - 1))
    case .dispatched(let outcomes): takeDispatched(outcomes)
    case .dryRun(let generation, let outcomes):
      guard !takeBatchDecision(outcomes, generation), generation == form.generation else { break }
      form.answeredGeneration = generation
      form.outcomes = outcomes
      form.problem = nil
    case .retried(let old, let outcome):
      let new = outcome.runId.map { " as \($0.shortName)" } ?? ""
      toast("\(old.shortName) is tried again\(new)", .good)
    case .messaged(let run, let isReview): takeMessaged(run, isReview: isReview)
    case .followedUp(let old, let outcome): takeFollowUp(old, outcome)
    case .pullRequest(let run):
      if let url = run.pullRequest?.url { toast("\(run.runId.shortName): \(url); o opens it", .good) }
    case .failed(let problem, let errand): fail(problem, errand)
    case .edited(let text) where messageDialog != nil:
      if var dialog = messageDialog {
        dialog.text.replace(text.trimmed)
        setLayer(.message(dialog))
      }
    case .edited(let text) where commentDialog != nil:
      if var dialog = commentDialog {
        dialog.field.replace(text.trimmed)
        setLayer(.comment(dialog))
      }
    case .edited(let text): takeEdited(text)
    case .repository(let facts): takeFacts(facts)
    case .folders(let listing): takeFolders(listing)
    case .templates(let found): fileTemplates = found
    case .work(let survey, let generation): takeSurvey(survey, generation)
    case .batchDispatched(let outcomes, let generation): takeBatchDispatched(outcomes, generation)
    case .saved(let path): toast("Saved to \(path)", .good)
    case .setTheme(let theme): setTheme(theme)
    case .replay(let status): take(status)
    case .orchestrator(let sight): take(sight)
    case .themes(let themes, let broken): takeThemes(themes, broken: broken)
    case .note(let text): toast(text, .info)
    }
    if screen == .dispatch { settleForm() }
    advanceTour()
    defer { outbox = [] }
    return outbox
  }

  mutating func emit(_ effect: Effect) {
    if effect.changesRuns, let refusal {
      toast(refusal, .info)
      return
    }
    outbox.append(effect)
  }

  /// Changes what is remembered, and has it stored if that is something new.
  mutating func keep(_ change: (inout Preferences) -> Void) {
    let before = preferences
    change(&preferences)
    if preferences != before { emit(.keep(preferences)) }
  }

  /// For a picture, which nobody is there to be told anything by.
  package mutating func dropToasts() { toasts = [] }

  mutating func toast(_ text: String, _ kind: Toast.Kind, isOfLink: Bool = false) {
    toasts.removeAll { $0.text == text }
    // Whoever reads a long one needs longer.
    let life = Duration.seconds(kind == .bad ? 10 : text.utf8.count > 100 ? 12 : 4)
    toasts.append(Toast(text: text, kind: kind, until: now + life, isOfLink: isOfLink))
    if toasts.count > 3 { toasts.removeFirst() }
  }

  // MARK: The orchestrator

  /// Only at the start: what is on the screen already is better than a part of the new.
  private mutating func takeGlimpse(_ snapshot: Snapshot) {
    guard !hasSnapshot else { return }
    board = RunBoard(glimpse: snapshot)
    runtimes = snapshot.runtimes
    list.reset(board)
    refindSelection()
  }

  private mutating func take(_ snapshot: Snapshot) {
    let before = hasSnapshot ? board : nil
    board = RunBoard(runs: snapshot.runs, seq: snapshot.seq)
    if let before { noticeChanges(since: before) }
    runtimes = snapshot.runtimes
    outage = snapshot.outage
    configurationProblem = snapshot.configurationProblem
    hasSnapshot = true
    paces.reset()
    _ = list.setSurroundings(filterSurroundings, board)
    history.reset(board, now: now)
    timeline.reset(board)
    drops.reset(board)
    list.reset(board)
    marks = marks.filter { board[$0] != nil }
    refindSelection()
    if let log {
      // What came while the link was down is in the store alone.
      emit(.fetchBacklog(log.run, limit: open == nil ? 200 : 5000))
    }
    if let open, screen == .run { fetch(open.id) }
    schedulePreview()
    tellNotices()
    arrivedAtPage()
    sendAllWaiting()
  }

  private mutating func take(_ events: [RunEvent]) {
    rate.add(events.count)
    let followsActivity = list.followsActivity
    let watched = log?.run
    // Events may be ahead of the last tick; a clock that is far off moves nothing.
    if let last = events.last { history.advance(to: max(now, min(last.time, now + .seconds(120)))) }
    history.count(events: events.count)
    eventsAt = now
    for event in events {
      let dropped = event.type == .output ? "dropped" : event.type == .outputCut ? "lines" : nil
      if let dropped, let lines = event.data[dropped]?.int { drops.add(lines, at: now) }
      let changes = event.type.changesState
      let counted = changes || event.type == .usage
      let concerns = NotificationMachine.concerns(event.type)
      let before = counted || concerns ? event.run.flatMap { board[$0] } : nil
      let place = board.apply(event)
      if let place, concerns { notices.observe(before, board.runs[place], notificationRules) }
      if let place, counted {
        let run = board.runs[place]
        history.changed(from: before.map(RunMoments.init), to: RunMoments(run))
        timeline.changed(run.runId, run.status)
      }
      if let place, changes || followsActivity { list.touch(place, board) }
      if let place, event.type == .progress || event.type.endsRun { paces.take(event, board.runs[place]) }
      if changes { audit.isStale = true }
      if let place, screen == .queue, changes { queue.list.touch(place) }
      guard let run = event.run else {
        if event.type.rawValue.hasPrefix("awf.runtime.") {
          runtimesStale = true
          runtimesPage.add(CollectionOfOne(event))
        }
        noteConfiguration(event)
        continue
      }
      if run == watched { log?.append(event) }
      if changes { changed(run, event) }
    }
    settleRows()
    tellNotices()
    settleQueue()
  }

  private static let notTakenOver = "The changed configuration is not taken over: "

  /// What became of a configuration that was changed while the orchestrator works.
  private mutating func noteConfiguration(_ event: RunEvent) {
    switch event.type {
    case .configurationRejected:
      let problem = event.data["reason"]?.string ?? "it cannot be read"
      configurationProblem = problem
      toast("\(Self.notTakenOver)\(problem.prefix { $0 != "\n" })", .bad)
    case .configurationApplied:
      configurationProblem = nil
      toasts.removeAll { $0.text.hasPrefix(Self.notTakenOver) }
      // Their slots and quiet times may be others.
      emit(.fetchRuntimes)
      func texts(_ key: String) -> [String] { (event.data[key]?.array ?? []).compactMap(\.string) }
      let changes = texts("changes").isEmpty ? "" : ": \(texts("changes").joined(separator: ", "))"
      let later = texts("later").isEmpty ? "" : "; \(texts("later").joined(separator: ", ")) at the next start"
      toast("Configuration taken over\(changes)\(later)", .good)
    default: break
    }
  }

  /// A runtime has been tried again by now: how that went is told only when its reason is another.
  private var hasTriedRuntime: Bool {
    runtimes.contains { runtime in runtime.breaker.retryAt.map { now - $0 > .seconds(1) } ?? false }
  }

  private mutating func changed(_ run: RunID, _ event: RunEvent) {
    if event.type == .started || event.type.endsRun { runtimesStale = true }
    if event.type.endsRun { sendWaiting(run) }
    guard let open, open.id == run, screen == .run else { return }
    if event.type == .artifacts || event.type.endsRun || event.type == .started { fetch(run) }
    askAudit()
  }

  mutating func fetch(_ run: RunID) {
    emit(.fetchDetail(run))
    emit(.fetchArtifacts(run))
    emit(.fetchPatch(run, open?.diff.wanted ?? PatchOptions()))
    open?.askedAt = now
  }

  private mutating func fail(_ problem: Problem, _ errand: Errand) {
    switch errand {
    case .detail(let run): if open?.id == run { open?.detailProblem = problem.detail }
    case .artifacts(let run): if open?.id == run { open?.artifactsProblem = problem.detail }
    case .runAudit(let run): if open?.id == run { open?.audit.problem = problem.detail }
    case .openLink(let address):
      copyOut(address)
      toast("\(problem.detail): \(address) is copied", .info)
    case .patch(let run): failPatch(run, problem)
    case .followUp(let run):
      messagesUnderWay.remove(run)
      failWaiting(run, problem)
      failFollowUp(problem)
    case .message: failFollowUp(problem)
    case .backlog(let run):
      guard log?.run == run else { return }
      // The live events go on below what is missing.
      if log?.isLoaded == true { log?.isAsking = false } else { log?.load([]) }
      toast("The earlier events could not be read: \(problem.detail)", .bad)
    case .batch(let generation): _ = failBatch(problem, generation)
    case .dryRun(let generation):
      guard !failBatch(problem, generation), generation == form.generation else { return }
      form.answeredGeneration = generation
      form.outcomes = []
      form.problem = problem
    case .dispatch:
      form.isSending = false
      form.problem = problem
      toast(problem.detail, .bad)
    case .audit: failAudit(problem)
    case .verifyAudit:
      audit.isVerifying = false
      toast("The chain could not be checked: \(problem.detail)", .bad)
    case .approval: toast(problem.detail, .bad)
    case .health: break  // the pane says that it has read none
    case .here:
      // Starting the orchestrator again came to nothing: its link goes on being lost.
      if case .starting(let since) = link { link = .lost(since: since, nextTry: nil) }
      toast(problem.detail, .bad, isOfLink: problem.code == .unavailable)
    case .runtimes, .cancel, .retry, .answer, .pullRequest:
      toast(problem.detail, .bad, isOfLink: problem.code == .unavailable)
    }
  }

  private mutating func take(_ outage: StoreOutage?) {
    if self.outage != nil, outage == nil { toast("The store can be written again; nothing is lost", .good) }
    self.outage = outage
  }

  /// Whether the slots of runtimes are on the screen.
  private var showsSlots: Bool {
    switch screen {
    case .runtimes, .dispatch, .queue, .pulse: true
    case .runs, .run, .audit: false
    }
  }

  // MARK: Time

  /// The clock was set back: what waits for a moment keeps its distance from it.
  private mutating func setBack(to time: Timestamp) {
    let step = time - now
    for place in toasts.indices { toasts[place].until = toasts[place].until + step }
    actingUntil = actingUntil + step
    settledAt = settledAt + step
    runtimesAskedAt = runtimesAskedAt + step
    previewAt = previewAt.map { $0 + step }
    if let asked = open?.askedAt { open?.askedAt = asked + step }
    if let changed = form.changedAt { form.changedAt = changed + step }
    rate = EventRate()
    now = time
    if hasSnapshot { history.reset(board, now: now) }
  }

  private mutating func tick(_ time: Timestamp) {
    // Small steps back are those of a clock that is kept right.
    if time + .seconds(5) < now { setBack(to: time) }
    now = max(now, time)
    rate.tick(now)
    toasts.removeAll { $0.until <= now }
    settleRows()
    refreshFilter()
    tellNotices()
    settleQueue()
    settlePulse()
    settleAudit()
    settleRuntimes()
    restConfirm()
    if let at = previewAt, at <= now {
      previewAt = nil
      turnPreview()
    }
    if diffHasWork { advanceDiff() }
    if screen == .run, let open, let asked = open.askedAt, open.tab == .files || open.tab == .diff,
      board[open.id]?.status == .running, (now - asked).milliseconds >= 5000
    {
      self.open?.askedAt = now
      emit(.fetchArtifacts(open.id))
      emit(.fetchPatch(open.id, open.diff.wanted))
    }
    if hasTriedRuntime { runtimesStale = true }
    if runtimesStale, showsSlots, (now - runtimesAskedAt).milliseconds >= 1000 {
      runtimesStale = false
      runtimesAskedAt = now
      emit(.fetchRuntimes)
    }
    if let changed = form.changedAt, (now - changed).milliseconds >= 250 { askDryRun() }
  }

  /// When the next tick is wanted; nil when nothing on the screen moves and nothing is due.
  package var nextTick: Timestamp? {
    var times: [Timestamp] = []
    // The clock in the header shows minutes.
    times.append(Timestamp(milliseconds: (now.milliseconds / 60_000 + 1) * 60_000))
    if let next = rate.next { times.append(next) }
    if let first = toasts.map(\.until).min() { times.append(first) }
    if let previewAt { times.append(previewAt) }
    if case .confirm(let confirm)? = layers.last, case .until(let end) = confirm.rest, end > now { times.append(end) }
    if let due = notices.due { times.append(due) }
    if let end = drops.ends(after: now) { times.append(end) }
    if screen == .queue, queue.list.hasChanges { times.append(max(now + .milliseconds(50), actingUntil)) }
    if list.hasChanges { times.append(max(now + .milliseconds(50), min(actingUntil, now + .milliseconds(1500)))) }
    if diffHasWork { times.append(now) }
    if let changed = form.changedAt { times.append(changed + .milliseconds(250)) }
    if list.filter.dependsOnTime { times.append(max(now, list.surroundings.now) + .seconds(2)) }
    if runtimesStale, showsSlots { times.append(runtimesAskedAt + .seconds(1)) }
    if link.staleSince != nil {
      times.append(nextSecond)
    } else {
      switch motion {
      case .none: break
      case .clocks: times.append(nextSecond)
      case .spinner: times.append(Timestamp(milliseconds: (now.milliseconds / 250 + 1) * 250))
      }
    }
    return times.min()
  }

  /// Whether something that is visible moves with time.
  package var isAnimating: Bool {
    if link.staleSince != nil { return true }
    return motion != .none || !toasts.isEmpty
  }

  private var nextSecond: Timestamp { Timestamp(milliseconds: (now.milliseconds / 1000 + 1) * 1000) }

  private enum Motion { case none, clocks, spinner }

  private var motion: Motion {
    // A recording's time moves with what its player tells.
    if replay != nil { return .none }
    func motion(of run: Run) -> Motion {
      guard run.status == .running else { return .none }
      return run.progressKnown && !run.isVerifying && run.cancellation == nil ? .clocks : .spinner
    }
    switch screen {
    case .runs:
      var found = Motion.none
      for index in top..<max(top, min(list.rowCount, top + layout.rows.height)) {
        guard case .run(let place)? = list.row(index) else { continue }
        switch motion(of: board.runs[place]) {
        case .spinner: return .spinner
        case .clocks: found = .clocks
        case .none: break
        }
      }
      return found
    case .run: return currentRun.map { motion(of: $0) } ?? .none
    case .queue: return queue.list.count > 0 ? .clocks : .none
    case .runtimes, .pulse: return hasSnapshot && pulseInterval == 1000 ? .clocks : .none
    case .audit: return audit.isStale ? .clocks : .none
    case .dispatch: return .none
    }
  }
}
