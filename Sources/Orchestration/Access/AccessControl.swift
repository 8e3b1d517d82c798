package import RunModel
import Synchronization

/// Where access puts what must be kept.
package protocol AccessRecord: Sendable {
  func record(_ entry: JournalEntry) async throws
  func note(_ entry: JournalEntry)
}

extension Journal: AccessRecord {}

/// Who may come in over TCP: the tokens, and the record of whom was refused.
///
/// Nothing here knows a secret longer than it takes to hash it.
package final class AccessControl: Sendable {
  private struct Token {
    var summary: TokenSummary
    var hash: TokenHash
    /// `lastUsedAt` as stored.
    var noted: Timestamp?
  }

  private struct State {
    var tokens: [Token] = []
    var waiters: [UInt64: (token: TokenID, continuation: CheckedContinuation<Void, Never>)] = [:]
    var nextWaiter: UInt64 = 0
    var ledger = RefusalLedger()
  }

  /// What a secret is worth.
  package enum Verdict: Sendable, Hashable {
    case admitted(TokenSummary)
    case expired(TokenSummary)
    case revoked(TokenSummary)
    case unknown
  }

  /// The name of the token that lies in the state folder.
  package static let ownName = "admin"
  private static let reservedNames = [ownName, Actor.system.id]
  /// Tokens in force at once: each request is compared with all there are.
  package static let mostActive = 1000
  package static let longestLife = Duration.seconds(3650 * 86_400)

  private let keeper: any AccessRecord
  private let ids: ULIDGenerator
  private let now: @Sendable () -> Timestamp
  private let state: Mutex<State>

  package init(
    tokens: [StoredToken] = [], keeper: any AccessRecord, ids: ULIDGenerator = ULIDGenerator(),
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.keeper = keeper
    self.ids = ids
    self.now = now
    var state = State()
    for stored in tokens {
      // What cannot be read lets nobody in.
      guard let hash = TokenHash(stored: stored.hash), let json = try? JSONValue(parsing: stored.json),
        let summary = TokenSummary(json: json)
      else { continue }
      state.tokens.append(Token(summary: summary, hash: hash, noted: summary.lastUsedAt))
    }
    self.state = Mutex(state)
  }

  // MARK: - Coming in

  /// Compares with every token there is, in a time that tells nothing of them.
  package func verdict(on secret: some Sequence<UInt8>) -> Verdict {
    let hash = TokenHash(of: secret)
    let now = now()
    return state.withLock { state in
      var place: Int?
      for (candidate, token) in state.tokens.enumerated() where token.hash.matches(hash) { place = candidate }
      guard let place else { return .unknown }
      switch state.tokens[place].summary.status(at: now) {
      case .expired: return .expired(state.tokens[place].summary)
      case .revoked: return .revoked(state.tokens[place].summary)
      case .active: break
      }
      state.tokens[place].summary.lastUsedAt = now
      let noted = state.tokens[place].noted
      if noted.map({ now < $0 || now - $0 >= .seconds(60) }) ?? true {
        state.tokens[place].noted = now
        var entry = JournalEntry()
        entry.tokens = [Self.stored(state.tokens[place])]
        // Under the lock, so that it cannot come after a revocation and undo it in the store.
        keeper.note(entry)
      }
      return .admitted(state.tokens[place].summary)
    }
  }

  /// Whether it lets its holder in now.
  package func isActive(_ token: TokenID) -> Bool {
    let now = now()
    return state.withLock { state in
      state.tokens.contains { $0.summary.id == token && $0.summary.status(at: now) == .active }
    }
  }

  /// Returns when the token is revoked or has expired, or the task is canceled.
  package func waitForEnd(of token: TokenID) async {
    guard let summary = state.withLock({ state in state.tokens.first { $0.summary.id == token }?.summary }) else {
      return
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.waitForRevocation(of: token) }
      if let expiry = summary.expiresAt {
        let now = now
        group.addTask {
          // In short stretches, as the clock that it expires by may be set.
          while now() < expiry, !Task.isCancelled {
            let left = max(.milliseconds(1), min(.seconds(30), expiry - now()))
            // Ends early only when it is canceled, which the loop sees.
            try? await Task.sleep(for: left)
          }
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitForRevocation(of token: TokenID) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          let summary = state.tokens.first { $0.summary.id == token }?.summary
          if summary?.revokedAt != nil || summary == nil || Task.isCancelled { return true }
          state.waiters[id] = (token, waiter)
          return false
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }
  }

  // MARK: - Tokens

  /// In the order in which they were made.
  package var tokens: [TokenSummary] { state.withLock { $0.tokens.map(\.summary) } }

  /// Whether anybody but the operator holds a token.
  package var isShared: Bool {
    let now = now()
    return state.withLock { state in
      state.tokens.contains { $0.summary.name != Self.ownName && $0.summary.status(at: now) == .active }
    }
  }

  /// Throws `.invalid` for a name that cannot be, `.conflict` for one that is in use.
  package func create(
    name: String, role: AccessRole, expiresIn life: Duration?, by actor: Actor
  ) async throws -> IssuedToken {
    try Self.check(name)
    if Self.reservedNames.contains(name) {
      throw Problem(.invalid, "The name \"\(name)\" is the orchestrator's own. Choose another.")
    }
    if let life, life < .seconds(1) || life > Self.longestLife {
      throw Problem(.invalid, "A token may live from one second to ten years.")
    }
    return try await add(
      secret: TokenSecret.make(), name: name, role: role, expiresAt: life.map { now() + $0 }, by: actor)
  }

  /// Makes the secret in the operator's own file an admin's token, unless it is a token already; it takes the place of the
  /// one that was in that file before.
  package func adopt(_ secret: String) async throws -> Verdict {
    let known = verdict(on: secret.utf8)
    guard case .unknown = known else { return known }
    let earlier = tokens.filter { $0.name == Self.ownName && $0.status(at: now()) == .active }
    for token in earlier { _ = try await revoke(token.id.description, by: .system) }
    let issued = try await add(secret: secret, name: Self.ownName, role: .admin, expiresAt: nil, by: .system)
    return .admitted(issued.summary)
  }

  private func add(
    secret: String, name: String, role: AccessRole, expiresAt: Timestamp?, by actor: Actor
  ) async throws -> IssuedToken {
    let now = now()
    let summary = TokenSummary(
      id: TokenID(ids.next()), name: name, role: role, createdAt: now, createdBy: actor.id, expiresAt: expiresAt)
    let token = Token(summary: summary, hash: TokenHash(of: secret.utf8))
    let problem = state.withLock { state -> Problem? in
      let active = state.tokens.filter { $0.summary.status(at: now) == .active }
      if active.contains(where: { $0.summary.name.lowercased() == name.lowercased() }) {
        return Problem(
          .conflict,
          "There is a token \"\(name)\" already. Revoke it with flightdeck token revoke \(name), or choose "
            + "another name.")
      }
      if active.count >= Self.mostActive {
        return Problem(.conflict, "There are \(active.count) tokens, and no more may be. Revoke some first.")
      }
      // Nobody can use it yet: the secret is told when it is on record.
      state.tokens.append(token)
      return nil
    }
    if let problem { throw problem }
    var data: JSONObject = ["name": .string(name), "role": .string(role.rawValue)]
    if let expiresAt { data.append("expiresAt", .string(expiresAt.description)) }
    var entry = JournalEntry(
      audit: [AuditDraft("access_token.created", on: .token(summary.id), by: actor, data: data, time: now)])
    entry.tokens = [Self.stored(token)]
    do { try await keeper.record(entry) } catch {
      state.withLock { $0.tokens.removeAll { $0.summary.id == summary.id } }
      throw error
    }
    return IssuedToken(secret: secret, summary: summary)
  }

  /// By name or id; a token that has been revoked is answered as it is. It is refused from this moment on, also when that
  /// cannot be put on record, which then is what is thrown.
  package func revoke(_ wanted: String, by actor: Actor) async throws -> TokenSummary {
    let now = now()
    let (token, isNews, waiters) = try state.withLock { state throws(Problem) in
      let place = try Self.find(wanted, in: state.tokens, at: now)
      let isNews = state.tokens[place].summary.revokedAt == nil
      if isNews { state.tokens[place].summary.revokedAt = now }
      let id = state.tokens[place].summary.id
      let ended = state.waiters.filter { $0.value.token == id }
      for key in ended.keys { state.waiters[key] = nil }
      return (state.tokens[place], isNews, ended.values.map(\.continuation))
    }
    for waiter in waiters { waiter.resume() }
    guard isNews else { return token.summary }
    var entry = JournalEntry(
      audit: [
        AuditDraft(
          "access_token.revoked", on: .token(token.summary.id), by: actor,
          data: ["name": .string(token.summary.name), "role": .string(token.summary.role.rawValue)], time: now)
      ])
    entry.tokens = [Self.stored(token)]
    do { try await keeper.record(entry) } catch {
      throw Problem(
        .unavailable,
        "The token \"\(token.summary.name)\" is refused from now on, but that could not be stored: \(error) "
          + "Revoke it again once that is mended, or it will be good again after a restart.")
    }
    return token.summary
  }

  /// The one in force is meant, if there is one.
  private static func find(_ wanted: String, in tokens: [Token], at now: Timestamp) throws(Problem) -> Int {
    if let place = tokens.firstIndex(where: { $0.summary.id.description == wanted }) { return place }
    let named = tokens.indices.filter { tokens[$0].summary.name == wanted }
    if let place = named.last(where: { tokens[$0].summary.status(at: now) == .active }) ?? named.last { return place }
    let known = tokens.map(\.summary.name)
    // A secret given by mistake is not repeated.
    let quoted = wanted.hasPrefix(TokenSecret.mark) || wanted.utf8.count > 64 ? "that" : "\"\(wanted)\""
    throw Problem(
      .notFound,
      "There is no token with the name or id \(quoted).\(Nearest.hint(for: wanted, among: known)) "
        + "flightdeck token list shows them.")
  }

  private static func check(_ name: String) throws(Problem) {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    let isGood =
      (1...64).contains(name.utf8.count) && name.utf8.first.map(isLetterOrDigit) == true
      && name.utf8.allSatisfy { isLetterOrDigit($0) || "._-@+".utf8.contains($0) }
    guard isGood, !name.hasPrefix(TokenSecret.mark) else {
      throw Problem(
        .invalid, "A token's name has 1 to 64 letters, digits and . _ - @ +, and begins with a letter or a digit.")
    }
  }

  private static func stored(_ token: Token) -> StoredToken {
    StoredToken(id: token.summary.id, hash: token.hash.bytes, json: token.summary.jsonBytes)
  }

  // MARK: - Refusals

  /// Puts it on the trail, or counts it.
  package func noteRefusal(_ refusal: AccessRefusal) {
    let now = now()
    note(state.withLock { $0.ledger.note(refusal, at: now) }, at: now)
  }

  /// Puts on the trail what was counted in windows that are over; called now and then, and at the end for `all`.
  package func settleRefusals(all: Bool = false) {
    let now = now()
    note(state.withLock { $0.ledger.isEmpty ? [] : $0.ledger.close(at: now, all: all) }, at: now)
  }

  private func note(_ entries: [RefusalLedger.Entry], at now: Timestamp) {
    if !entries.isEmpty { keeper.note(JournalEntry(audit: entries.map { $0.draft(at: now) })) }
  }
}
