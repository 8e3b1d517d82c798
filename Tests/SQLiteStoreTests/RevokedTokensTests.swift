import Foundation
import GRDB
import Orchestration
import RunModel
import Testing

@testable import SQLiteStore

@Suite("Revoked tokens", .timeLimit(.minutes(5))) struct RevokedTokensTests {
  private static let time = Timestamp(milliseconds: 1_900_000_000_000)

  private func token(_ number: UInt64, revoked: Timestamp? = nil) -> StoredToken {
    var summary = TokenSummary(
      id: TokenID(ULID(high: 7, low: number)), name: "t\(number)", role: .viewer, createdAt: Self.time, createdBy: "ada"
    )
    summary.revokedAt = revoked
    return StoredToken(
      id: summary.id, hash: [UInt8](repeating: UInt8(number), count: 32), json: summary.jsonBytes)
  }

  private func commit(_ tokens: [StoredToken], to store: SQLiteRunStore) async throws {
    var batch = RecordBatch()
    batch.tokens = tokens
    try await store.commit(batch)
  }

  private func revoked(_ store: SQLiteRunStore) async throws -> [Bool] {
    try await store.tokens().map { $0.revokedAt != nil }
  }

  @Test("A revocation is kept beside the store, once, for its owner alone, and survives the restore of an older backup")
  func restores() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let list = folder.path + "/revoked"
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await commit([token(1), token(2)], to: store)
      #expect(!FileManager.default.fileExists(atPath: list))
      _ = try StoreBackup.make(of: folder.path, to: folder.path + "/b")
      try await commit([token(1, revoked: Self.time), token(3)], to: store)
      try await commit([token(1, revoked: Self.time)], to: store)
      try store.close()
    }
    let line = "\(TokenID(ULID(high: 7, low: 1))) \(Self.time)"
    #expect(try String(contentsOfFile: list, encoding: .utf8) == "\n\(line)\n")
    #expect(try FileManager.default.attributesOfItem(atPath: list)[.posixPermissions] as? Int == 0o600)
    // Also when the store that is replaced cannot be read any more.
    try Data(repeating: 0x78, count: 50_000).write(to: URL(fileURLWithPath: folder.path + "/flightdeck.sqlite"))
    let result = try StoreBackup.restore(folder.path + "/b", into: folder.path)
    #expect(result.revoked == 1)
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      #expect(try await revoked(store) == [true, false])
      #expect(try await store.tokens().first?.revokedAt == Self.time)
      try store.close()
    }
    // Once more: it was good in the backup, and is not.
    #expect(try StoreBackup.restore(folder.path + "/b", into: folder.path).revoked == 1)
    // In a folder that knows nothing of it, it is as it was then.
    let other = folder.path + "/other"
    #expect(try StoreBackup.restore(folder.path + "/b", into: other).revoked == 0)
    let store = try SQLiteRunStore(folder: other)
    #expect(try await revoked(store) == [false, false])
    try store.close()
  }

  @Test("Revocations of a store that is older than the list come into it: when it is opened, and when it is replaced")
  func upgrade() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let list = RevokedTokens(folder: folder.path)
    func revokeByHand(_ number: UInt64) throws {
      let queue = try DatabaseQueue(path: folder.path + "/flightdeck.sqlite")
      try queue.write { db in
        var batch = RecordBatch()
        batch.tokens = [token(number, revoked: Self.time)]
        try db.insert(batch)
      }
      try queue.close()
    }
    do {
      let store = try SQLiteRunStore(folder: folder.path)
      try await commit([token(1), token(2)], to: store)
      _ = try StoreBackup.make(of: folder.path, to: folder.path + "/b")
      try store.close()
    }
    try revokeByHand(1)
    try SQLiteRunStore(folder: folder.path).close()
    #expect(try list.read() == [token(1).id: Self.time])
    try revokeByHand(2)
    #expect(try StoreBackup.restore(folder.path + "/b", into: folder.path).revoked == 2)
    #expect(try list.read().count == 2)
  }

  @Test("A line that was broken off is none, and the next is not lost with it")
  func brokenLine() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let list = RevokedTokens(folder: folder.path)
    try list.add([token(1).id: Self.time])
    var text = try String(contentsOfFile: list.path, encoding: .utf8)
    text += "\n\(String(token(2).id.description.prefix(20)))"
    try text.write(toFile: list.path, atomically: false, encoding: .utf8)
    try list.add([token(3).id: Self.time])
    #expect(try Set(list.read().keys) == [token(1).id, token(3).id])
  }

  @Test("A revocation that cannot be put on the list is not acknowledged")
  func unwritable() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let store = try SQLiteRunStore(folder: folder.path)
    try await commit([token(1)], to: store)
    // A link is not followed, whoever may write.
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/revoked", withDestinationPath: "/dev/null")
    let problem = await #expect(throws: Problem.self) { try await commit([token(1, revoked: Self.time)], to: store) }
    #expect(problem?.detail.contains("list of revoked tokens") == true)
    #expect(try await revoked(store) == [false])
    try store.close()
  }
}
