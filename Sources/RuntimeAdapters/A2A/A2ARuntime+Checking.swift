package import Orchestration
import RunModel
import Synchronization

extension A2ARuntime: CheckableRuntime {
  /// What is wrong with the agent, and the way out; nil when runs can be sent to it. Asked for every few seconds, so it
  /// mostly answers with what was found last: see `A2AHealth`.
  package func complaint() async -> String? {
    let urgency = agent.health.withLock { $0.urgency(at: began.duration(to: .now)) }
    if urgency != .none {
      let looking = Task { _ = try? await look() }  // ends with its calls; `health` has what it finds
      if urgency == .high { _ = await within(Self.shortTime) { await looking.value } }
    }
    return agent.health.withLock { $0.complaint }
  }

  /// Fetches the agent's card, if it is another than the one known, and sees how the agent would be spoken to.
  private func look() async throws(A2AFault) -> (AgentCard, A2AAgent.Link) {
    do {
      let found = (try await agent.card(anew: true), try await agent.link())
      agent.health.withLock { $0.found(nil, at: began.duration(to: .now)) }
      return found
    } catch {
      agent.health.withLock { $0.found(error.detail, at: began.duration(to: .now)) }
      throw error
    }
  }

  /// Asks the agent for its card, whenever that was asked for last; no task is made.
  package func check() async throws -> RuntimeCheck {
    let card: AgentCard
    let link: A2AAgent.Link
    do { (card, link) = try await look() } catch { throw error.problem }
    var check = RuntimeCheck(
      agent: card.name.bounded(200), agentVersion: card.version?.bounded(80), protocolName: "Agent2Agent",
      protocolVersion: link.version.rawValue,
      capabilities: RuntimeCapabilities(
        canCreatePR: configuration.opensPullRequests, supportsStreaming: card.hasStreaming,
        maxParallelTasks: configuration.maxParallelTasks))
    check.features = [card.hasStreaming ? "streams" : "is polled every \(RunLimits.words(configuration.pollTime))"]
    if card.hasPushNotifications {
      check.notes.append(
        "It could push its news to a webhook; it is not asked to, its stream or a look tells the same.")
    }
    if !card.wants.isEmpty {
      let wanted = card.wants.joined(separator: ", ").bounded(200)
      if !card.takesBearer {
        check.notes.append(
          "Its card asks its callers for \(wanted), and only bearer tokens and client certificates are spoken here.")
      } else if configuration.token == nil {
        check.notes.append(
          "Its card asks its callers for \(wanted), and no \"token\" is set: {env: NAME} or {file: PATH}.")
      }
    }
    if link.version == .v03, card.interfaces.contains(where: { $0.binding == "JSONRPC" && $0.version.hasPrefix("1.") })
    {
      check.notes.append("It offers version 1.0 and did not take a call in it, so 0.3 is spoken.")
    }
    return check
  }
}
