import ArgumentParser
import Foundation
import RunModel
import Testing

@testable import flightdeck

@Suite("dispatch")
struct DispatchCommandTests {
  static func contracts(_ arguments: [String], in folder: String = "/nowhere/at/all") throws -> [Contract] {
    let command = try #require(try Flightdeck.parseAsRoot(["dispatch"] + arguments) as? DispatchCommand)
    return try command.contracts(workingFolder: folder)
  }

  @Test("The options become the contract")
  func options() throws {
    let contract = try #require(
      try Self.contracts([
        "Mend it", "--prompt", "Mend the fence.", "--needs", "canCreateBranch", "--repo", "../r", "--base", "main",
        "--priority", "7", "--verify", "make", "--verify", "make test",
      ]).first)
    #expect(contract.title == "Mend it")
    #expect(contract.prompt == "Mend the fence.")
    #expect(contract.requires == [.canCreateBranch])
    #expect(contract.repository == "/nowhere/at/r")
    #expect(contract.base == "main")
    #expect(contract.priority == 7)
    #expect(contract.verify == ["make", "make test"])
  }

  @Test("Labels and a risk go with the contract, and the dry run says how risky that makes it")
  func risk() throws {
    let contract = try #require(try Self.contracts(["t", "--label", "docs", "--label", "auth"]).first)
    #expect(contract.labels == ["docs", "auth"] && contract.risk == nil)
    #expect(DispatchCommand.riskWords(contract) == "risk: high (auth_policy, by its labels)")
    let own = try #require(try Self.contracts(["t", "--risk", "critical"]).first)
    #expect(DispatchCommand.riskWords(own) == "risk: critical (general_task, its own)")
    let plain = try #require(try Self.contracts(["t"]).first)
    #expect(DispatchCommand.riskWords(plain) == "risk: medium (general_task, no label says more)")
    #expect(throws: (any Error).self) { try Self.contracts(["t", "--risk", "none"]) }
  }

  @Test("Without --repo and a repository around, there is none")
  func noRepository() throws {
    #expect(try Self.contracts(["t"]).first?.repository == nil)
  }

  @Test("The repository is that of --repo, else the contract's, else the one around")
  func repository() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder + "/.git", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/c.json"
    try #"[{"title":"one","repository":"/its/own"},{"title":"two"}]"#.write(
      toFile: file, atomically: true, encoding: .utf8)
    let place = folder + "/a/b"
    #expect(try Self.contracts(["--file", file], in: place).map(\.repository) == ["/its/own", folder])
    #expect(
      try Self.contracts(["--file", file, "--repo", "/named"], in: place).map(\.repository) == ["/named", "/named"])
  }

  @Test("A prompt alone gives its first line as the title")
  func promptAlone() throws {
    let contract = try #require(try Self.contracts(["--prompt", "Mend the fence.\nAll of it."]).first)
    #expect(contract.title == "Mend the fence.")
    #expect(contract.prompt == "Mend the fence.\nAll of it.")
  }

  @Test("Options of every command may stand before its name")
  func optionsBefore() throws {
    let command = try #require(
      try Flightdeck.parseAsRoot(["--state", "/s", "--connect", "unix:/x", "runs"]) as? RunsCommand)
    #expect(command.link.store.state == "/s")
    #expect(command.link.connection.connect == "unix:/x")
  }
}
