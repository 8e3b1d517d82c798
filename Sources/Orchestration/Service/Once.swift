import Crypto
import RunModel

/// A request that is done once: the client's key, and a print of what it asked for, which tells it from another request
/// with the same key.
struct OnceKey: Sendable {
  let key: String
  private let print: String

  /// Nil without a key. `asked`: everything that the request of this kind asks for.
  init?(_ key: String?, _ kind: String, _ asked: @autoclosure () -> [UInt8]) {
    guard let key else { return nil }
    self.key = key
    print = AuditChain.hexadecimal(SHA256.hash(data: Array(kind.utf8) + [0] + asked()))
  }

  /// What is stored with the runs that the request made.
  func stored(_ outcomes: [DispatchOutcome]) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("request", print)
      json.member("outcomes", outcomes)
    }
    return json.bytes
  }

  /// The answer given then. Throws `.conflict` when it was another request's.
  func outcomes(from stored: [UInt8]) throws -> [DispatchOutcome] {
    let json = try JSONValue(parsing: stored)
    // An older version stored the answer alone.
    if let outcomes = json.array { return outcomes.map(DispatchOutcome.init(json:)) }
    guard json["request"]?.string == print else {
      throw Problem(
        .conflict,
        "The Idempotency-Key \"\(key)\" was used for another request. Use a new key for each request that is new.")
    }
    return json["outcomes"]?.array?.map(DispatchOutcome.init(json:)) ?? []
  }
}

extension Orchestrator {
  /// Does `work`, which puts the key on record with what it makes, unless that has been done; a second request that comes
  /// meanwhile waits for the first. The newest `RecordBatch.answersKept` keys are remembered.
  func once(_ key: OnceKey?, _ work: () async throws -> [DispatchOutcome]) async throws -> [DispatchOutcome] {
    guard let key else { return try await work() }
    while keysUnderWay[key.key] != nil {
      await withCheckedContinuation { keysUnderWay[key.key]?.append($0) }
    }
    keysUnderWay[key.key] = []
    defer { for waiter in keysUnderWay.removeValue(forKey: key.key) ?? [] { waiter.resume() } }
    if let stored = try await environment.store.answer(forIdempotencyKey: key.key) {
      return try key.outcomes(from: stored)
    }
    return try await work()
  }
}
