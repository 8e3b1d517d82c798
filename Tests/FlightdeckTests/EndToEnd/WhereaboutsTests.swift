import Foundation
import Glibc
import RunClient
import RunModel
import Synchronization
import TestSupport
import Testing

@testable import flightdeck

extension EndToEndTests {
  /// Which orchestrator it is, where it listens and by what it works, said by the real program.
  @Suite("Whereabouts") struct WhereaboutsTests {
    private let simulated = { (_: String) in "runtimes: [{id: sim, kind: simulated}]" }

    @Test("Who looks in the wrong place is told where the orchestrator of the store listens")
    func elsewhere() async throws {
      try await OrchestratorProcess.with(simulated, starts: false) { here in
        let none = try await here.run(["runs"])
        #expect(none.status == 3 && none.diagnostic.contains("Start one with flightdeck serve"))
        here.launch.withLock {
          $0.arguments = ["serve", "--listen", "http://127.0.0.1:0"]
        }
        try await here.start()
        let lost = try await here.run(["runs"])
        #expect(lost.status == 3 && lost.diagnostic.contains("listens at http://127.0.0.1:"), "\(lost.diagnostic)")
        #expect(!lost.diagnostic.contains("Start one"))
        let command = try #require(lost.diagnostic.firstRange(of: "--connect "))
        let address = lost.diagnostic[command.upperBound...].prefix { $0 != "," }
        #expect(try await here.run(["--connect", String(address), "runs"]).status == 0)
        await here.kill9()
        #expect(try await here.run(["runs"]).diagnostic.contains("Start one with flightdeck serve"))
      }
    }

    @Test("Where nobody answers, the way out is one for that address")
    func wayOut() {
      #expect("\(NoOrchestrator(address: .https(host: "big", port: 1)))".contains("on that machine"))
      #expect("\(NoOrchestrator(address: .http(host: "127.0.0.1", port: 1)))".contains("--listen http://127.0.0.1:1"))
      let broken = LinkBroken(address: .http(host: "127.0.0.1", port: 1), cause: "it closed the connection")
      #expect("\(broken)".contains("--connect https://127.0.0.1:1"))
    }

    @Test("stop ends the orchestrator of a store, and says so when there is none")
    func stop() async throws {
      try await OrchestratorProcess.with(simulated) { here in
        let stopped = try await here.run(["stop"])
        #expect(stopped.status == 0 && stopped.output.contains("has stopped"), "\(stopped.diagnostic)")
        #expect(try await here.run(["runs"]).status == 3)
        let again = try await here.run(["stop"])
        #expect(again.status == 0 && again.diagnostic.contains("No orchestrator works on the store"))
        try await here.start()
        #expect(try await here.run(["runs"]).status == 0)
      }
    }

    @Test("A token file that was named and cannot be read is named, with who named it")
    func tokenFile() async throws {
      try await OrchestratorProcess.with(simulated, listen: ["http://127.0.0.1:0"]) { here in
        let visitor = ["FLIGHTDECK_CONNECT": here.tcp, "FLIGHTDECK_TOKEN_FILE": here.folder + "/no.token"]
        let missing = try await here.run(["runs"], environment: visitor)
        #expect(missing.status == 1)
        #expect(missing.diagnostic.contains("FLIGHTDECK_TOKEN_FILE names \(here.folder)/no.token"))
        #expect(missing.diagnostic.contains("No such file") && missing.diagnostic.contains("token create"))
      }
    }

    @Test("The store's own token, which nobody named, is shown to this machine alone")
    func ownToken() throws {
      let folder = NSTemporaryDirectory() + "fdt-\(UInt32.random(in: 0 ... .max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // What is left in the temporary folder is the system's to sweep.
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data("fdt_secret\n".utf8).write(to: URL(fileURLWithPath: folder + "/token"))
      func token(_ address: ServerAddress, _ named: [String: String] = [:]) throws -> String? {
        let environment = named.merging(["FLIGHTDECK_STATE": folder, "HOME": folder]) { $1 }
        let paths = try Paths(environment: environment, userID: 7)
        return try Link.token(for: address, Link.TokenPlace(nil, paths, environment))
      }
      #expect(try token(.http(host: "127.0.0.1", port: 1)) == "fdt_secret")
      #expect(try token(.https(host: "localhost", port: 1)) == "fdt_secret")
      #expect(try token(.https(host: "10.99.2.2", port: 1)) == nil)
      #expect(try token(.https(host: "localhost.example.org", port: 1)) == nil)
      let named = ["FLIGHTDECK_TOKEN_FILE": folder + "/token"]
      #expect(try token(.https(host: "10.99.2.2", port: 1), named) == "fdt_secret")
    }

    @Test("doctor says by which configuration an orchestrator works, and judges its own when none was named")
    func configuration() async throws {
      try await OrchestratorProcess.with(simulated) { here in
        try here.write("other.yaml", "runtimes: [{id: other, kind: local, command: [/nowhere/agent]}]")
        let other = here.folder + "/other.yaml"
        let own = here.folder + "/config.yaml"
        func finding(_ findings: JSONValue, _ check: String) -> JSONValue? {
          findings.array?.first { $0["check"]?.string == check }
        }
        let wrong = try await here.json(["doctor", "--json", "--config", other], status: 1)
        let told = try #require(finding(wrong, "orchestrator"))
        #expect(told["status"] == "warning" && told["detail"]?.string?.contains("works by \(own)") == true)
        #expect(told["remedy"]?.string?.contains("--config '\(own)'") == true)
        let unnamed = try await here.run(["doctor", "--json"], environment: ["FLIGHTDECK_CONFIG": ""])
        let findings = try JSONValue(parsing: unnamed.output)
        #expect(finding(findings, "orchestrator")?["status"] == "ok", "\(unnamed.output)")
        #expect(finding(findings, "configuration")?["detail"]?.string == own)
        let drawn = try await here.run(["--once", "--config", other])
        #expect(drawn.status == 0 && drawn.diagnostic.contains("was started with \(own)"), "\(drawn.diagnostic)")
        #expect(try await here.run(["--once"]).diagnostic.isEmpty)
      }
    }

    @Test("A dashboard that had started the orchestrator does so again when it dies, and says so")
    func revival() async throws {
      try await OrchestratorProcess.with(simulated, starts: false) { here in
        let terminal = try PseudoTerminal([Program.path], rows: 24, columns: 80, environment: here.environment)
        try terminal.wait(forText: " live")
        let before = try await here.withClient { try await $0.health().pid }
        kill(pid_t(before), SIGKILL)
        try terminal.wait("the loss") { !terminal.text.contains(" live") }
        try terminal.wait(forText: " live")
        let after = try await here.withClient { try await $0.health().pid }
        #expect(after != before)
        terminal.send("Q")
        #expect(try terminal.waitExit() == .exited(0))
      }
    }

    @Test("One that somebody else had started is left to them")
    func othersOrchestrator() async throws {
      try await OrchestratorProcess.with(simulated) { here in
        let terminal = try PseudoTerminal([Program.path], rows: 24, columns: 80, environment: here.environment)
        try terminal.wait(forText: " live")
        await here.kill9()
        try terminal.wait("a loss longer than a dashboard waits") {
          terminal.text.contains("lost, 3 s old") || terminal.text.contains("lost, 4 s old")
        }
        #expect(!terminal.text.contains("starting it again"))
        #expect(try await here.run(["runs"]).status == 3)
      }
    }
  }
}
