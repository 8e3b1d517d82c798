import Glibc
import NIOCore
import Synchronization

/// Slows down who shows one wrong token after the other: after the twentieth each failure costs twice the wait of the one
/// before, up to a minute.
///
/// It answers failures alone. A good token passes whatever others at the same address have done: a secret of 256 bits is
/// not guessed, and nobody shall lock out who has one.
final class FailureLimiter: Sendable {
  private let failures = Mutex(Failures())

  /// How long the peer has to wait; nil: not at all.
  func wait(of peer: String, at now: ContinuousClock.Instant = .now) -> Duration? {
    failures.withLock { $0.wait(of: peer, at: now) }
  }

  func failed(_ peer: String, at now: ContinuousClock.Instant = .now) { failures.withLock { $0.failed(peer, at: now) } }
}

/// The failures of each peer: a value, and one of bounded size.
struct Failures {
  private struct Entry {
    var count = 0
    var last: ContinuousClock.Instant
    var blockedUntil: ContinuousClock.Instant
  }

  static let free = 20
  static let longestWait = Duration.seconds(60)
  static let memory = Duration.seconds(600)
  static let mostPeers = 1024
  private var entries: [String: Entry] = [:]

  var count: Int { entries.count }

  func wait(of peer: String, at now: ContinuousClock.Instant) -> Duration? {
    guard let entry = entries[peer], entry.blockedUntil > now else { return nil }
    return entry.blockedUntil - now
  }

  mutating func failed(_ peer: String, at now: ContinuousClock.Instant) {
    var entry = entries[peer] ?? Entry(last: now, blockedUntil: now)
    if now - entry.last > Self.memory { entry.count = 0 }
    entry.count += 1
    entry.last = now
    if entry.count > Self.free {
      let doublings = min(6, entry.count - Self.free - 1)
      entry.blockedUntil = now + min(Self.longestWait, .seconds(1 << doublings))
    }
    if entries[peer] == nil, entries.count >= Self.mostPeers { makeRoom(at: now) }
    entries[peer] = entry
  }

  /// Who has been quiet longest goes.
  private mutating func makeRoom(at now: ContinuousClock.Instant) {
    entries = entries.filter { now - $0.value.last <= Self.memory }
    if entries.count >= Self.mostPeers, let oldest = entries.min(by: { $0.value.last < $1.value.last }) {
      entries[oldest.key] = nil
    }
  }
}

enum PeerAddress {
  /// What one party can be told by: an IPv4 address, or the network of an IPv6 one, of which each has 2^64.
  static func of(_ channel: any Channel) -> String {
    guard let text = channel.remoteAddress?.ipAddress else { return "unknown" }
    return party(text)
  }

  static func party(_ text: String) -> String {
    guard text.contains(":") else { return text }
    var address = in6_addr()
    guard inet_pton(AF_INET6, text.prefix { $0 != "%" }.description, &address) == 1 else { return text }
    let bytes = withUnsafeBytes(of: &address) { Array($0) }
    if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return bytes[12...].map(String.init).joined(separator: ".")
    }
    if text == "::1" { return text }
    let groups = stride(from: 0, to: 8, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
    return groups.joined(separator: ":") + "::/64"
  }
}
