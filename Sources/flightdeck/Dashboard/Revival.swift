import RunClient
import RunModel

/// Starts this user's orchestrator again when it has died, for a dashboard that had started it: as it would when it opened,
/// but not again and again.
actor Revival {
  /// An orchestrator that is being replaced by somebody else has this long to come back.
  static let patience = Duration.seconds(2)
  /// So many within so long; then it is left to a person.
  static let most = 3
  static let window = Duration.seconds(600)

  private let revive: @Sendable () async throws -> Void
  private let now: @Sendable () -> Timestamp
  private var times: [Timestamp] = []
  private var hasGivenUp = false

  init(now: @escaping @Sendable () -> Timestamp = { .now }, _ revive: @escaping @Sendable () async throws -> Void) {
    self.now = now
    self.revive = revive
  }

  /// What to tell while nobody answers; to be asked at each failed try. Returns when there is nothing more to do for now.
  func lost(since: Timestamp, tell: @Sendable (Word) async -> Void) async {
    let now = now()
    guard !hasGivenUp, now - since >= Self.patience else { return }
    times.removeAll { now - $0 > Self.window }
    guard times.count < Self.most else {
      hasGivenUp = true
      return await tell(
        .failed(
          Problem(
            .unavailable,
            "The orchestrator has ended \(Self.most + 1) times within 10 min and is not started again. See flightdeck logs; "
              + "start it with: flightdeck serve")))
    }
    times.append(now)
    await tell(.starting)
    do { try await revive() } catch {
      hasGivenUp = true
      await tell(.failed(error as? Problem ?? Problem(.unavailable, "\(error)")))
    }
  }

  func live() { hasGivenUp = false }

  enum Word: Sendable { case starting, failed(Problem) }
}
