import Foundation
import RunModel
import Testing

extension EndToEndTests {
  /// With the scripted agent of Tests/Agents, which does what its prompt says.
  @Suite("A session of the Agent Client Protocol outlives the orchestrator") struct ACPRestartTests {
    private static let agent = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Agents/acp-agent.py").path

    private static let configuration: @Sendable (String) -> String = { folder in
      """
      runtimes:
        - {id: acp, kind: acp, command: [python3, -S, -E, "\(agent)"], env: {ACP_LOG: "\(folder)/told"}, startSeconds: 50}
      """
    }

    private func lines(_ here: OrchestratorProcess, _ run: RunID) async throws -> [String] {
      try await here.eventLines().compactMap { line -> String? in
        let event = try JSONValue(parsing: Array(line))
        guard event["type"]?.string == "awf.run.output", event["subject"]?.string == run.description else { return nil }
        return event["data"]?["text"]?.string
      }
    }

    /// What the agent was told of this method.
    private func told(_ here: OrchestratorProcess, _ method: String) throws -> Int {
      try here.read("told").split(separator: "\n").count { $0.contains("\"method\":\"\(method)\"") }
    }

    @Test("Killed with -9 while a permission waits: it still waits, is answered, and nothing is said twice")
    func permission() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let run = try await here.dispatch(
          "Ask", "--prompt", "say:one ask say:two read:a.txt write:made.txt", "--repo",
          try await here.makeRepository())
        _ = try await here.wait("the question", of: run) { $0.needsAttention }
        await here.kill9()
        try await here.start()
        let waiting = try await here.wait("the question", of: run) { $0.needsAttention }
        #expect(waiting.attention?.detail?.command == "rm -rf build")
        #expect(waiting.attention?.options.first == "Allow once")
        #expect(try await here.run(["answer", run.description, "--option", "Allow once"]).status == 0)
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded, "\(ended.reason ?? "")")
        let lines = try await lines(here, run)
        #expect(lines.prefix(3) == ["one", "answer: yes", "two"] && lines.count == 4)
        #expect(try told(here, "initialize") == 1 && told(here, "session/prompt") == 1)
        let branch = try #require(ended.branch)
        #expect(try await here.shell("git -C $HERE/repo show '\(branch):made.txt'") == "made by the agent")
      }
    }

    @Test("Killed with -9 in mid-turn: what the agent asks for meanwhile is done by the next, once")
    func turn() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let run = try await here.dispatch(
          "Work", "--prompt", "say:one sleep:1 put:by-us.txt term:echo_once_>>_count.txt say:two", "--repo",
          try await here.makeRepository())
        // Not there until it is told the first thing.
        while (try? told(here, "session/prompt")) != 1 { try await Task.sleep(for: .milliseconds(20)) }
        await here.kill9()
        // It goes on, and asks nobody.
        let log = try await here.shell("find $HERE -path '*/runs/\(run)/output'")
        while !(try String(contentsOfFile: log, encoding: .utf8)).contains("fs/write_text_file") {
          try await Task.sleep(for: .milliseconds(20))
        }
        try await here.start()
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded, "\(ended.reason ?? "")")
        let lines = try await lines(here, run)
        #expect(lines.count == 5 && lines.first == "one" && lines.last == "two" && lines[1] == "put: {}")
        #expect(try told(here, "initialize") == 1 && told(here, "session/prompt") == 1)
        let branch = try #require(ended.branch)
        #expect(try await here.shell("git -C $HERE/repo show '\(branch):count.txt'") == "once")
        #expect(try await here.shell("git -C $HERE/repo show '\(branch):by-us.txt'") == "put")
      }
    }

    @Test("A rule of the configuration answers a permission, and what it does not cover is put to a person")
    func policy() async throws {
      let configuration = { (folder: String) in
        """
        runtimes:
          - id: acp
            kind: acp
            command: [python3, -S, -E, "\(Self.agent)"]
            env: {ACP_LOG: "\(folder)/told"}
            permissions: [{allow: [execute]}, {reject: [edit], paths: ["secret/**"]}]
        """
      }
      try await OrchestratorProcess.with(configuration) { here in
        let run = try await here.dispatch(
          "Ask", "--prompt", "ask permit:secret/x permit:open.txt", "--repo", try await here.makeRepository())
        let waiting = try await here.wait("the last question", of: run) { $0.attention?.attentionId == "p3" }
        #expect(waiting.attention?.detail?.paths == ["open.txt"])
        #expect(waiting.attention?.detail?.diff?.contains("+permitted") == true)
        #expect(try await lines(here, run) == ["answer: yes"])
        #expect(try await here.run(["answer", run.description, "--option", "Allow once"]).status == 0)
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded, "\(ended.reason ?? "")")
        let branch = try #require(ended.branch)
        #expect(try await here.shell("git -C $HERE/repo show '\(branch):open.txt'") == "permitted")
      }
    }
  }
}
