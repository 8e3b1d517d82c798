/// The consent that a risky contract waits for before anything starts.
package struct Approval: Sendable, Hashable {
  /// One person's word.
  package struct Word: Sendable, Hashable {
    package var by: String
    /// The rationale; never empty.
    package var why: String
    package var at: Timestamp

    package init(by: String, why: String, at: Timestamp) {
      self.by = by
      self.why = why
      self.at = at
    }
  }

  package var risk: Contract.Risk
  /// What kind of work makes it risky: `payment_integration`, …
  package var taskClass: String
  /// How many different people must approve; 0 when an update of the contract has made it harmless.
  package var needed: Int
  /// Who dispatched the contract.
  package var requestedBy: String
  package var requestedAt: Timestamp
  /// In the order they came, one for each person.
  package var given: [Word] = []
  package var rejection: Word?

  package init(risk: Contract.Risk, taskClass: String, needed: Int, requestedBy: String, requestedAt: Timestamp) {
    self.risk = risk
    self.taskClass = taskClass
    self.needed = needed
    self.requestedBy = requestedBy
    self.requestedAt = requestedAt
  }

  package var isPending: Bool { rejection == nil && given.count < needed }
}

extension Contract.Risk {
  /// How many different people approve work of this risk, where it needs approval at all.
  package var approvalsNeeded: Int { self == .critical ? 2 : 1 }
}

extension Approval {
  /// What an `awf.approval.requested` event says; nil when it says no risk.
  init?(requestedBy event: RunEvent) {
    guard let risk = event.data["risk"]?.string.flatMap(Contract.Risk.init) else { return nil }
    self.init(
      risk: risk, taskClass: event.data["taskClass"]?.string ?? "",
      needed: event.data["needed"]?.int.map(Int.init) ?? risk.approvalsNeeded,
      requestedBy: event.data["by"]?.string ?? "", requestedAt: event.time)
  }

  /// Data of the `awf.approval.requested` event.
  package var requestData: JSONObject {
    [
      "risk": .string(risk.rawValue), "taskClass": .string(taskClass), "needed": .int(Int64(needed)),
      "by": .string(requestedBy),
    ]
  }
}

extension Approval.Word: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("by", by)
      json.member("why", why)
      json.member("at", at)
    }
  }

  init?(json: JSONValue) {
    guard let by = json["by"]?.string, let at = json["at"]?.string.flatMap({ Timestamp($0) }) else { return nil }
    self.init(by: by, why: json["why"]?.string ?? "", at: at)
  }
}

extension Approval: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("risk", risk.rawValue)
      json.member("taskClass", taskClass)
      json.member("needed", needed)
      json.member("requestedBy", requestedBy)
      json.member("requestedAt", requestedAt)
      json.member("given", given)
      if let rejection { json.member("rejection", rejection) }
    }
  }

  package init?(json: JSONValue) {
    guard let risk = json["risk"]?.string.flatMap(Contract.Risk.init) else { return nil }
    self.init(
      risk: risk, taskClass: json["taskClass"]?.string ?? "", needed: Int(json["needed"]?.int ?? 0),
      requestedBy: json["requestedBy"]?.string ?? "",
      requestedAt: json["requestedAt"]?.string.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0))
    given = json["given"]?.array?.compactMap(Word.init(json:)) ?? []
    rejection = json["rejection"].flatMap(Word.init(json:))
  }
}
