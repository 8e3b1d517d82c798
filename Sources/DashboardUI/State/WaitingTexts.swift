package import RunModel

/// Texts for agents that wait for their runs to end, by run: the latest touched first.
package struct WaitingTexts: Sendable, Equatable {
  private struct OfRun: Sendable, Equatable {
    var run: String
    var texts: [String]
  }

  private var waiting: [OfRun] = []
  static let mostRuns = 200

  package init() {}

  /// Those with something that waits.
  var runs: [RunID] { waiting.compactMap { RunID($0.run) } }
  package var isEmpty: Bool { waiting.isEmpty }

  package subscript(run: RunID) -> [String] {
    get { waiting.first { $0.run == run.description }?.texts ?? [] }
    set {
      waiting.removeAll { $0.run == run.description }
      if !newValue.isEmpty { waiting.insert(OfRun(run: run.description, texts: newValue), at: 0) }
      if waiting.count > Self.mostRuns { waiting.removeLast() }
    }
  }

  package var json: JSONValue {
    .object(JSONObject(waiting.map { (key: $0.run, value: .array($0.texts.map { .string($0) })) }))
  }

  package init(json: JSONValue) {
    waiting = (json.object ?? [:]).prefix(Self.mostRuns).compactMap { entry in
      let texts = (entry.value.array ?? []).compactMap(\.string)
      return texts.isEmpty ? nil : OfRun(run: entry.key, texts: texts)
    }
  }
}
