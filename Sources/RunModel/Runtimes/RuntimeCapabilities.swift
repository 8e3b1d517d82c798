/// A capability that a contract may require.
package enum Capability: String, Sendable, Hashable, CaseIterable, Codable {
  case canCreateBranch, canCreatePR, supportsWebhooks, supportsStreaming
}

/// What `getCapabilities()` answers.
package struct RuntimeCapabilities: Sendable, Hashable {
  package var canCreateBranch: Bool
  package var canCreatePR: Bool
  package var supportsWebhooks: Bool
  package var supportsStreaming: Bool
  /// Runs that may be live at once; at least 1.
  package var maxParallelTasks: Int

  package init(
    canCreateBranch: Bool = false, canCreatePR: Bool = false, supportsWebhooks: Bool = false,
    supportsStreaming: Bool = false, maxParallelTasks: Int
  ) {
    self.canCreateBranch = canCreateBranch
    self.canCreatePR = canCreatePR
    self.supportsWebhooks = supportsWebhooks
    self.supportsStreaming = supportsStreaming
    self.maxParallelTasks = maxParallelTasks
  }

  package func has(_ capability: Capability) -> Bool {
    switch capability {
    case .canCreateBranch: canCreateBranch
    case .canCreatePR: canCreatePR
    case .supportsWebhooks: supportsWebhooks
    case .supportsStreaming: supportsStreaming
    }
  }
}

extension RuntimeCapabilities: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      for capability in Capability.allCases { json.member(capability.rawValue, has(capability)) }
      json.member("maxParallelTasks", maxParallelTasks)
    }
  }

  package init(json: JSONValue) {
    self.init(
      canCreateBranch: json["canCreateBranch"]?.bool ?? false, canCreatePR: json["canCreatePR"]?.bool ?? false,
      supportsWebhooks: json["supportsWebhooks"]?.bool ?? false,
      supportsStreaming: json["supportsStreaming"]?.bool ?? false,
      maxParallelTasks: Int(json["maxParallelTasks"]?.int ?? 1))
  }
}
