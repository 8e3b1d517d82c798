import Foundation
import RunClient
import RunModel
import TestSupport
import Testing

extension EndToEndTests {
  /// Who comes in over TCP, by the real program.
  @Suite("Access") struct AccessTests {
    private let simulated = { (_: String) in
      """
      runtimes: [{id: sim, kind: simulated, medianSeconds: 0.2, maxSeconds: 0.4, failureRate: 0, attentionRate: 0}]
      """
    }

    /// Makes a token and gives the variables that a command needs to come in by it.
    private func visitor(
      _ name: String, _ role: String, _ here: OrchestratorProcess, _ more: String...
    ) async throws -> [String: String] {
      let made = try await here.run(["token", "create", name, "--role", role] + more)
      guard made.status == 0 else { throw OrchestratorProcess.Failure(description: made.diagnostic) }
      let secret = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(secret.hasPrefix("fdt_") && !made.diagnostic.contains(secret))
      try here.write("\(name).token", made.output)
      return [
        "FLIGHTDECK_CONNECT": here.tcp, "FLIGHTDECK_TOKEN_FILE": "\(here.folder)/\(name).token",
        "FLIGHTDECK_CA_FILE": "\(here.folder)/ca.pem",
      ]
    }

    @Test("A token is made, listed, used as far as its role goes, and revoked; every refusal is on the trail")
    func tokens() async throws {
      try await OrchestratorProcess.with(simulated, listen: ["http://127.0.0.1:0"]) { here in
        let bob = try await visitor("bob", "operator", here, "--expires", "1d")
        let eve = try await visitor("eve", "viewer", here)
        #expect(try await here.run(["token", "create", "bob", "--role", "admin"]).status == 1)
        #expect(try await here.run(["token", "create", "x", "--role", "emperor"]).status == 2)
        let listed = try await here.json(["token", "list", "--json"])
        #expect(listed.array?.compactMap { $0["name"]?.string } == ["admin", "bob", "eve"])
        #expect(listed.array?[1]["expiresAt"]?.string != nil && listed.array?[1]["status"] == "active")
        #expect(!listed.jsonText.contains("fdt_"))
        #expect(try await here.run(["runs"], environment: eve).status == 0)
        let refused = try await here.run(["dispatch", "x"], environment: eve)
        #expect(refused.status == 4 && refused.diagnostic.contains("--role operator"))
        #expect(try await here.run(["dispatch", "Work"], environment: bob).status == 0)
        let code = try await here.run(["dispatch", "x", "--verify", "true"], environment: bob)
        #expect(code.status == 4 && code.diagnostic.contains("Unix socket"))
        #expect(try await here.run(["token", "list"], environment: bob).status == 4)
        // The file in the state folder is an admin's.
        let admin = ["FLIGHTDECK_CONNECT": here.tcp]
        #expect(try await here.run(["token", "list"], environment: admin).status == 0)
        let revoked = try await here.run(["token", "revoke", "bob"], environment: admin)
        #expect(revoked.status == 0 && revoked.output.contains("bob"))
        let late = try await here.run(["runs"], environment: bob)
        #expect(late.status == 4 && late.diagnostic.contains("was revoked"))
        await here.kill9()
        try await here.start()
        let still = try await here.run(["runs"], environment: bob.merging(["FLIGHTDECK_CONNECT": here.tcp]) { $1 })
        #expect(still.status == 4 && still.diagnostic.contains("was revoked"))
        #expect(try await here.run(["audit", "verify"]).status == 0)
        let trail = try await here.run(["audit", "export"])
        let kinds = try trail.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
          .filter { $0["event_type"] == "access.refused" }.compactMap { $0["event_data"]?["kind"]?.string }
        #expect(Set(kinds) == ["forbidden", "token-ended"])
        #expect(trail.output.contains("access_token.created") && trail.output.contains("access_token.revoked"))
      }
    }

    @Test("On a shared server nobody approves what they asked for, and critical work takes two people")
    func approval() async throws {
      try await OrchestratorProcess.with(simulated, listen: ["http://127.0.0.1:0"]) { here in
        let ada = try await visitor("ada", "approver", here)
        let bob = try await visitor("bob", "approver", here)
        try here.write("c.json", #"{"title":"Drop the table","risk":"critical"}"#)
        let made = try await here.run(["dispatch", "--file", "\(here.folder)/c.json", "--json"], environment: ada)
        let run = try #require(try JSONValue(parsing: made.output).array?.first?["runId"]?.string)
        let own = try await here.run(["approve", run, "--why", "mine"], environment: ada)
        #expect(own.status == 4 && own.diagnostic.contains("approvals.ownRequests"))
        #expect(try await here.run(["approve", run, "--why", "fine"], environment: bob).status == 0)
        #expect(try await here.run(["approve", run, "--why", "fine again"], environment: bob).status == 4)
        #expect(try await here.run(["approve", run, "--why", "fine too"]).status == 0)
        let id = try #require(RunID(run))
        let ended = try await here.wait("the end", of: id) { $0.status == .succeeded }
        #expect(ended.approval?.requestedBy == "ada" && ended.approval?.given.first?.by == "bob")
      }
    }

    @Test("Over TLS with the operator's own authority, by environment and by configuration")
    func tls() async throws {
      let folder = NSTemporaryDirectory() + "fdc-\(UInt32.random(in: 0 ... .max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // What is left in the temporary folder is the system's to sweep.
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let made = try Certificates(in: folder)
      let configuration = { (_: String) in
        """
        runtimes: [{id: sim, kind: simulated, medianSeconds: 0.2, maxSeconds: 0.4}]
        tls: {certificate: \(made.path("server.pem")), key: \(made.path("server.key")), clientCA: \(made.path("ca.pem"))}
        """
      }
      try await OrchestratorProcess.with(configuration, listen: ["https://0.0.0.0:0"]) { here in
        let port = try #require(here.tcp.split(separator: ":").last)
        let address = "https://localhost:\(port)"
        let identity = [
          "FLIGHTDECK_CLIENT_CERTIFICATE": made.path("client.pem"), "FLIGHTDECK_CLIENT_KEY": made.path("client.key"),
        ]
        let bare = try await here.run(["runs", "--connect", address])
        #expect(bare.status == 4 && bare.diagnostic.contains("FLIGHTDECK_CA_FILE"), "\(bare.diagnostic)")
        let trusting = ["FLIGHTDECK_CA_FILE": made.path("ca.pem")]
        let without = try await here.run(["runs", "--connect", address], environment: trusting)
        #expect(
          without.status == 4 && without.diagnostic.contains("FLIGHTDECK_CLIENT_CERTIFICATE"), "\(without.diagnostic)")
        let whole = try await here.run(
          ["runs", "--connect", address], environment: trusting.merging(identity) { $1 })
        #expect(whole.status == 0, "\(whole.diagnostic)")
        try here.write(
          "client.yaml",
          """
          orchestrators: [{name: there, address: "\(address)", ca: \(made.path("ca.pem")),
            certificate: \(made.path("client.pem")), key: \(made.path("client.key"))}]
          """)
        let configured = try await here.run(
          ["runs", "--connect", address], environment: ["FLIGHTDECK_CONFIG": "\(here.folder)/client.yaml"])
        #expect(configured.status == 0, "\(configured.diagnostic)")
        let doctor = try await here.run(["doctor"])
        #expect(doctor.output.contains("listens") && doctor.output.contains("(TLS, with a token)"))
        #expect(doctor.output.contains("clients must show one too"))
      }
    }

    @Test("A secret is in no log, event, record or argument, and our own are in no agent's environment")
    func secrets() async throws {
      let planted = "PLANTED-\(UInt64.random(in: 0 ... .max))"
      let configuration = { (folder: String) in
        """
        runtimes:
          - {id: local, kind: local, command: [sh, -c, "env > \(folder)/agent.env; echo done"], env: {OTHER: "\(planted)-env"}}
        """
      }
      let variables = [
        "FLIGHTDECK_LOG": "debug", "FLIGHTDECK_TOKEN": "\(planted)-variable",
        "FLIGHTDECK_TOKEN_FILE": "/nowhere/\(planted)-file",
      ]
      try await OrchestratorProcess.with(configuration, listen: ["http://127.0.0.1:0"], variables: variables) { here in
        let bob = try await visitor("bob", "operator", here)
        let secret = try here.read("bob.token").trimmingCharacters(in: .whitespacesAndNewlines)
        let repository = try await here.makeRepository()
        let made = try await here.run(["dispatch", "Work", "--repo", repository, "--json"], environment: bob)
        let run = try #require(try JSONValue(parsing: made.output).array?.first?["runId"]?.string.flatMap { RunID($0) })
        _ = try await here.wait("the end", of: run) { $0.status.isTerminal }
        // A wrong token, and secrets where nobody should have put them.
        try here.write("wrong.token", "\(planted)-wrong")
        let wrong = bob.merging(["FLIGHTDECK_TOKEN_FILE": "\(here.folder)/wrong.token"]) { $1 }
        #expect(try await here.run(["runs"], environment: wrong).status == 4)
        let quoted = try await here.run(["token", "revoke", secret])
        #expect(quoted.status == 2 && !quoted.diagnostic.contains(secret))
        let address = try await here.run(["runs", "--connect", "http://me:\(planted)-password@127.0.0.1:1"])
        #expect(address.status == 2 && !address.diagnostic.contains(planted))
        try await here.shell(
          """
          command -v curl > $HERE/curl || exit 0
          for path in '/v1/runs?token=\(planted)-query' '/v1/runs/\(planted)-path' '/\(planted)-nowhere'; do
            curl -s -o $HERE/answer -H 'Authorization: Bearer \(planted)-header' "\(here.tcp)$path"
            curl -s -o $HERE/answer --unix-socket $HERE/s/flightdeck.sock "http://localhost$path"
          done
          """)
        let admin = try String(contentsOfFile: here.state + "/token", encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)
        let arguments = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
          .compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }
        let running = String(decoding: arguments.flatMap { $0 + [10] }, as: UTF8.self)
        here.signal(SIGTERM)
        await here.waitExit()
        // All that is written, but for the client's own copy of the token, and for the run's folder, whose environment holds
        // what the configuration gives to agents.
        var written = ["standard error": Data(here.log.utf8)]
        for name in try FileManager.default.subpathsOfDirectory(atPath: here.state)
        where name != "token" && !name.hasPrefix("runs/") && !name.hasPrefix("worktrees/") {
          written[name] = FileManager.default.contents(atPath: "\(here.state)/\(name)")
        }
        for secret in [admin, secret, planted] {
          #expect(!running.contains(secret))
          for (name, bytes) in written { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
        }
        #expect(written.keys.contains("flightdeck.sqlite"))
        #expect(
          written.values.contains { $0.range(of: Data("GET /v1/runs".utf8)) != nil },
          "The log says too little to prove anything.")
        let agent = try here.read("agent.env")
        #expect(agent.contains("OTHER=\(planted)-env"))
        #expect(!agent.contains("\(planted)-variable") && !agent.contains("\(planted)-file"))
        #expect(!agent.contains("FLIGHTDECK_TOKEN"))
      }
    }
  }
}
