import RunModel

/// A routing decision for people.
enum DecisionWords {
  static func lines(_ decision: RoutingDecision, utf8: Bool) -> [String] {
    let chosen = utf8 ? "✔" : "+"
    let not = utf8 ? "✖" : "x"
    var lines: [String] = []
    for runtime in decision.considered {
      let reasons = runtime.reasons.isEmpty ? "" : ": " + runtime.reasons.joined(separator: "; ")
      let name = runtime.runtimeId == decision.runtimeId ? "\(runtime.runtimeId) (chosen)" : "\(runtime.runtimeId)"
      lines.append("  \(runtime.eligible ? chosen : not) " + Plain.line(name + reasons))
    }
    if !decision.waitsFor.isEmpty {
      let waits = decision.waitsFor.map { WaitReason($0).sentence }
      lines.append("  " + Plain.line(waits.joined(separator: ", ")))
    }
    return lines
  }
}
