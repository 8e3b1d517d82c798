import Foundation
import RunModel
import Testing

@testable import HTTPAPI

@Suite struct AccessTokenTests {
  @Test("A token is made once, for the user alone, and found again")
  func loadOrCreate() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let token = try AccessToken.loadOrCreate(in: folder.path)
    #expect(token.text.count == 64)
    #expect(try AccessToken.loadOrCreate(in: folder.path).text == token.text)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/token")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["token"])
    let other = try TemporaryFolder()
    #expect(try AccessToken.loadOrCreate(in: other.path).text != token.text)
    withExtendedLifetime(other) {}
  }

  @Test("A token that others may read is refused with the command that mends it")
  func readableByOthers() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    _ = try AccessToken.loadOrCreate(in: folder.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path + "/token")
    let problem = #expect(throws: Problem.self) { try AccessToken.loadOrCreate(in: folder.path) }
    #expect(problem?.detail.contains("chmod 600") == true)
  }

  @Test("An empty token file and a missing folder are errors that name the file")
  func unusable() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    #expect(
      FileManager.default.createFile(
        atPath: folder.path + "/token", contents: Data(), attributes: [.posixPermissions: 0o600]))
    #expect(throws: Problem.self) { try AccessToken.loadOrCreate(in: folder.path) }
    let problem = #expect(throws: Problem.self) { try AccessToken.loadOrCreate(in: folder.path + "/nowhere") }
    #expect(problem?.detail.contains(folder.path + "/nowhere/token") == true)
  }

  @Test(
    "Only the whole token matches",
    arguments: [("secret", true), ("secreT", false), ("secre", false), ("secrets", false), ("", false)])
  func matches(candidate: String, expected: Bool) {
    #expect(AccessToken("secret").matches(candidate.utf8) == expected)
    #expect(!AccessToken("").matches(candidate.utf8))
  }
}
