/// One step of what an agent says that it will do.
package struct PlanEntry: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case pending
    case inProgress = "in_progress"
    case completed
  }

  package var text: String
  package var status: Status

  package init(_ text: String, _ status: Status = .pending) {
    self.text = text
    self.status = status
  }
}

extension PlanEntry: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("text", text)
      json.member("status", status.rawValue)
    }
  }

  /// Nil without a text.
  package init?(json: JSONValue) {
    guard let text = json["text"]?.string else { return nil }
    self.init(text, json["status"]?.string.flatMap(Status.init) ?? .pending)
  }
}

extension [PlanEntry] {
  package var completed: Int { count { $0.status == .completed } }

  /// How much of it is done, in [0, 1]: what an adapter reports as the run's progress. Nil for an empty plan.
  package var progress: Double? { isEmpty ? nil : Double(completed) / Double(count) }

  /// Within the bounds of what every run may carry; what is beyond is counted in the last entry.
  package var bounded: Self {
    var bounded = prefix(Bounds.planEntries).map { PlanEntry($0.text.bounded(Bounds.planText), $0.status) }
    if count > Bounds.planEntries {
      let rest = self[Bounds.planEntries...]
      bounded.append(
        PlanEntry("… and \(rest.count) more", rest.allSatisfy { $0.status == .completed } ? .completed : .pending))
    }
    return bounded
  }

  package var json: JSONValue {
    .array(map { ["text": .string($0.text), "status": .string($0.status.rawValue)] })
  }
}
