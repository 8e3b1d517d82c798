import Orchestration
import RunModel
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct AssessmentsTests {
  private func report(_ rig: Rig, _ run: RunID) {
    rig.runtime.emit(run, .progress(0.5, message: nil))
    rig.runtime.emit(run, .output(stream: .stdout, text: "hello", dropped: 0))
    rig.runtime.emit(run, .tool(.init(name: "edit")))
  }

  @Test("A run is judged at its end: on the run, in its last event, and whole in its detail and evidence")
  func judged() async throws {
    try await Rig.with { rig in
      rig.runtime.setWorkspace(Workspace(path: "/nowhere"))
      rig.runtime.setArtifacts(Artifacts(filesChanged: ["src/a"], handoffNote: "done"))
      let run = try await rig.dispatch {
        $0.acceptanceCriteria = [.init(id: "AC-1", text: "works"), .init(id: "AC-2", text: "is fast")]
        $0.verify = ["make test # AC-1", "bench"]
        $0.metadata = ["criteria": ["AC-2": "bench"]]
      }
      try await rig.wait(for: .started, of: run)
      report(rig, run)
      rig.runtime.end(run, .succeeded)
      let end = try #require(try await rig.wait(for: .succeeded, of: run).last)
      #expect(end.data["verdict"] == "pass" && end.data["score"]?["total"] == 100)
      let ended = try await rig.run(run)
      #expect(ended.verdict == .pass && ended.score?.tier == .high)
      let detail = try await rig.orchestrator.detail(of: run)
      #expect(detail.criteria.map(\.proof) == [.proven, .proven])
      #expect(detail.criteria.map(\.evidence?.name) == ["make test # AC-1", "bench"])
      let evidence = try await rig.orchestrator.artifacts(of: run).evidence
      #expect(evidence?["assessment"]?["verdict"] == "pass")
      #expect(try RunDetail(parsing: detail.jsonBytes).assessment == detail.assessment)
    }
  }

  @Test("What was printed last is no handoff note")
  func outputAsNote() async throws {
    try await Rig.with { rig in
      rig.runtime.setWorkspace(Workspace(path: "/nowhere"))
      rig.runtime.setArtifacts(
        Artifacts(filesChanged: ["src/a"], handoffNote: "bye", evidence: Artifacts.noteIsOutput))
      let run = try await rig.dispatch { $0.verify = ["make test"] }
      try await rig.wait(for: .started, of: run)
      report(rig, run)
      rig.runtime.end(run, .succeeded)
      try await rig.wait(for: .succeeded, of: run)
      #expect(try await rig.run(run).score?.d2 == 10)
      let artifacts = try await rig.orchestrator.artifacts(of: run)
      #expect(artifacts.noteIsOutput && artifacts.handoffNote == "bye")
    }
  }

  @Test("What the agent says of its own tests proves nothing, and failing twice alike is known")
  func recurrence() async throws {
    try await Rig.with(verifier: ScriptedVerifier(["make": 1])) { rig in
      rig.runtime.setWorkspace(Workspace(path: "/nowhere"))
      rig.runtime.setArtifacts(
        Artifacts(
          filesChanged: ["a"], testsRun: [.init(name: "AC-1", status: .passed, durationMilliseconds: 1)],
          handoffNote: "note"))
      let first = try await rig.dispatch {
        $0.acceptanceCriteria = [.init(id: "AC-1", text: "works")]
        $0.verify = ["make"]
      }
      try await rig.wait(for: .started, of: first)
      rig.runtime.end(first, .succeeded)
      try await rig.wait(for: .failed, of: first)
      let once = try await rig.run(first)
      #expect(once.verdict == .fail && once.score?.d1 == 10 && once.score?.d2 == 18 && once.score?.d4 == 25)
      #expect(try await rig.orchestrator.detail(of: first).criteria.map(\.proof) == [.unproven])
      let second = try #require(try await rig.orchestrator.retry(first, by: rig.human).runId)
      try await rig.wait(for: .started, of: second)
      rig.runtime.end(second, .succeeded)
      try await rig.wait(for: .failed, of: second)
      #expect(try await rig.run(second).score?.d4 == 0)
    }
  }

  @Test("A canceled run is not judged, and one that never started could not be")
  func notJudged() async throws {
    try await Rig.with { rig in
      let canceled = try await rig.dispatch()
      try await rig.wait(for: .started, of: canceled)
      _ = try await rig.orchestrator.cancel(canceled, reason: "r", force: false, by: rig.human)
      rig.runtime.end(canceled, .canceled)
      try await rig.wait(for: .canceled, of: canceled)
      let unjudged = try await rig.run(canceled)
      #expect(unjudged.verdict == nil && unjudged.score == nil)
      rig.runtime.failStarts(with: Problem(.conflict, "no repository"))
      let refused = try await rig.dispatch()
      try await rig.wait(for: .failed, of: refused)
      let blocked = try await rig.run(refused)
      #expect(blocked.verdict == .blocked && blocked.score == nil)
    }
  }

  @Test("Live runs of one repository that change the same file are named to each other, until one ends")
  func conflicts() async throws {
    try await Rig.with { rig in
      let a = try await rig.dispatch { $0.repository = "/repo" }
      let b = try await rig.dispatch { $0.repository = "/repo" }
      let elsewhere = try await rig.dispatch { $0.repository = "/other" }
      for run in [a, b, elsewhere] { try await rig.wait(for: .started, of: run) }
      rig.runtime.emit(elsewhere, .changes(files: 1, added: 1, removed: 0, paths: ["x"]))
      rig.runtime.emit(a, .changes(files: 1, added: 1, removed: 0, paths: ["x", "y"]))
      rig.runtime.emit(b, .changes(files: 1, added: 1, removed: 0, paths: ["x"]))
      try await rig.wait(for: .conflict, of: b)
      #expect(try await rig.run(a).conflicts == [Conflict(run: b, path: "x")])
      #expect(try await rig.run(b).conflicts == [Conflict(run: a, path: "x")])
      #expect(try await rig.run(elsewhere).conflicts.isEmpty)
      rig.runtime.end(b, .succeeded)
      try await rig.wait(for: .succeeded, of: b)
      for run in [a, b] { #expect(try await rig.run(run).conflicts.isEmpty) }
    }
  }

  @Test("A run that a restart finds in conflict is in none until the worktrees have been looked at again")
  func conflictsAfterRestart() async throws {
    let store = InMemoryRunStore()
    var runs: [RunID] = []
    try await Rig.with(store: store) { rig in
      for _ in 0..<2 { runs.append(try await rig.dispatch { $0.repository = "/repo" }) }
      for run in runs {
        try await rig.wait(for: .started, of: run)
        rig.runtime.emit(run, .changes(files: 1, added: 1, removed: 0, paths: ["x"]))
      }
      try await rig.wait(for: .conflict, of: runs[1])
    }
    try await Rig.with(store: store) { rig in
      for run in runs { rig.runtime.emit(run, .changes(files: 1, added: 1, removed: 0, paths: ["x"])) }
      rig.runtime.end(runs[0], .succeeded)
      try await rig.wait(for: .succeeded, of: runs[0])
      #expect(try await rig.run(runs[1]).conflicts.isEmpty)
    }
  }

  @Test("A contract that waits for another and then for a slot says so")
  func waits() async throws {
    try await Rig.with(runtime: ScriptedRuntime(slots: 1)) { rig in
      let first = try await rig.dispatch { $0.externalRef = "GH-1" }
      try await rig.wait(for: .started, of: first)
      let third = try await rig.dispatch { $0.priority = 900 }
      let second = try await rig.dispatch { $0.dependsOn = ["GH-1"] }
      #expect(try await rig.run(second).waits.contains(.dependency("GH-1")))
      rig.runtime.end(first, .succeeded)
      try await rig.wait(for: .waiting, of: second)
      #expect(try await rig.run(second).waits == [.slot("scripted")])
      try await rig.wait(for: .started, of: third)
    }
  }
}
