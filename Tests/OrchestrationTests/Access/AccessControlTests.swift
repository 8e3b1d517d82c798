import RunModel
import Synchronization
import Testing

@testable import Orchestration

@Suite(.timeLimit(.minutes(20))) struct AccessControlTests {
  /// What would be stored; fails when told to.
  private final class Kept: AccessRecord {
    private let state = Mutex<(entries: [JournalEntry], failure: Problem?)>(([], nil))
    var entries: [JournalEntry] { state.withLock { $0.entries } }
    var audit: [AuditDraft] { entries.flatMap(\.audit) }
    func fail(with problem: Problem?) { state.withLock { $0.failure = problem } }
    func note(_ entry: JournalEntry) { state.withLock { $0.entries.append(entry) } }
    func record(_ entry: JournalEntry) async throws {
      try state.withLock { state in
        if let failure = state.failure { throw failure }
        state.entries.append(entry)
      }
    }
  }

  private final class Clock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_790_000_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ by: Duration) { time.withLock { $0 = $0 + by } }
  }

  private let kept = Kept()
  private let clock = Clock()
  private let ada = Actor(.human, "ada")

  private func control(_ tokens: [StoredToken] = []) -> AccessControl {
    AccessControl(tokens: tokens, keeper: kept, now: { [clock] in clock.now })
  }

  @Test("A token lets in with its role until it is revoked, and its secret is stored nowhere")
  func life() async throws {
    let access = control()
    let issued = try await access.create(name: "ci", role: .operator, expiresIn: nil, by: ada)
    guard case .admitted(let token) = access.verdict(on: issued.secret.utf8) else {
      throw Problem(.internal, "refused")
    }
    #expect(token.name == "ci" && token.role == .operator && token.createdBy == "ada")
    #expect(access.verdict(on: issued.secret.dropLast().utf8) == .unknown)
    #expect(access.verdict(on: "".utf8) == .unknown)
    _ = try await access.revoke("ci", by: ada)
    guard case .revoked = access.verdict(on: issued.secret.utf8) else { throw Problem(.internal, "let in") }
    let again = try await access.revoke(issued.summary.id.description, by: ada)
    #expect(again.revokedAt != nil)
    #expect(kept.audit.map(\.eventType) == ["access_token.created", "access_token.revoked"])
    #expect(kept.audit.allSatisfy { $0.actor == ada && $0.subject == .token(issued.summary.id) })
    let written = kept.entries.flatMap(\.tokens).flatMap { $0.hash + $0.json }
    #expect(!String(decoding: written, as: UTF8.self).contains(issued.secret))
    for draft in kept.audit { #expect(!JSONValue.object(draft.data).jsonText.contains(issued.secret)) }
    // What was stored last is what the next start knows.
    let restored = control([try #require(kept.entries.last?.tokens.last)])
    guard case .revoked = restored.verdict(on: issued.secret.utf8) else { throw Problem(.internal, "let in again") }
  }

  @Test("A token expires by the clock, and says so")
  func expiry() async throws {
    let access = control()
    let issued = try await access.create(name: "ci", role: .viewer, expiresIn: .seconds(60), by: ada)
    clock.advance(.seconds(59))
    guard case .admitted = access.verdict(on: issued.secret.utf8) else { throw Problem(.internal, "refused early") }
    clock.advance(.seconds(1))
    guard case .expired(let token) = access.verdict(on: issued.secret.utf8) else { throw Problem(.internal, "let in") }
    #expect(token.status(at: clock.now) == .expired)
    // Its name is free again.
    _ = try await access.create(name: "ci", role: .viewer, expiresIn: nil, by: ada)
    await access.waitForEnd(of: issued.summary.id)
  }

  @Test(
    "A name that could be taken for something else is refused",
    arguments: [
      "", "-ci", "a b", "a\nb", "é", "../x", "admin", "flightdeck", "fdt_x", String(repeating: "x", count: 65),
    ])
  func names(name: String) async throws {
    let access = control()
    await #expect(throws: Problem.self) { try await access.create(name: name, role: .viewer, expiresIn: nil, by: ada) }
    #expect(access.tokens.isEmpty && kept.entries.isEmpty)
  }

  @Test("A life of nothing or of for ever is refused")
  func lives() async throws {
    let access = control()
    for life in [Duration.zero, .seconds(-5), .seconds(Int64.max)] {
      await #expect(throws: Problem.self) {
        try await access.create(name: "x", role: .viewer, expiresIn: life, by: ada)
      }
    }
  }

  @Test("A name in force is there once; what cannot be stored is not made")
  func conflicts() async throws {
    let access = control()
    _ = try await access.create(name: "ci", role: .viewer, expiresIn: nil, by: ada)
    let problem = await #expect(throws: Problem.self) {
      try await access.create(name: "ci", role: .admin, expiresIn: nil, by: ada)
    }
    #expect(problem?.code == .conflict)
    kept.fail(with: Problem(.unavailable, "The disk is full."))
    await #expect(throws: Problem.self) { try await access.create(name: "bob", role: .viewer, expiresIn: nil, by: ada) }
    #expect(access.tokens.map(\.name) == ["ci"])
  }

  @Test("A revocation holds at once, also when it cannot be stored")
  func revokeWithoutStore() async throws {
    let access = control()
    let issued = try await access.create(name: "ci", role: .viewer, expiresIn: nil, by: ada)
    kept.fail(with: Problem(.unavailable, "The disk is full."))
    let problem = await #expect(throws: Problem.self) { try await access.revoke("ci", by: ada) }
    #expect(problem?.detail.contains("refused from now on") == true)
    guard case .revoked = access.verdict(on: issued.secret.utf8) else { throw Problem(.internal, "let in") }
  }

  @Test("Who waits for a token's end is told when it is revoked, and when they give up")
  func waiting() async throws {
    let access = control()
    let issued = try await access.create(name: "ci", role: .viewer, expiresIn: nil, by: ada)
    async let end: Void = access.waitForEnd(of: issued.summary.id)
    _ = try await access.revoke("ci", by: ada)
    await end
    let other = try await access.create(name: "bob", role: .viewer, expiresIn: nil, by: ada)
    let waiter = Task { await access.waitForEnd(of: other.summary.id) }
    waiter.cancel()
    await waiter.value
  }

  @Test("Its last use is stored once a minute at most")
  func lastUse() async throws {
    let access = control()
    let issued = try await access.create(name: "ci", role: .viewer, expiresIn: nil, by: ada)
    let before = kept.entries.count
    for _ in 0..<600 {
      _ = access.verdict(on: issued.secret.utf8)
      clock.advance(.milliseconds(200))
    }
    #expect(kept.entries.count == before + 2)
    #expect(access.tokens.first?.lastUsedAt != nil)
  }

  @Test("Others' tokens make an orchestrator a shared one; the operator's own does not")
  func shared() async throws {
    let access = control()
    _ = try await access.adopt(TokenSecret.make())
    #expect(!access.isShared)
    _ = try await access.create(name: "bob", role: .viewer, expiresIn: nil, by: ada)
    #expect(access.isShared)
    _ = try await access.revoke("bob", by: ada)
    #expect(!access.isShared)
  }

  @Test("A flood of refusals is a handful of records that count it")
  func flood() {
    let access = control()
    for _ in 0..<4113 { access.noteRefusal(AccessRefusal(.unauthorized, peer: "10.0.0.7", reason: "No token.")) }
    #expect(kept.audit.map(\.rationale) == ["No token."])
    clock.advance(.seconds(60))
    access.settleRefusals()
    #expect(kept.audit.map(\.rationale) == ["No token.", "And 4,112 more of the kind in the last minute."])
    #expect(kept.audit.last?.data["more"] == 4112)
    access.settleRefusals(all: true)
    #expect(kept.audit.count == 2)
  }

  @Test("However many addresses a flood comes from, a minute makes no more than 34 records")
  func wideFlood() {
    let access = control()
    for round in 0..<3 {
      for peer in 0..<5000 {
        access.noteRefusal(
          AccessRefusal(.unauthorized, peer: "10.\(round).\(peer / 256).\(peer % 256)", reason: "No token."))
        access.noteRefusal(
          AccessRefusal(.unauthorized, peer: "10.\(round).\(peer / 256).\(peer % 256)", reason: "No token."))
      }
      clock.advance(.seconds(60))
      access.settleRefusals()
      #expect(kept.audit.count <= 34 * (round + 1))
    }
    let counted = kept.audit.reduce(0) { $0 + ($1.data["more"]?.int ?? 1) }
    #expect(counted == 30_000)
  }

  @Test("A clock that is set back ends the windows")
  func clockBack() {
    let access = control()
    access.noteRefusal(AccessRefusal(.host, peer: "a", reason: "Host."))
    access.noteRefusal(AccessRefusal(.host, peer: "a", reason: "Host."))
    clock.advance(.seconds(-3600))
    access.settleRefusals()
    #expect(kept.audit.count == 2)
  }
}

@Suite struct TokenHashTests {
  @Test("A hash is SHA-256, survives its storage and matches itself alone")
  func hash() throws {
    let hash = TokenHash(of: "abc".utf8)
    let hex = hash.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(TokenHash(stored: hash.bytes)?.matches(hash) == true)
    #expect(TokenHash(stored: Array(hash.bytes.dropLast())) == nil)
    for place in 0..<32 {
      var bytes = hash.bytes
      bytes[place] ^= 1
      #expect(TokenHash(stored: bytes)?.matches(hash) == false)
    }
  }

  @Test("Secrets differ, and hold 256 bits")
  func secrets() {
    let secrets = Set((0..<100).map { _ in TokenSecret.make() })
    #expect(secrets.count == 100)
    #expect(secrets.allSatisfy { $0.hasPrefix("fdt_") && $0.utf8.count == 68 })
  }
}
