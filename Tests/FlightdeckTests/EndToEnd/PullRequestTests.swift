import Foundation
import RunClient
import RunModel
import Synchronization
import Testing

extension EndToEndTests {
  @Suite("Pull requests") struct PullRequestTests {
    private static let agent = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Agents/acp-agent.py").path
    private static let configuration: @Sendable (String) -> String = { _ in
      """
      runtimes:
        - id: local
          kind: local
          command: [sh, -c, 'echo "$1" >> notes.txt; echo "All is done." > "$FLIGHTDECK_HANDOFF"', agent, "{prompt}"]
      """
    }

    /// Stands in for the operator's `gh`, beside a real remote behind the address that the repository names.
    private func prepare(_ here: OrchestratorProcess) async throws -> String {
      let repository = try await here.makeRepository()
      try here.write(
        "bin/gh",
        """
        #!/bin/sh
        case "$1 $2" in
          "auth status") exit 0 ;;
          "pr list") cat "$HOME/list" 2>/dev/null || echo '[]' ;;
          "pr create") for word; do [ "$before" = --body-file ] && cat "$word" > "$HOME/body"; before=$word; done; echo '[{"state":"OPEN","url":"https://github.com/acme/app/pull/9"}]' > "$HOME/list"
            echo https://github.com/acme/app/pull/9 ;;
        esac

        """)
      _ = try await here.shell(
        """
        chmod +x $HERE/bin/gh && git init -q --bare $HERE/remote.git
        git -C $HERE/repo remote add origin https://github.com/acme/app.git
        printf '[url "file://%s/remote.git"]\\n insteadOf = https://github.com/acme/app.git\\n' $HERE >> $HERE/.gitconfig
        """)
      return repository
    }

    private func variables(_ folder: String) -> [String: String] { ["PATH": "\(folder)/bin:/usr/bin:/bin"] }

    @Test(
      "A contract that needs one gets one when it has succeeded: in the run, the artifacts, the event and the audit trail"
    )
    func needed() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        let repository = try await prepare(here)
        here.launch.withLock { $0.environment = variables(here.folder) }
        try await here.start()
        let run = try await here.dispatch(
          "Add notes", "--prompt", "one", "--repo", repository, "--needs", "canCreatePR", "--verify",
          "test -s notes.txt")
        let ended = try await here.wait("the request", of: run) { $0.pullRequest != nil }
        #expect(ended.pullRequest?.url == "https://github.com/acme/app/pull/9" && ended.status == .succeeded)
        let branch = try #require(ended.branch)
        #expect(try await here.shell("git -C $HERE/remote.git rev-parse \(branch)") == ended.commit)
        let body = try here.read("body")
        #expect(body.hasPrefix("All is done.") && body.contains("- `test -s notes.txt`"))
        let artifacts = try await here.run(["artifacts", run.description, "--json"]).output
        #expect(artifacts.contains("\"pr_url\":\"https://github.com/acme/app/pull/9\""))
        #expect(try await here.run(["show", run.description]).output.contains("https://github.com/acme/app/pull/9"))
        let audit = try await here.run(["audit", "export", "--run", run.description]).output
        #expect(audit.contains("agent_run.pull_request_opened"))
        let again = try await here.run(["pr", run.description])
        #expect(again.status == 0 && again.output == "https://github.com/acme/app/pull/9\n")
      }
    }

    @Test("For the work of an agent that speaks ACP one is opened as for any other's")
    func overACP() async throws {
      let configuration: @Sendable (String) -> String = { _ in
        """
        runtimes:
          - {id: acp, kind: acp, command: [python3, -S, -E, "\(Self.agent)"]}
        """
      }
      try await OrchestratorProcess.with(configuration, starts: false) { here in
        let repository = try await prepare(here)
        here.launch.withLock { $0.environment = variables(here.folder) }
        try await here.start()
        let run = try await here.dispatch(
          "Add notes", "--prompt", "write:notes.txt", "--repo", repository, "--needs", "canCreatePR")
        let ended = try await here.wait("the request", of: run) { $0.pullRequest != nil }
        #expect(ended.pullRequest?.url == "https://github.com/acme/app/pull/9" && ended.status == .succeeded)
        let branch = try #require(ended.branch)
        #expect(try await here.shell("git -C $HERE/remote.git rev-parse \(branch)") == ended.commit)
      }
    }

    @Test(
      "A rejected push leaves the run succeeded with its commit, says why and what to do, and is tried again by hand")
    func rejected() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        let repository = try await prepare(here)
        _ = try await here.shell(
          """
          printf '#!/bin/sh\\necho "no pushes on Fridays"\\nexit 1\\n' > $HERE/remote.git/hooks/pre-receive
          chmod +x $HERE/remote.git/hooks/pre-receive
          """)
        here.launch.withLock { $0.environment = variables(here.folder) }
        try await here.start()
        let run = try await here.dispatch(
          "Add notes", "--prompt", "one", "--repo", repository, "--needs", "canCreatePR")
        let ended = try await here.wait("the refusal", of: run) { $0.pullRequest != nil }
        #expect(ended.status == .succeeded && ended.pullRequest?.url == nil)
        #expect(ended.pullRequest?.reason?.contains("no pushes on Fridays") == true)
        let commit = try #require(ended.commit)
        #expect(try await here.shell("git -C $HERE/repo cat-file -t \(commit)") == "commit")
        let shown = try await here.run(["show", run.description]).output
        #expect(shown.contains("no pushes on Fridays"))
        #expect(shown.contains("push origin \(commit):refs/heads/"))
        let refused = try await here.run(["pr", run.description])
        #expect(refused.status == 1 && refused.diagnostic.contains("no pushes on Fridays"))
        _ = try await here.shell("rm $HERE/remote.git/hooks/pre-receive")
        let opened = try await here.run(["pr", run.description, "--json"])
        #expect(opened.output.contains("\"url\":\"https://github.com/acme/app/pull/9\""))
        let now = try await here.wait("the request", of: run) { $0.pullRequest?.url != nil }
        #expect(now.pullRequest?.reason == nil && now.status == .succeeded)
      }
    }

    @Test("Where none could be opened the contract is refused with the reason, and others are taken")
    func refused() async throws {
      try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
        let repository = try await prepare(here)
        _ = try await here.shell("git -C $HERE/repo remote remove origin")
        here.launch.withLock { $0.environment = variables(here.folder) }
        try await here.start()
        let refused = try await here.run(
          ["dispatch", "A", "--prompt", "one", "--repo", repository, "--needs", "canCreatePR"])
        #expect(refused.status == 4)
        #expect(refused.diagnostic.contains("no pull request could be opened: \(repository) has no remote \"origin\""))
        let run = try await here.dispatch("B", "--prompt", "one", "--repo", repository, "--wait")
        let asked = try await here.run(["pr", run.description])
        #expect(asked.status == 1 && asked.diagnostic.contains("has no remote"))
      }
    }
  }
}
