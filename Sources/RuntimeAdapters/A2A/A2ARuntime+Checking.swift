package import Orchestration
import RunModel

extension A2ARuntime: CheckableRuntime {
  package var isCheapToCheck: Bool { true }

  /// Fetches the agent's card and sees how the agent would be spoken to; no task is made.
  package func check() async throws -> RuntimeCheck {
    let card: AgentCard
    let link: A2AAgent.Link
    do {
      card = try await agent.card(anew: true)
      link = try await agent.link()
    } catch { throw error.problem }
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
