import Foundation
import Orchestration
import RunModel
import Testing

@testable import HTTPAPI

@Suite struct TokenFileTests {
  @Test("A token is made once, for the user alone, and kept as a hash")
  func prepare() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let kept = KeptRecord()
    let access = AccessControl(keeper: kept)
    let file = TokenFile(folder.path + "/token")
    #expect(try await file.prepare(for: access) == nil)
    let secret = try #require(try file.read())
    #expect(secret.hasPrefix("fdt_") && secret.utf8.count == 68)
    #expect(try await file.prepare(for: access) == nil)
    #expect(try file.read() == secret)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/token")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["token"])
    guard case .admitted(let token) = access.verdict(on: secret.utf8) else { throw Problem(.internal, "not admitted") }
    #expect(token.name == "admin" && token.role == .admin)
    #expect(access.tokens.count == 1)
    let stored = try #require(kept.tokens.first)
    #expect(stored.hash == TokenHash(of: secret.utf8).bytes)
    #expect(!String(decoding: stored.json, as: UTF8.self).contains(secret))
    // Another start, with what was stored.
    let again = AccessControl(tokens: [stored], keeper: KeptRecord())
    #expect(try await file.prepare(for: again) == nil)
    #expect(again.tokens.count == 1)
  }

  @Test("A new file takes the place of the old one, whose token is revoked; a revoked one is not taken back")
  func replaced() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let access = AccessControl(keeper: KeptRecord())
    let file = TokenFile(folder.path + "/token")
    _ = try await file.prepare(for: access)
    let old = try #require(try file.read())
    try FileManager.default.removeItem(atPath: file.path)
    _ = try await file.prepare(for: access)
    let new = try #require(try file.read())
    #expect(new != old)
    guard case .revoked = access.verdict(on: old.utf8) else { throw Problem(.internal, "the old one is good") }
    _ = try await access.revoke("admin", by: .system)
    #expect(try await file.prepare(for: access)?.contains("Remove the file") == true)
    guard case .revoked = access.verdict(on: new.utf8) else { throw Problem(.internal, "the new one is good again") }
  }

  @Test("A token that others may read is refused with the command that mends it")
  func readableByOthers() async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let file = TokenFile(folder.path + "/token")
    _ = try await file.prepare(for: AccessControl(keeper: KeptRecord()))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    let problem = #expect(throws: Problem.self) { try file.read() }
    #expect(problem?.detail.contains("chmod 600") == true)
  }

  @Test("An empty file, a short token and a missing folder are errors that name the file", arguments: ["", "secret\n"])
  func unusable(content: String) async throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    #expect(
      FileManager.default.createFile(
        atPath: folder.path + "/token", contents: Data(content.utf8), attributes: [.posixPermissions: 0o600]))
    let access = AccessControl(keeper: KeptRecord())
    for path in [folder.path + "/token", folder.path + "/nowhere/token"] {
      let problem = await #expect(throws: Problem.self) { try await TokenFile(path).prepare(for: access) }
      #expect(problem?.detail.contains(path) == true)
    }
    #expect(access.tokens.isEmpty)
  }
}
