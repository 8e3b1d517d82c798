import RunModel
import Testing

@Suite struct ArtifactsTests {
  @Test("The members are exactly those of getArtifacts")
  func keys() throws {
    let empty = Artifacts()
    #expect(
      empty.jsonText
        == #"{"files_changed":[],"diff_summary":"","commands_run":[],"tests_run":[],"handoff_note":""}"#)
    #expect(try Artifacts(json: JSONValue(parsing: empty.jsonBytes)) == empty)
  }

  @Test("Everything reads back")
  func roundTrip() throws {
    let artifacts = Artifacts(
      filesChanged: ["a b.swift", "ü"], diffSummary: " a | 2 +-\n", commandsRun: ["make"],
      testsRun: [
        TestRecord(name: "t", status: .passed, durationMilliseconds: 5),
        TestRecord(name: "u", status: .error, durationMilliseconds: 0, exitCode: 3, output: "no"),
      ], handoffNote: "note", prURL: "https://example.org/1", evidence: ["free": [1]])
    let json = try JSONValue(parsing: artifacts.jsonBytes)
    #expect(
      json.object?.keys == [
        "files_changed", "diff_summary", "commands_run", "tests_run", "handoff_note", "pr_url", "evidence",
      ])
    #expect(json["tests_run"]?.array?[0].object?.keys == ["name", "status", "duration_ms"])
    #expect(json["tests_run"]?.array?[1].object?.keys == ["name", "status", "duration_ms", "exit_code", "output"])
    #expect(Artifacts(json: json) == artifacts)
  }

  @Test("A test record without a name or with an unknown status is none")
  func testRecords() {
    #expect(TestRecord(json: ["status": "passed"]) == nil)
    #expect(TestRecord(json: ["name": "t", "status": "maybe"]) == nil)
  }
}
