/// A unit of work for an agent, as design 1 names its members. Only `title` is required.
package struct Contract: Sendable, Equatable {
  package enum Risk: String, Sendable, CaseIterable, Comparable {
    case low, medium, high, critical
    package static func < (a: Self, b: Self) -> Bool {
      allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }
  }

  package struct Criterion: Sendable, Equatable {
    package var id: String
    package var text: String
    package init(id: String, text: String) {
      self.id = id
      self.text = text
    }
  }

  package var contractId: ContractID?
  /// The run this contract is handed over for; set by the orchestrator, never by an operator.
  package var runId: RunID?
  package var title: String
  /// What the agent is told; `effectivePrompt` fills it in.
  package var prompt: String?
  package var acceptanceCriteria: [Criterion] = []
  package var labels: [String] = []
  /// 1…1000, higher first.
  package var priority = 100
  package var taskClass: String?
  package var risk: Risk?
  package var requires: [Capability] = []
  package var runtime: RuntimeID?
  /// The path of a git repository.
  package var repository: String?
  package var base: String?
  package var allowedPaths: [String] = []
  /// Command lines for `sh -c`.
  package var verify: [String] = []
  /// Contract ids or external references.
  package var dependsOn: [String] = []
  package var timeoutSeconds: Double?
  /// More is not taken in, and counts as this much.
  package static let longestTimeout = 31_536_000.0
  package var externalRef: String?
  package var externalURL: String?
  package var metadata: JSONObject = [:]

  package init(title: String) { self.title = title }

  /// The prompt, or the title when there is none.
  package var effectivePrompt: String { prompt ?? title }
}

extension Contract {
  /// The run that it goes on with, as `metadata.followUpOf` says; nil for one that begins anew.
  package func followUpOf() throws(Problem) -> RunID? {
    guard let value = metadata["followUpOf"], !value.isNull else { return nil }
    guard let run = value.string.flatMap({ RunID($0) }) else {
      throw Problem(.invalid, "metadata.followUpOf must be the id of the run to go on with.")
    }
    return run
  }
}

extension Contract: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let contractId { json.member("contractId", contractId.description) }
      if let runId { json.member("runId", runId.description) }
      json.member("title", title)
      if let prompt { json.member("prompt", prompt) }
      if !acceptanceCriteria.isEmpty { json.member("acceptanceCriteria", acceptanceCriteria) }
      if !labels.isEmpty { json.member("labels", labels) }
      json.member("priority", priority)
      if let taskClass { json.member("taskClass", taskClass) }
      if let risk { json.member("risk", risk.rawValue) }
      if !requires.isEmpty { json.member("requires", requires.map(\.rawValue)) }
      if let runtime { json.member("runtime", runtime.rawValue) }
      if let repository { json.member("repository", repository) }
      if let base { json.member("base", base) }
      if !allowedPaths.isEmpty { json.member("allowedPaths", allowedPaths) }
      if !verify.isEmpty { json.member("verify", verify) }
      if !dependsOn.isEmpty { json.member("dependsOn", dependsOn) }
      if let timeoutSeconds { json.member("timeoutSeconds", timeoutSeconds) }
      if let externalRef { json.member("externalRef", externalRef) }
      if let externalURL { json.member("externalURL", externalURL) }
      if !metadata.isEmpty { json.member("metadata", .object(metadata)) }
    }
  }
}

extension Contract.Criterion: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", id)
      json.member("text", text)
    }
  }
}
