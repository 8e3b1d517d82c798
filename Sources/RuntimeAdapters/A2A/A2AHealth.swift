/// When an agent's card is asked for to see whether the agent is there, and what was found. A value with no I/O; times are
/// since some start.
struct A2AHealth: Sendable {
  enum Urgency: Sendable { case none, low, high }

  /// Between two looks at an agent that was well: what goes wrong meanwhile is found by whoever needs it.
  static let rest = Duration.seconds(60)
  static let restOfUnwell = Duration.seconds(8)

  private(set) var complaint: String?
  private var looked: Duration?
  private var isLooking = false
  private var isSuspected = false

  /// How much a look is needed now; unless it is not, the asker takes it, and `found` must follow.
  mutating func urgency(at now: Duration) -> Urgency {
    guard !isLooking else { return .none }
    let urgency: Urgency
    if let looked, !isSuspected {
      urgency = now - looked >= (complaint == nil ? Self.rest : Self.restOfUnwell) ? .low : .none
    } else {
      urgency = .high
    }
    guard urgency != .none else { return .none }
    isLooking = true
    isSuspected = false
    return urgency
  }

  mutating func found(_ complaint: String?, at now: Duration) {
    self.complaint = complaint
    looked = now
    isLooking = false
  }

  /// A run has had trouble with the agent: what was found last says nothing any more.
  mutating func suspect() { isSuspected = true }
}
