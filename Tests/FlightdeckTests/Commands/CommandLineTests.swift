import Foundation
import RunModel
import Testing

@Suite("The command line as a process")
struct CommandLineTests {
  static func ending(
    _ arguments: [String], environment: [String: String] = [:], input: String = ""
  ) async throws -> Program.Ending {
    let program = Program()
    defer { program.remove() }
    return try await program.run(arguments, environment: environment, input: input)
  }

  @Test(
    "Usage errors exit 2 and say so on standard error alone",
    arguments: [
      ["runs", "--status", "bogus"], ["bogus"], ["cancel", "X"], ["cancel", "--reason", "r"], ["dispatch"],
      ["approve", "X"], ["approve", "X", "--why", " "], ["reject", "--why", "w"],
      ["dispatch", "t", "--file", "f"], ["dispatch", "t", "--needs", "flying"], ["dispatch", "t", "--priority", "0"],
      ["events", "--nope"], ["serve", "--listen", "nowhere"], ["runs", "--connect", "nowhere"], ["--screen", "runs"],
      ["answer", "X"], ["answer", "X", "--option", "a", "--text", "b"], ["artifacts", "X", "--files", "--diff"],
      ["--once", "--size", "0x0"], ["runs", "--limit", "0"], ["gc", "--older-than", "long"], ["backup"], ["restore"],
      ["service", "install", "--listen", "nowhere"],
    ])
  func usage(arguments: [String]) async throws {
    let ending = try await Self.ending(arguments)
    #expect(ending.status == 2)
    #expect(ending.output.isEmpty)
    #expect(!ending.diagnostic.isEmpty)
  }

  @Test(
    "Without an orchestrator every command but the bare one and demo exits 3 and says how to start one",
    arguments: [
      ["runs"], ["runs", "--watch"], ["show", "X"], ["artifacts", "X"], ["cancel", "X", "--reason", "r"],
      ["retry", "X"], ["answer", "X", "--text", "y"], ["events"], ["events", "--follow"], ["runtimes"],
      ["audit", "verify"], ["audit", "export"], ["dispatch", "t"], ["dispatch", "t", "--dry-run"], ["--once"],
      ["--connect", "http://127.0.0.1:1", "runs"], ["runs", "--json"], ["gc"], ["gc", "--dry-run", "--json"],
    ])
  func noOrchestrator(arguments: [String]) async throws {
    let ending = try await Self.ending(arguments)
    #expect(ending.status == 3)
    #expect(ending.output.isEmpty)
    #expect(ending.diagnostic.contains("Start one with flightdeck serve, or just flightdeck."))
  }

  @Test(
    "Help, version and completions are output and exit 0",
    arguments: [
      ["--help"], ["runs", "--help"], ["help", "cancel"], ["audit", "--help"], ["--version"],
      ["--generate-completion-script", "bash"], ["--generate-completion-script", "zsh"],
      ["--generate-completion-script", "fish"],
    ])
  func help(arguments: [String]) async throws {
    let ending = try await Self.ending(arguments)
    #expect(ending.status == 0)
    #expect(!ending.output.isEmpty)
    #expect(ending.diagnostic.isEmpty)
  }

  @Test("A mistyped command is named, with the one that was meant")
  func mistyped() async throws {
    #expect(try await Self.ending(["dispach", "x"]).diagnostic.contains("Did you mean \"dispatch\"?"))
  }

  @Test("runs --json prints one array with the listed keys, null when unknown, and nothing else")
  func runsJSON() async throws {
    let server = ScriptedServer { _, answer in answer.json("{\"runs\":[\(Samples.run().jsonText)],\"next\":null}") }
    let ending = try await Self.ending(["runs", "--json", "--connect", "unix:\(server.path)"])
    #expect(ending.status == 0)
    let runs = try #require(try JSONValue(parsing: ending.output).array)
    let keys = try #require(runs.first?.object?.keys)
    for key in [
      "runId", "contractId", "title", "status", "progress", "runtimeId", "runtimeSessionId", "attention", "createdAt",
      "startedAt", "endedAt", "filesChanged", "added", "removed", "testsPassed", "testsTotal", "verdict", "score",
    ] { #expect(keys.contains(key)) }
    #expect(runs.first?["score"] == .null)
    #expect(server.calls.first?.query("limit") == "200")
  }

  @Test("A table for people shows nothing that a terminal would obey")
  func tableIsSafe() async throws {
    let server = ScriptedServer { _, answer in
      answer.json("{\"runs\":[\(Samples.run { $0.title = "a\nb" }.jsonText)],\"next\":null}")
    }
    let ending = try await Self.ending(["runs"], environment: ["FLIGHTDECK_CONNECT": "unix:\(server.path)"])
    let lines = ending.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.last?.contains("◔ queued") == true)
    #expect(!ending.output.contains("\u{1B}"))
  }

  @Test("A limit past a page is filled page by page")
  func pages() async throws {
    let second = RunID("01J9Z3NDEKTSV4RRFFQ69G5FA0")!
    let server = ScriptedServer { call, answer in
      if call.query("before") == nil {
        answer.json("{\"runs\":[\(Samples.run().jsonText)],\"next\":\"\(Samples.id)\"}")
      } else {
        let run = Run(runId: second, contractId: Samples.contract, title: "older", createdAt: Samples.time)
        answer.json("{\"runs\":[\(run.jsonText)],\"next\":null}")
      }
    }
    let ending = try await Self.ending(["runs", "--json", "--limit", "5", "--connect", "unix:\(server.path)"])
    #expect(try JSONValue(parsing: ending.output).array?.count == 2)
    #expect(server.calls.last { $0.path == "/v1/runs" }?.query("before") == Samples.id.description)
  }

  @Test("Of several runs to cancel, one that is unknown keeps no other from it; exit 1")
  func cancelSeveral() async throws {
    let server = ScriptedServer { call, answer in
      if call.path.contains("NOPE") {
        answer.json(Problem(.notFound, "No run ends in NOPE.").jsonText, status: 404)
      } else {
        answer.json(
          Samples.run {
            $0.status = .canceled
            $0.proof = CancelProof(confirmedAt: Samples.time, processes: 2, killed: 1)
          }.jsonText)
      }
    }
    let ending = try await Self.ending(
      ["cancel", "NOPE", "5FAV", "--reason", "too slow", "--json", "--connect", "unix:\(server.path)"])
    #expect(ending.status == 1)
    #expect(ending.diagnostic.contains("No run ends in NOPE."))
    let list = try #require(try JSONValue(parsing: ending.output).array)
    #expect(list.count == 1)
    #expect(list.first?.object?.keys == ["runId", "status", "proof"])
    #expect(list.first?["proof"]?["killed"] == 1)
    #expect(server.calls.last?.body == "{\"reason\":\"too slow\",\"force\":false}")
  }

  @Test("What is refused exits 4", arguments: [Problem.Code.ineligible, .forbidden, .unauthorized])
  func refused(code: Problem.Code) async throws {
    let server = ScriptedServer { _, answer in
      answer.json(Problem(code, "Not this.").jsonText, status: code.httpStatus, type: "application/problem+json")
    }
    let ending = try await Self.ending(["dispatch", "t", "--connect", "unix:\(server.path)"])
    #expect(ending.status == 4)
    #expect(ending.diagnostic == "Not this.\n")
  }

  @Test(
    "dispatch --wait follows to the end, and exits by how the run ended", arguments: [RunStatus.succeeded, .failed])
  func wait(end: RunStatus) async throws {
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/runs":
        answer.json(
          "[{\"runId\":\"\(Samples.id)\",\"contractId\":\"\(Samples.contract)\",\"title\":\"t\",\"status\":\"queued\",\"decision\":{}}]",
          status: 201)
      case "/v1/snapshot": answer.json(Snapshot(seq: 1, runs: [Samples.run()], runtimes: []).jsonText)
      case "/healthz": answer.json("{\"seq\":1}")
      default:
        answer.stream()
        answer.send(": hello\n\n")
        answer.send(
          Samples.frame(
            RunEvent(
              seq: 2, type: end == .succeeded ? .succeeded : .failed, run: Samples.id, time: Samples.time,
              data: ["reason": "so it was"])))
        answer.waitForEnd()
      }
    }
    let ending = try await Self.ending(["dispatch", "t", "--wait", "--json", "--connect", "unix:\(server.path)"])
    #expect(ending.status == (end == .succeeded ? 0 : 1))
    #expect(try JSONValue(parsing: ending.output).array?.first?["status"]?.string == end.rawValue)
    #expect(ending.diagnostic.isEmpty)
  }

  @Test("events passes lines through byte for byte")
  func events() async throws {
    let lines = "{\"id\" : \"1\", \"x\":1.0}\n{\"id\":\"2\"}\n"
    let server = ScriptedServer { _, answer in answer.json(lines, type: "application/x-ndjson") }
    let ending = try await Self.ending(["events", "--json", "--connect", "unix:\(server.path)"])
    #expect(ending.output == lines)
    #expect(ending.status == 0)
  }

  @Test("audit verify names the first broken record of a file, and needs no orchestrator")
  func auditVerify() async throws {
    let whole =
      "{\"seq\":1,\"previous_hash\":null,\"event_hash\":\"ab\"}\n{\"seq\":2,\"previous_hash\":\"ab\",\"event_hash\":\"cd\"}\n"
    let good = try await Self.ending(["audit", "verify", "-", "--json"], input: whole)
    #expect(good.status == 0)
    #expect(try JSONValue(parsing: good.output)["lastHash"] == "cd")
    let bad = try await Self.ending(
      ["audit", "verify", "-"], input: whole.replacing("\"ab\",\"event", with: "\"xx\",\"event"))
    #expect(bad.status == 1)
    #expect(bad.output.contains("Record 2 is broken"))
  }

  @Test("A reader that goes away ends it quietly")
  func closedPipe() async throws {
    let line = String(repeating: "{\"x\":1}", count: 200) + "\n"
    let server = ScriptedServer { _, answer in
      answer.json(String(repeating: line, count: 2000), type: "application/x-ndjson")
    }
    let program = Program()
    defer { program.remove() }
    let script =
      "{ \"$0\" events --connect 'unix:\(server.path)'; echo $? >'\(program.folder)/rc'; } | head -1 >/dev/null"
    let ending = try await program.run(["-c", script, Program.path], program: "/bin/sh")
    #expect(try String(contentsOfFile: program.folder + "/rc", encoding: .utf8) == "0\n")
    #expect(ending.diagnostic.isEmpty)
  }

  @Test("themes lists those built in, shows one, and check names each bad key of a folder's files; exit 1")
  func themes() async throws {
    let list = try await Self.ending(["themes", "--json"])
    #expect(try JSONValue(parsing: list.output).array?.contains { $0["slug"] == "flightdeck-dark" } == true)
    let shown = try await Self.ending(["themes", "show", "flightdeck-dark"])
    #expect(shown.status == 0)
    #expect(shown.output.contains("palette:"))
    #expect(try await Self.ending(["themes", "show", "flightdeck-drak"]).diagnostic.contains("flightdeck-dark"))
    let program = Program()
    defer { program.remove() }
    let folder = program.folder + "/t"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try shown.output.write(toFile: folder + "/a.yaml", atomically: true, encoding: .utf8)
    #expect(try await program.run(["themes", "check", folder]).status == 0)
    try (shown.output + "\nplaette: x\n").write(toFile: folder + "/b.yaml", atomically: true, encoding: .utf8)
    let check = try await program.run(["themes", "check", folder])
    #expect(check.status == 1)
    #expect(check.output.contains("plaette"))
  }

  @Test("doctor prints the places, and exits 1 when a runtime's command is missing")
  func doctor() async throws {
    let program = Program()
    defer { program.remove() }
    let file = program.folder + "/c.yaml"
    try "runtimes: [{id: mine, kind: local, command: [no-such-agent]}]".write(
      toFile: file, atomically: true, encoding: .utf8)
    let ending = try await program.run(["doctor", "--json", "--config", file])
    #expect(ending.status == 1)
    let findings = try #require(try JSONValue(parsing: ending.output).array)
    #expect(findings.contains { $0["check"] == "runtime mine" && $0["status"] == "error" })
    #expect(
      findings.contains { $0["detail"]?.string?.contains(program.folder + "/flightdeck/flightdeck.sock") ?? false })
  }

  @Test("A file in the place of the store, and one that is no backup, are told as what they are, with exit 1")
  func wrongFiles() async throws {
    let program = Program()
    defer { program.remove() }
    let file = program.folder + "/junk"
    try String(repeating: "junk", count: 10_000).write(toFile: file, atomically: true, encoding: .utf8)
    let serve = try await program.run(["serve", "--state", file])
    #expect(serve.status == 1 && serve.diagnostic.contains("is not a folder"), "\(serve.diagnostic)")
    let restore = try await program.run(["restore", file, "--state", program.folder + "/s"])
    #expect(restore.status == 1 && restore.diagnostic.contains("is not a backup"), "\(restore.diagnostic)")
    #expect(!restore.diagnostic.contains("restore it from"))
  }

  @Test("The program's usage names the configuration, and it may stand before the command's name")
  func configurationFirst() async throws {
    let help = try await Self.ending(["--help"])
    #expect(help.status == 0 && help.output.contains("--config"))
    let doctor = try await Self.ending(["--config", "/nowhere/c.yaml", "doctor", "--json"])
    #expect(doctor.output.contains("/nowhere/c.yaml"))
  }
}
