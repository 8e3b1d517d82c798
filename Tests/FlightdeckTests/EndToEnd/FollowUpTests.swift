import Foundation
import RunClient
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Follow-ups") struct FollowUpTests {
    private static let configuration: @Sendable (String) -> String = { _ in
      """
      runtimes:
        - id: local
          kind: local
          command: [sh, -c, 'echo "$1" >> notes.txt', agent, "{prompt}"]
      """
    }

    @Test("A follow-up goes on with the branch: its diff is its own, and nothing that lay in the worktree is lost")
    func goesOn() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        let repository = try await here.makeRepository()
        let first = try await here.dispatch("First", "--prompt", "one", "--repo", repository, "--wait")
        let old = try await here.wait("the first", of: first) { $0.status == .succeeded }
        let worktree = try #require(old.worktree)
        let branch = try #require(old.branch)
        try "a stray note\n".write(toFile: worktree + "/mine.txt", atomically: true, encoding: .utf8)
        let outcome = try await here.withClient { client in
          try await client.followUp(first.description, prompt: "two")
        }
        let second = try #require(outcome.runId)
        let new = try await here.wait("the follow-up", of: second) { $0.status == .succeeded }
        #expect(new.branch == branch && new.worktree == worktree)

        func git(_ words: String) async throws -> String { try await here.shell("git -C $HERE/repo \(words)") }
        #expect(try await git("show \(branch):notes.txt") == "one\ntwo")
        #expect(try await git("rev-parse \(branch)~1").hasPrefix(try #require(old.commit)))
        #expect(try await git("show refs/flightdeck/left/\(second):mine.txt") == "a stray note")
        let diff = try await here.run(["artifacts", second.description, "--diff"]).output
        #expect(diff.contains("\n+two\n") && !diff.contains("+one") && !diff.contains("mine.txt"))
      }
    }
  }
}
