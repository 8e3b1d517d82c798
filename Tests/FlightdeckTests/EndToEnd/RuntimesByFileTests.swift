import Foundation
import RunModel
import Testing

@testable import flightdeck

@Suite("Runtimes by file, with the real program")
struct RuntimesByFileTests {
  @Test("A runtime is added, checked and removed without an orchestrator, and the file is a person's all the while")
  func commands() async throws {
    let here = Program()
    defer { here.remove() }
    let file = "\(here.folder)/config/flightdeck/config.yaml"
    let environment = ["XDG_CONFIG_HOME": "\(here.folder)/config"]
    func run(_ arguments: String...) async throws -> Program.Ending {
      try await here.run(["runtimes"] + arguments, environment: environment)
    }
    let dry = try await run("add", "mine", "--dry-run", "--", "sh", "-c", "true {prompt}")
    #expect(dry.status == 0 && dry.output.contains("command: [sh, -c, \"true {prompt}\"]"))
    #expect(!FileManager.default.fileExists(atPath: file))

    let added = try await run(
      "add", "mine", "--set", "maxParallelTasks=2", "--set", "env.KEY={env: MY_KEY}", "--", "sh", "-c", "true {prompt}")
    #expect(added.status == 0 && added.diagnostic.contains("simulated and local"), "\(added.diagnostic)")
    var text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("env: {KEY: {env: MY_KEY}}") && text.contains("- id: simulated"))
    #expect(try await run("add", "mine", "--", "sh").status == 1)

    // Its secret is not there.
    let unset = try await run("check", "mine")
    #expect(unset.status == 1 && unset.output.contains("MY_KEY"), "\(unset.output)")
    let set = try await here.run(
      ["runtimes", "check", "--json"], environment: environment.merging(["MY_KEY": "s3cret"]) { $1 })
    #expect(set.status == 0 && !set.output.contains("s3cret"), "\(set.output)\(set.diagnostic)")
    let checked = try JSONValue(parsing: set.output).array ?? []
    #expect(checked.map { $0["runtimeId"]?.string } == ["simulated", "local", "mine"])
    #expect(checked.allSatisfy { $0["ok"]?.bool == true })
    #expect(checked.last?["check"]?["agent"]?.string?.hasSuffix("/sh") == true)

    _ = try await run("add", "gone", "--command", "no-such-agent '{prompt}'")
    let gone = try await run("check")
    #expect(gone.status == 1 && gone.output.contains("no-such-agent is not in PATH"), "\(gone.output)")
    #expect(try await run("remove", "gon").status == 1)
    #expect(try await run("remove", "gone").status == 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    text = try String(contentsOfFile: file, encoding: .utf8)
    let misspelt = try await run("add", "other", "--", "sh", "{promt}")
    #expect(misspelt.status == 1 && misspelt.diagnostic.contains("Did you mean {prompt}?"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test("A program that is there and may not be executed is named with the way out")
  func notExecutable() async throws {
    let here = Program()
    defer { here.remove() }
    let agent = "\(here.folder)/agent"
    try "#!/bin/sh\n".write(toFile: agent, atomically: true, encoding: .utf8)
    let config = "\(here.folder)/c.yaml"
    try "runtimes: [{id: a, kind: local, command: [\(agent)]}]".write(toFile: config, atomically: true, encoding: .utf8)
    let found = try await here.run(["runtimes", "check", "--config", config])
    #expect(found.status == 1 && found.output.contains("chmod +x '\(agent)'"), "\(found.output)")
  }

  private static func configuration(_ runtimes: String) -> String { "mouse: true\nruntimes:\n\(runtimes)" }

  private static func runtimes(_ here: OrchestratorProcess) async throws -> [String: JSONValue] {
    let all = try await here.json(["runtimes", "--json"]).array ?? []
    return Dictionary(all.map { ($0["runtimeId"]?.string ?? "", $0) }) { $1 }
  }

  /// Asks until it is so; the tests' patience ends it otherwise.
  private static func wait(
    _ here: OrchestratorProcess, _ what: String, _ condition: ([String: JSONValue]) -> Bool
  ) async throws {
    for _ in 0..<400 {
      if condition(try await runtimes(here)) { return }
    }
    throw Problem(.internal, "never so: \(what): \(try await runtimes(here))")
  }

  @Test("A running orchestrator takes over what is added, changed and removed; a bad file changes nothing and is said")
  func reload() async throws {
    let first = "  - {id: a, kind: simulated, maxParallelTasks: 2}\n"
    try await OrchestratorProcess.with({ _ in Self.configuration(first) }) { here in
      try here.write(
        "config.yaml",
        Self.configuration("  - {id: a, kind: simulated, maxParallelTasks: 3}\n  - {id: b, kind: simulated}\n"))
      try await Self.wait(here, "b is there and a changed") {
        $0["b"] != nil && $0["a"]?["capabilities"]?["maxParallelTasks"]?.int == 3
      }
      let run = try #require(try await here.json(["dispatch", "x", "--runtime", "b", "--json"]).array?.first)
      #expect(run["runtimeId"]?.string == "b" || run["decision"]?["runtimeId"]?.string == "b")

      try here.write("config.yaml", Self.configuration("  - {id: a, kind: simulatd}\n"))
      here.signal(SIGHUP)
      var doctor = ""
      for _ in 0..<200 where !doctor.contains("works by an earlier configuration") {
        doctor = try await here.run(["doctor"]).output
      }
      #expect(doctor.contains("Did you mean \"simulated\"?"), "\(doctor)")
      #expect(try await Self.runtimes(here).keys.sorted() == ["a", "b"])

      // Emptied, as by an editor that saves in two steps: nothing goes.
      try here.write("config.yaml", "\n")
      here.signal(SIGHUP)
      for _ in 0..<200 where !doctor.contains("The file is empty") { doctor = try await here.run(["doctor"]).output }
      #expect(doctor.contains("The file is empty, so what it said before stays"), "\(doctor)")
      #expect(try await Self.runtimes(here).keys.sorted() == ["a", "b"])

      // As a person does it while it works.
      try here.write("config.yaml", Self.configuration(first + "  - {id: b, kind: simulated}\n"))
      let remove = try await here.run(["runtimes", "remove", "b", "--yes"])
      #expect(remove.status == 0, "\(remove.diagnostic)")
      try await Self.wait(here, "b is gone") { $0["b"] == nil || $0["b"]?["health"]?.string == "lost" }
      // Added again, it has the counts that it had.
      let ended = try await Self.runtimes(here)["a"]?["succeeded"]?.int ?? 0
      try here.write("config.yaml", Self.configuration(first + "  - {id: b, kind: simulated}\n"))
      try await Self.wait(here, "b is there again with its run") { all in
        let counts = ["succeeded", "failed"].compactMap { all["b"]?[$0]?.int }
        return counts.reduce(0, +) == 1 && all["a"]?["succeeded"]?.int == ended
      }
      let events = try await here.run(["events"]).output.split(separator: "\n").map {
        try JSONValue(parsing: String($0))
      }
      let types = events.compactMap { $0["type"]?.string }
      #expect(types.contains("awf.configuration.rejected") && types.contains("awf.configuration.applied"))
      let lost = events.first { $0["type"]?.string == "awf.runtime.lost" }
      #expect(lost?["data"]?["reason"]?.string?.hasPrefix("it was removed from ") == true)
      #expect(try await here.run(["audit", "verify"]).status == 0)
    }
  }

  @Test(
    "Work for a runtime whose program is gone waits with the reason, which dispatch says, and starts once it is there")
  func waitsForItsProgram() async throws {
    try await OrchestratorProcess.with(
      { folder in
        "runtimes: [{id: a, kind: local, command: [\(folder)/agent, \"{title}\"], env: {TOKEN: {file: token}}}]"
      }, files: ["token": "s3cret-of-mine\n"]
    ) { here in
      try await here.shell("git init -q \"$HERE/repo\" && cd \"$HERE/repo\" && git commit -q --allow-empty -m first")
      let sent = try await here.run(["dispatch", "x", "--repo", "\(here.folder)/repo", "--runtime", "a"])
      #expect(sent.status == 0)
      #expect(
        sent.diagnostic.contains("waits for a to be healthy again (") && sent.diagnostic.contains("is no program"),
        "\(sent.diagnostic)")
      let matrix = try await Self.runtimes(here)["a"]
      #expect(matrix?["breaker"]?["state"]?.string == "open" && matrix?["breaker"]?["retryAt"]?.string != nil)
      try here.write("agent", "#!/bin/sh\necho token ${#TOKEN}\n")
      try await here.shell("chmod +x \"$HERE/agent\"")
      try await Self.wait(here, "it has run") { $0["a"]?["succeeded"]?.int == 1 }
      let output = try await here.run(["events"]).output
      #expect(output.contains("token 14") && !output.contains("s3cret-of-mine"))
    }
  }
}
