/// Why a queued run has not started: one entry of `waitsFor`, which travels as its text.
package enum WaitReason: Sendable, Hashable {
  /// Every slot of a runtime that would take it is in use.
  case slot(RuntimeID)
  /// The only runtime that would take it is not healthy.
  case health(RuntimeID, reason: String? = nil)
  /// People have to approve it first: `Run.approval` says how many and why.
  case approval
  /// Another contract has to succeed first, by its id or external reference; `ended`: how it ended, if it did not.
  case dependency(String, ended: RunStatus? = nil)

  package enum Kind: String, Sendable, Hashable, CaseIterable { case slot, health, approval, dependency }

  package var kind: Kind {
    switch self {
    case .slot: .slot
    case .health: .health
    case .approval: .approval
    case .dependency: .dependency
    }
  }

  package var text: String {
    switch self {
    case .slot(let runtime): "a slot on \(runtime)"
    case .health(let runtime, nil): "\(runtime)\(Self.well)"
    case .health(let runtime, let reason?): "\(runtime)\(Self.well) (\(reason))"
    case .approval: "approval pending"
    case .dependency(let name, nil): name
    case .dependency(let name, let status?): "\(name)\(Self.ended)\(status.rawValue)); retry it"
    }
  }

  /// The text as a sentence of its own: `waits for a slot on local`, `approval pending`.
  package var sentence: String { self == .approval ? text : "waits for \(text)" }

  private static let well = " to be healthy again"
  private static let ended = ", which did not succeed ("

  /// Reads what `text` says; whatever is nothing else is the name of a dependency.
  package init(_ text: String) {
    if text == Self.approval.text {
      self = .approval
    } else if text.hasPrefix("a slot on ") {
      self = .slot(RuntimeID(String(text.dropFirst(10))))
    } else if let place = text.firstRange(of: Self.well) {
      let rest = text[place.upperBound...]
      let reason = rest.hasPrefix(" (") && rest.hasSuffix(")") ? String(rest.dropFirst(2).dropLast()) : nil
      self = .health(RuntimeID(String(text[..<place.lowerBound])), reason: reason)
    } else if let place = text.firstRange(of: Self.ended) {
      let status = text[place.upperBound...].prefix { $0 != ")" }
      self = .dependency(String(text[..<place.lowerBound]), ended: RunStatus(rawValue: String(status)))
    } else {
      self = .dependency(text)
    }
  }
}
