import Foundation
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Local work") struct LocalWorkTests {
    /// Edits, renames, deletes, makes executable, adds text and binary; half of it committed, half not.
    private static let worker = """
      set -e
      echo '{"awf":"progress","progress":0.25,"message":"editing"}'
      printf 'one\\n2\\nthree\\nfour\\n' > a.txt
      git mv b.txt "c d.txt"; git rm -q d.txt; git commit -qm 'Rename and remove'
      chmod +x run.sh
      printf 'brand new\\nno end' > untracked.txt
      printf '\\000\\001\\377\\n' > image.bin
      echo '{"awf":"tool","name":"edit","target":"a.txt","summary":"+2 -1"}'
      echo "told: $1"
      echo '{"awf":"progress","progress":0.75}'
      printf '# Done\\n\\nAll of it, as asked.\\n' > "$FLIGHTDECK_HANDOFF"
      """

    private static func configuration(_ folder: String) -> String {
      "runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh, \"{prompt}\"]}]"
    }

    @Test("Work dispatched by command line is done, verified, and its diff is the branch exactly")
    func dispatch() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        try here.write("bin/agent.sh", Self.worker)
        let repository = try await here.makeRepository()
        let before = try await here.shell("git -C $HERE/repo status --porcelain; git -C $HERE/repo rev-parse HEAD")
        let outcome = try await here.json([
          "dispatch", "Change a few things", "--prompt", "with {braces} and 'quotes'", "--repo", repository, "--verify",
          "grep -q 'brand new' untracked.txt", "--verify", "test -x run.sh", "--wait", "--json",
        ])
        let first = try #require(outcome.array?.first?.object)
        #expect(first.keys == ["runId", "contractId", "title", "status", "runtimeId", "decision"])
        #expect(first["status"] == "succeeded")
        #expect(first["runtimeId"] == "local")
        let run = try #require(first["runId"]?.string)
        #expect(
          try await here.shell("git -C $HERE/repo status --porcelain; git -C $HERE/repo rev-parse HEAD") == before)

        try await Self.checkFacts(here, run)
        try await Self.checkArtifacts(here, run)
        try await Self.checkWork(here, run, repository)
      }
    }

    /// What `runs` and `show` say.
    private static func checkFacts(_ here: OrchestratorProcess, _ run: String) async throws {
      let listed = try #require(try await here.json(["runs", "--json"]).array?.first?.object)
      let listedKeys = [
        "runId", "contractId", "title", "status", "progress", "runtimeId", "runtimeSessionId", "attention",
        "createdAt", "startedAt", "endedAt", "filesChanged", "added", "removed", "testsPassed", "testsTotal",
        "verdict", "score",
      ]
      #expect(Set(listedKeys).isSubset(of: listed.keys))
      #expect(listed["progress"]?.double == 1)
      #expect(listed["verdict"] == "pass" && listed["score"]?["tier"] == "HIGH" && listed["attention"] == .null)
      #expect(listed["testsPassed"] == 2 && listed["testsTotal"] == 2)
      #expect(listed["filesChanged"] == 6, "a rename is one file")
      let shown = try await here.json(["show", String(run.suffix(6)), "--json"])
      #expect(shown["runId"]?.string == run)
      #expect(shown["contract"]?["prompt"] == "with {braces} and 'quotes'")
      #expect(shown["branch"]?.string?.hasPrefix("awf/change-a-few-things-") == true)
      #expect(shown["decision"]?["runtimeId"] == "local")
      let text = try await here.run(["show", run]).output
      for part in ["Change a few things", "succeeded", "Merge it with", "git "] { #expect(text.contains(part)) }
      let output = try await here.run(["events", "--run", run, "--type", "output"]).output
      #expect(output.contains("told: with {braces} and 'quotes'"))
      let types = Set(
        try await here.run(["events", "--run", run]).output.split(separator: "\n").map {
          try JSONValue(parsing: String($0))["type"]?.string ?? ""
        })
      for type in ["queued", "started", "progress", "tool", "output", "artifacts", "succeeded"] {
        #expect(types.contains("awf.run.\(type)"))
      }
    }

    /// Exactly the contract's names.
    private static func checkArtifacts(_ here: OrchestratorProcess, _ run: String) async throws {
      let artifacts = try await here.json(["artifacts", run, "--json"])
      let keys = Set(artifacts.object?.keys ?? []).subtracting(["evidence"])
      #expect(keys == ["files_changed", "diff_summary", "commands_run", "tests_run", "handoff_note"])
      let files = Set(artifacts["files_changed"]?.array?.compactMap(\.string) ?? [])
      #expect(files == ["a.txt", "b.txt", "c d.txt", "d.txt", "image.bin", "run.sh", "untracked.txt"])
      #expect(artifacts["handoff_note"]?.string?.contains("All of it, as asked.") == true)
      #expect(artifacts["diff_summary"]?.string?.contains("untracked.txt") == true)
      let commands = artifacts["commands_run"]?.array?.compactMap(\.string) ?? []
      #expect(commands.contains { $0.contains("test -x run.sh") })
      let tests = try #require(artifacts["tests_run"]?.array)
      #expect(tests.count == 2)
      for test in tests {
        #expect(test["status"] == "passed")
        #expect(test["duration_ms"]?.int != nil && test["exit_code"] == 0)
      }
      let handoff = try await here.run(["artifacts", run, "--handoff"])
      #expect(handoff.output.contains("All of it, as asked."))
      let listed = try await here.run(["artifacts", run, "--files"]).output.split(separator: "\n").map(String.init)
      #expect(Set(listed) == files)
    }

    /// The patch on a fresh clone, and the merge that `show` names, both give the branch's own tree.
    private static func checkWork(_ here: OrchestratorProcess, _ run: String, _ repository: String) async throws {
      let shown = try await here.json(["show", run, "--json"])
      let commit = try #require(shown["commit"]?.string)
      let branch = try #require(shown["branch"]?.string)
      let tree = try await here.shell("git -C $HERE/repo rev-parse '\(commit)^{tree}'")
      #expect(try await here.shell("git -C $HERE/repo rev-parse '\(branch)^{tree}'") == tree)
      let patched = try await here.shell(
        """
        '\(Program.path)' artifacts \(run) --diff > $HERE/work.patch
        git clone -q $HERE/repo $HERE/clone; cd $HERE/clone; git apply --index $HERE/work.patch; git write-tree
        """)
      #expect(patched == tree)
      let merge = try #require(shown["mergeCommand"]?.string)
      try await here.shell("cd \(repository); \(merge)")
      #expect(try await here.shell("git -C $HERE/repo rev-parse 'HEAD^{tree}'") == tree)
    }

    @Test("A verify command that fails makes the run failed and dispatch --wait exit 1, and the work is kept")
    func verifyFails() async throws {
      try await OrchestratorProcess.with(Self.configuration) { here in
        try here.write("bin/agent.sh", "echo work > made.txt")
        let repository = try await here.makeRepository()
        let outcome = try await here.json(
          ["dispatch", "Half of it", "--repo", repository, "--verify", "test -f missing.txt", "--wait", "--json"],
          status: 1)
        let run = try #require(outcome.array?.first?["runId"]?.string)
        let shown = try await here.json(["show", run, "--json"])
        #expect(shown["status"] == "failed")
        #expect(shown["reason"]?.string?.contains("test -f missing.txt") == true)
        let branch = try #require(shown["branch"]?.string)
        #expect(try await here.shell("git -C $HERE/repo show '\(branch):made.txt'") == "work")
      }
    }

    @Test("An agent that asks is answered by command line, and by nothing that it did not offer")
    func attention() async throws {
      let configuration = { (folder: String) in
        "runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], stdin: answers}]"
      }
      try await OrchestratorProcess.with(configuration) { here in
        try here.write(
          "bin/agent.sh",
          """
          echo '{"awf":"attention","question":"Drop the table?","options":["yes","no"]}'
          read -r answer
          printf '%s' "$answer" > answer.json
          """)
        let run = try await here.dispatch("Ask first", "--repo", try await here.makeRepository())
        _ = try await here.wait("the question", of: run) { $0.needsAttention }
        let listed = try await here.json(["runs", "--json"]).array?.first
        #expect(listed?["attention"]?["question"] == "Drop the table?")
        #expect(listed?["attention"]?["options"] == ["yes", "no"])
        let wrong = try await here.run(["answer", run.description, "--option", "maybe"])
        #expect(wrong.status != 0)
        #expect(wrong.diagnostic.contains("yes, no"))
        #expect(try await here.run(["answer", run.description, "--option", "no"]).status == 0)
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded)
        #expect(ended.attention == nil)
        let branch = try #require(ended.branch)
        let heard = try JSONValue(parsing: try await here.shell("git -C $HERE/repo show '\(branch):answer.json'"))
        #expect(heard["answer"] == "no")
        #expect(try await here.run(["answer", run.description, "--text", "late"]).status == 1)
      }
    }
  }
}
