import RunModel

/// Somebody who was not let in, or not let do something: what goes on the audit trail about it.
package struct AccessRefusal: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    /// No token, or one that is not known.
    case unauthorized
    /// A token that was known once.
    case ended = "token-ended"
    /// The role is too small, or the orchestrator's rules say no.
    case forbidden
    /// Too many failures from one address.
    case tooMany = "too-many"
    case host, origin
    /// A process of another user on the Unix socket.
    case foreignUser = "foreign-user"
    case tls
    /// More kinds of refusal than are told apart at once.
    case other
  }

  package var kind: Kind
  /// An address, or `uid 1000`.
  package var peer: String
  /// Who it was, when the token tells.
  package var actor: Actor?
  /// `POST /v1/runs`; never the path as it was sent, which may hold anything.
  package var route: String?
  /// Why, in words without anything secret.
  package var reason: String

  package init(_ kind: Kind, peer: String, actor: Actor? = nil, route: String? = nil, reason: String) {
    self.kind = kind
    self.peer = peer
    self.actor = actor
    self.route = route
    self.reason = reason
  }

  /// A word of a stranger's for the trail: nothing but what names and addresses are made of, and not much of it.
  package static func quotable(_ text: some StringProtocol) -> String {
    let kept = text.utf8.prefix(64).map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "-"),
        UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "/"):
        byte
      default: UInt8(ascii: "?")
      }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}

/// Refusals on their way to the trail: the first of a kind at once, and each minute how many more of it there were, so that
/// no flood of them can fill the store.
struct RefusalLedger {
  /// One record to be.
  struct Entry: Equatable {
    var refusal: AccessRefusal
    /// Further ones of the kind since the last record.
    var more = 0
  }

  private struct Key: Hashable {
    var kind: AccessRefusal.Kind
    var peer: String
    var actor: String?
  }

  private struct Window {
    var opened: Timestamp
    var refusal: AccessRefusal
    var more = 0
  }

  static let length = Duration.seconds(60)
  /// Told apart at once; what comes beyond is counted together. So a minute makes 34 records at most.
  static let mostKinds = 16
  private var windows: [Key: Window] = [:]

  var isEmpty: Bool { windows.isEmpty }

  /// What is to be put on record now.
  mutating func note(_ refusal: AccessRefusal, at now: Timestamp) -> [Entry] {
    let entries = close(at: now)
    var refusal = refusal
    var key = Key(kind: refusal.kind, peer: refusal.peer, actor: refusal.actor?.id)
    if windows[key] == nil, windows.count >= Self.mostKinds {
      refusal = AccessRefusal(
        .other, peer: "several", reason: "Refusals of more kinds or addresses than are told apart.")
      key = Key(kind: .other, peer: refusal.peer)
    }
    if windows[key] != nil {
      windows[key]?.more += 1
      return entries
    }
    windows[key] = Window(opened: now, refusal: refusal)
    return entries + [Entry(refusal: refusal)]
  }

  /// Ends the windows that are over; with `all`, every one.
  mutating func close(at now: Timestamp, all: Bool = false) -> [Entry] {
    var entries: [Entry] = []
    for (key, window) in windows {
      // A clock that was set back ends a window too.
      guard all || now - window.opened >= Self.length || now < window.opened else { continue }
      windows[key] = nil
      if window.more > 0 { entries.append(Entry(refusal: window.refusal, more: window.more)) }
    }
    return entries.sorted { ($0.refusal.kind.rawValue, $0.refusal.peer) < ($1.refusal.kind.rawValue, $1.refusal.peer) }
  }
}

extension RefusalLedger.Entry {
  func draft(at now: Timestamp) -> AuditDraft {
    var data: JSONObject = ["kind": .string(refusal.kind.rawValue), "peer": .string(refusal.peer)]
    if let route = refusal.route { data.append("route", .string(route)) }
    if more > 0 { data.append("more", .int(Int64(more))) }
    let words = more > 0 ? "And \(Self.grouped(more)) more of the kind in the last minute." : refusal.reason
    return AuditDraft(
      "access.refused", on: .none, by: refusal.actor ?? .system, data: data, rationale: words, time: now)
  }

  private static func grouped(_ count: Int) -> String {
    var text = ""
    for (place, digit) in String(count).reversed().enumerated() {
      if place > 0, place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
