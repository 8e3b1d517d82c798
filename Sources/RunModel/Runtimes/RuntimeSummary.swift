/// A runtime as the orchestrator sees it: one row of the capability matrix.
package struct RuntimeSummary: Sendable, Hashable {
  package enum Health: String, Sendable, Hashable { case healthy, degraded, lost }

  package var runtimeId: RuntimeID
  /// `simulated`, `mock`, `local`.
  package var kind: String
  package var capabilities: RuntimeCapabilities
  package var health: Health
  /// What is wrong, when it is not healthy, and the way out.
  package var healthReason: String?
  package var slotsUsed: Int
  package var succeeded = 0
  package var failed = 0
  package var canceled = 0
  /// The median of the run times of the runs that came to an end of their own last (up to 100), in milliseconds.
  package var medianMilliseconds: Int64?
  /// A live run without an event for longer than this is called stalled; it is never ended for it.
  package var quietSeconds = 120.0
  /// What its runs may use and what holds that, and how far a cancel reaches; empty where the runtime does not say.
  package var limits: [LimitHolding] = []
  package var breaker = BreakerStanding()
  /// What it last said of itself when it was checked: the agent, its version, the protocol; untrusted.
  package var agent: String?
  /// Whether its agents take a message while they work.
  package var converses = false
  /// Whether what its agents ask can be answered from here.
  package var takesAnswers = true

  package init(
    runtimeId: RuntimeID, kind: String, capabilities: RuntimeCapabilities, health: Health = .healthy,
    healthReason: String? = nil, slotsUsed: Int = 0
  ) {
    self.runtimeId = runtimeId
    self.kind = kind
    self.capabilities = capabilities
    self.health = health
    self.healthReason = healthReason
    self.slotsUsed = slotsUsed
  }
}

extension RuntimeSummary {
  /// What is wrong and when it is tried again, as a person reads it at `now`; nil while it is healthy.
  package func trouble(at now: Timestamp) -> String? {
    guard health != .healthy else { return nil }
    return ([healthReason ?? "no reason given"] + [breaker.retryWords(at: now)].compactMap { $0 })
      .joined(separator: "; ")
  }

  /// Whether a live run of this runtime has said nothing for too long; one that waits for a person is not stalled.
  package func isStalled(_ run: Run, at now: Timestamp) -> Bool {
    run.status == .running && run.attention == nil && now - run.lastEventAt > .seconds(clamping: quietSeconds)
  }
}

extension RuntimeSummary: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("runtimeId", runtimeId.rawValue)
      json.member("kind", kind)
      json.member("capabilities", capabilities)
      json.member("health", health.rawValue)
      json.member("healthReason", healthReason)
      json.member("slotsUsed", slotsUsed)
      json.member("succeeded", succeeded)
      json.member("failed", failed)
      json.member("canceled", canceled)
      json.member("medianMilliseconds", medianMilliseconds)
      json.member("quietSeconds", quietSeconds)
      if !limits.isEmpty { json.member("limits", limits) }
      json.member("breaker", breaker)
      if let agent { json.member("agent", agent) }
      if converses { json.member("converses", true) }
      if !takesAnswers { json.member("takesAnswers", false) }
    }
  }

  package init?(json: JSONValue) {
    guard let id = json["runtimeId"]?.string else { return nil }
    self.init(
      runtimeId: RuntimeID(id), kind: json["kind"]?.string ?? "",
      capabilities: RuntimeCapabilities(json: json["capabilities"] ?? .null),
      health: json["health"]?.string.flatMap(Health.init) ?? .lost, healthReason: json["healthReason"]?.string,
      slotsUsed: Int(json["slotsUsed"]?.int ?? 0))
    succeeded = Int(json["succeeded"]?.int ?? 0)
    failed = Int(json["failed"]?.int ?? 0)
    canceled = Int(json["canceled"]?.int ?? 0)
    medianMilliseconds = json["medianMilliseconds"]?.int
    quietSeconds = json["quietSeconds"]?.double ?? quietSeconds
    breaker = json["breaker"].flatMap(BreakerStanding.init(json:)) ?? breaker
    agent = json["agent"]?.string
    converses = json["converses"]?.bool ?? false
    takesAnswers = json["takesAnswers"]?.bool ?? true
    limits = json["limits"]?.array?.compactMap(LimitHolding.init) ?? []
  }
}
