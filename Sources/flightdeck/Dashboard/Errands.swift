import DashboardUI
import FoundationEssentials
import RunClient
import RunModel

/// Who answers what the dashboard asks for: an orchestrator, or a recording.
protocol ErrandDoer: Sendable {
  /// What came of an effect; nothing for those that are no business of theirs.
  @concurrent func answers(to effect: Effect) async -> [Message]
}

extension ErrandDoer {
  /// `deliver` gets each answer as it comes, or the failure with what it was for.
  func run(_ effect: Effect, deliver: @escaping @Sendable (Message) async -> Void) {
    Task { await perform(effect, deliver) }  // ends with its answer
  }

  @concurrent private func perform(_ effect: Effect, _ deliver: @Sendable (Message) async -> Void) async {
    switch effect {
    case .cancel(let runs, _, _) where runs.count > 1, .retry(let runs) where runs.count > 1,
      .approve(let runs, _) where runs.count > 1, .reject(let runs, _) where runs.count > 1:
      // One by one, so that each row changes as soon as it can.
      for run in runs { for message in await answers(to: effect.about(run)) { await deliver(message) } }
    default:
      for message in await answers(to: effect) { await deliver(message) }
    }
  }
}

/// Does for the dashboard what needs the orchestrator, off the terminal's thread, and brings the answer back.
struct Errands: ErrandDoer {
  let client: RunClient
  let memory: PreferencesFile
  /// The folder of the templates that are files.
  let templates: String

  /// What came of an effect that asks the orchestrator; nothing for the others.
  @concurrent func answers(to effect: Effect) async -> [Message] {
    var errand = Errand.here
    do {
      switch effect {
      case .cancel(let runs, let reason, let force):
        for run in runs {
          errand = .cancel(run)
          _ = try await client.cancel(run.description, reason: reason, force: force)
        }
        return []
      case .retry(let runs):
        var messages: [Message] = []
        for run in runs {
          errand = .retry(run)
          messages.append(.retried(run, try await client.retry(run.description)))
        }
        return messages
      case .answer(let run, let attentionId, let answer, let remember):
        errand = .answer(run)
        let answered = try await client.answer(
          run.description, attentionId: attentionId, with: answer, remember: remember)
        guard remember, let rule = answered.remembered.last else { return [] }
        return [.note("\(run.shortName), from now on: \(rule.words)")]
      case .message(let run, let text, let isReview):
        errand = .message(run)
        _ = try await client.message(run.description, text: text, idempotencyKey: UUID().uuidString)
        return [.messaged(run, isReview: isReview)]
      case .fetchDetail(let run):
        errand = .detail(run)
        return [.detail(run, try await client.detail(of: run.description))]
      case .fetchArtifacts(let run):
        errand = .artifacts(run)
        return [.artifacts(run, try await client.artifacts(of: run.description))]
      case .fetchPatch(let run, let options):
        errand = .patch(run)
        return [.patch(run, try await client.patch(of: run.description, options), options)]
      case .followUp(let run, let prompt):
        errand = .followUp(run)
        return [.followedUp(run, try await client.followUp(run.description, prompt: prompt))]
      case .followUpOnce(let run, let prompt):
        errand = .followUp(run)
        // FNV-1a: the same words are the same request, from whichever dashboard.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in prompt.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let key = "\(run)-\(String(hash, radix: 16))"
        return [.followedUp(run, try await client.followUp(run.description, prompt: prompt, idempotencyKey: key))]
      case .openPullRequest(let run):
        errand = .pullRequest(run)
        return [.pullRequest(try await client.openPullRequest(run.description))]
      case .fetchBacklog(let run, let limit):
        errand = .backlog(run)
        var events: [RunEvent] = []
        let stream = try await client.events(EventQuery(runs: [run.description], follow: false, tail: limit))
        for try await batch in stream { events += batch }
        return [.backlog(run, events)]
      case .fetchRunAudit(let run):
        errand = .runAudit(run)
        return [.runAudit(run, try await AuditReading.read(client, run: run, limit: 2000))]
      case .openLink(let address):
        errand = .openLink(address)
        try await LinkOpener.open(address)
        return []
      case .fetchRuntimes:
        errand = .runtimes
        return [.runtimes(try await client.runtimes())]
      case .fetchAudit(let portion):
        errand = .audit(portion)
        return [.audit(portion, try await AuditPortions.read(portion, client))]
      case .verifyAudit:
        errand = .verifyAudit
        return [.auditVerified(try await AuditPortions.verify(client))]
      case .approve(let runs, let why):
        for run in runs {
          errand = .approval(run)
          _ = try await client.approve(run.description, why: why)
        }
        return []
      case .reject(let runs, let why):
        for run in runs {
          errand = .approval(run)
          _ = try await client.reject(run.description, why: why)
        }
        return []
      case .fetchHealth(let after):
        errand = .health
        let types: [EventType] = [.runtimeRegistered, .runtimeDegraded, .runtimeLost]
        var events: [RunEvent] = []
        let stream = try await client.events(EventQuery(after: after, types: types.map(\.rawValue)))
        for try await batch in stream { events += batch }
        return [.health(events)]
      case .dispatch(var request):
        errand = .dispatch
        // With a key of its own it is done once, however often the link breaks.
        request.idempotencyKey = UUID().uuidString
        return [.dispatched(try await client.dispatch(request))]
      case .dryRun(var request, let generation):
        errand = .dryRun(generation: generation)
        request.dryRun = true
        return [.dryRun(generation: generation, try await client.dispatch(request))]
      case .keep(let preferences):
        try await memory.write(preferences)
        return []
      case .inspectRepository(let question): return [.repository(await FormErrands.inspect(question))]
      case .listFolders(let prefix): return [.folders(FormErrands.folders(prefix))]
      case .readWork(let source, let generation):
        errand = .batch(generation: generation)
        return [.work(try FormErrands.read(source), generation: generation)]
      case .dispatchBatch(let request, let generation):
        errand = .batch(generation: generation)
        var outcomes: [DispatchOutcome] = []
        for var portion in FormErrands.portions(of: request) {
          portion.idempotencyKey = UUID().uuidString
          outcomes += try await client.dispatch(portion)
        }
        return [.batchDispatched(outcomes, generation: generation)]
      case .fetchTemplates: return try FormErrands.templates(in: templates)
      case .quit, .suspend, .redraw, .saveScreen, .copy, .copyWithTool, .edit, .openFile, .bell, .notify, .connect,
        .lookAround, .startReplay, .replayCommand, .leaveReplay:
        return []
      }
    } catch {
      return [.failed(error as? Problem ?? Problem(.unavailable, "\(error)"), errand)]
    }
  }
}

extension Effect {
  /// The same for one of its runs.
  fileprivate func about(_ run: RunID) -> Effect {
    switch self {
    case .cancel(_, let reason, let force): .cancel([run], reason: reason, force: force)
    case .retry: .retry([run])
    case .approve(_, let why): .approve([run], why: why)
    case .reject(_, let why): .reject([run], why: why)
    default: self
    }
  }
}
