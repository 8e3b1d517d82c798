import Foundation
import RunClient
import RunModel
import Testing

extension EndToEndTests {
  @Suite("Answers and messages") struct AnswerTests {
    private static func attention(_ id: String, _ tool: String, _ more: String) -> String {
      """
      {"attention": "May I?", "attentionId": "\(id)", "kind": "permission", "tool": "\(tool)", \(more),
       "options": ["Yes", "No"], "choices": ["allow_once", "reject_once"]}
      """
    }

    private static let script = """
      {"runs": [{"steps": [
        {"plan": [{"text": "look", "status": "completed"}, {"text": "change", "status": "in_progress"}]},
        \(attention("p1", "read", #""paths": ["src/a"]"#)),
        \(attention("p2", "edit", #""paths": ["src/a"], "diff": "@@ -1 +1 @@\\n-old line\\n+new line\\n""#)),
        \(attention("p3", "edit", #""paths": ["src/b"]"#)),
        \(attention("p4", "execute", #""command": "make install""#)),
        {"attention": "Which colour?", "attentionId": "q5", "options": ["green", "grey"]},
        {"end": "succeeded", "exitCode": 0}]}]}
      """

    private let configuration = { (folder: String) in
      "runtimes: [{id: played, kind: mock, script: \(folder)/play.json, permissions: [{allow: [read]}, {reject: fetch}]}]"
    }

    @Test(
      "A question is shown with what it is about, and answered by word, number or once and for all; rules answer theirs"
    )
    func answers() async throws {
      try await OrchestratorProcess.with(configuration, files: ["play.json": Self.script]) { here in
        let run = try await here.dispatch("Ask a lot")
        func waiting(for id: String) async throws -> Run {
          try await here.wait(id, of: run) { $0.attention?.attentionId == id }
        }
        // The first was the rule's.
        #expect(try await waiting(for: "p2").plan == [PlanEntry("look", .completed), PlanEntry("change", .inProgress)])
        let sheet = try await here.run(["show", run.description]).output
        for text in [
          "May I?", "tool     edit", "in       src/a", "+new line", "1  Yes  (allow once)", "Plan (1 of 2 done)",
        ] {
          #expect(sheet.contains(text), "\(text) in \(sheet)")
        }
        #expect(sheet.contains("--option allow | always | reject"))
        let wrong = try await here.run(["answer", run.description, "--option", "perhaps"])
        #expect(wrong.status == 1 && wrong.diagnostic.contains("Yes (allow), No (reject); or their numbers"))
        let listed = try await here.json(["runs", "--json"]).array?.first?["attention"]
        #expect(listed?["tool"] == "edit" && listed?["paths"] == ["src/a"] && listed?["choices"]?.array?.count == 2)
        let always = try await here.run(["answer", run.description, "--option", "always"])
        #expect(always.output.contains("remembered for this run: allow edit in the worktree"))
        // The third is what has been remembered, also for an orchestrator that comes after.
        _ = try await waiting(for: "p4")
        #expect(try await here.run(["answer", run.description, "--option", "reject"]).status == 0)
        _ = try await waiting(for: "q5")
        let unclear = try await here.run(["answer", run.description, "--option", "gr"])
        #expect(unclear.status == 1 && unclear.diagnostic.contains("could be several options"))
        #expect(try await here.run(["answer", run.description, "--option", "2"]).status == 0)
        _ = try await here.wait("the end", of: run) { $0.status == .succeeded }
        let trail = try await here.run(["audit", "export", "--run", run.description]).output
        let answers = try trail.split(separator: "\n").map { try JSONValue(parsing: String($0)) }.compactMap {
          AuditRecord(json: $0)
        }.filter { $0.eventType == "agent_run.answered" }
        #expect(answers.map { $0.eventData["answer"] } == ["Yes", "Yes", "Yes", "No", "grey"])
        #expect(answers.map(\.actorType) == ["routine", "human", "routine", "human", "human"])
        #expect(answers[2].eventData["rule"]?["rememberedFrom"]?.string == answers[1].actorId)
        #expect(try await here.run(["audit", "verify"]).status == 0)
      }
    }

    @Test("What is asked, planned and remembered outlives the orchestrator, and the agent gets its answers")
    func restart() async throws {
      let configuration = { (folder: String) in
        "runtimes: [{id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], stdin: answers}]"
      }
      try await OrchestratorProcess.with(configuration) { here in
        try here.write(
          "bin/agent.sh",
          #"""
          ask() {
            printf '{"awf":"attention","question":"May I?","options":["Yes","No"],"kind":"permission","tool":"edit",'
            printf '"paths":["%s"],"diff":"@@ -1 +1 @@\\n-a\\n+b\\n","choices":["allow_once","reject_once"]}\n' "$1"
            read -r answer
            printf '%s\n' "$answer" >> answers.txt
          }
          echo '{"awf":"plan","entries":[{"text":"look","status":"completed"},{"text":"edit","status":"in_progress"}]}'
          ask src/a
          ask src/b
          """#)
        let run = try await here.dispatch("Ask twice", "--repo", try await here.makeRepository())
        _ = try await here.wait("the question", of: run) { $0.needsAttention }
        await here.kill9()
        try await here.start()
        let asked = try await here.wait("the question again", of: run) { $0.needsAttention }
        #expect(asked.attention?.detail?.diff == "@@ -1 +1 @@\n-a\n+b\n" && asked.attention?.detail?.paths == ["src/a"])
        #expect(asked.plan == [PlanEntry("look", .completed), PlanEntry("edit", .inProgress)] && asked.progress == 0.5)
        #expect(try await here.run(["answer", run.description, "--option", "always"]).status == 0)
        let ended = try await here.wait("the end", of: run) { $0.status.isTerminal }
        #expect(ended.status == .succeeded && ended.remembered.map(\.words) == ["allow edit in the worktree"])
        let branch = try #require(ended.branch)
        let heard = try await here.shell("git -C $HERE/repo show '\(branch):answers.txt'")
        let answers = try heard.split(separator: "\n").map { try JSONValue(parsing: String($0))["answer"] }
        #expect(answers == ["Yes", "Yes"])
      }
    }

    @Test("A message that no session takes says what to do, from standard input too")
    func message() async throws {
      try await OrchestratorProcess.with(configuration, files: ["play.json": Self.script]) { here in
        let run = try await here.dispatch("Ask a lot")
        _ = try await here.wait("the start", of: run) { $0.status == .running }
        let refused = try await here.run(["message", run.description, "Mind the tests"])
        #expect(refused.status == 1 && refused.diagnostic.contains("takes no messages while its agents work"))
        #expect(refused.diagnostic.contains("flightdeck message \(run.shortName) --follow-up"))
        #expect(try await here.run(["message", run.description, " "]).status == 2)
        let live = try await here.run(["message", run.description, "--follow-up", "Go on"])
        #expect(live.status == 1 && live.diagnostic.contains("is still running"))
      }
    }
  }
}
