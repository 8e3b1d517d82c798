package import RunModel

/// A runtime that can be asked whether it would take a run now.
package protocol CheckableRuntime: AgentRuntime {
  /// Finds out for real, starting the agent or asking its server where that is how one finds out, and leaves nothing
  /// behind. A `Problem` says what is wrong and how to mend it; canceled, it ends what it has started.
  func check() async throws -> RuntimeCheck

  /// Whether the orchestrator may check it every few seconds while it is healthy: nothing is started for it that costs
  /// more than a look. Of others it learns by their starts, and checks them only to see whether they are well again.
  var isCheapToCheck: Bool { get }
}

extension CheckableRuntime {
  package var isCheapToCheck: Bool { false }

  /// What a check finds wrong, in its words; nil when runs can be taken.
  package func complaint() async -> String? {
    do {
      _ = try await check()
      return nil
    } catch { return (error as? Problem)?.detail ?? "\(error)" }
  }
}

/// A runtime that holds something of its own, a child or a connection, beside its runs.
package protocol RetirableRuntime: AgentRuntime {
  /// It was removed or replaced and its last run has ended: nothing is asked of it any more.
  func retire() async
}

/// What a runtime that would take a run says of itself.
package struct RuntimeCheck: Sendable, Hashable {
  /// What the agent calls itself, else its program; untrusted, as all below but `capabilities`.
  package var agent: String?
  package var agentVersion: String?
  /// As in `Agent Client Protocol`; nil for a plain command line.
  package var protocolName: String?
  package var protocolVersion: String?
  package var capabilities: RuntimeCapabilities
  /// What it can do besides, a few words each: `loads sessions`, `streams`.
  package var features: [String]
  /// What is worth a person's look though runs can be taken, a sentence each.
  package var notes: [String]

  package init(
    agent: String? = nil, agentVersion: String? = nil, protocolName: String? = nil, protocolVersion: String? = nil,
    capabilities: RuntimeCapabilities, features: [String] = [], notes: [String] = []
  ) {
    self.agent = agent
    self.agentVersion = agentVersion
    self.protocolName = protocolName
    self.protocolVersion = protocolVersion
    self.capabilities = capabilities
    self.features = features
    self.notes = notes
  }
}

extension RuntimeCheck {
  /// `gemini 0.4.1, Agent Client Protocol 1`; nil when it says nothing of itself.
  package var agentWords: String? {
    let parts = [[agent, agentVersion], [protocolName, protocolVersion]]
    let words = parts.map { $0.compactMap { $0 }.joined(separator: " ") }.filter { !$0.isEmpty }
    return words.isEmpty ? nil : String(words.joined(separator: ", ").prefix(200))
  }
}

extension RuntimeCheck: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("agent", agent)
      json.member("agentVersion", agentVersion)
      json.member("protocol", protocolName)
      json.member("protocolVersion", protocolVersion)
      json.member("capabilities", capabilities)
      json.member("features", features)
      json.member("notes", notes)
    }
  }
}
