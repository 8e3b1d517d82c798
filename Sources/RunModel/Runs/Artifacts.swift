/// One entry of `tests_run`.
package struct TestRecord: Sendable, Equatable {
  package enum Status: String, Sendable { case passed, failed, skipped, error }

  package var name: String
  package var status: Status
  package var durationMilliseconds: Int64
  package var exitCode: Int?
  package var output: String?

  package init(name: String, status: Status, durationMilliseconds: Int64, exitCode: Int? = nil, output: String? = nil) {
    self.name = name
    self.status = status
    self.durationMilliseconds = durationMilliseconds
    self.exitCode = exitCode
    self.output = output
  }
}

/// What `getArtifacts(runId)` answers; the JSON has exactly the contract's names, in snake case.
package struct Artifacts: Sendable, Equatable {
  /// Paths relative to the worktree's top; a rename lists both.
  package var filesChanged: [String]
  /// A diffstat, as `git diff --stat` prints it.
  package var diffSummary: String
  package var commandsRun: [String]
  package var testsRun: [TestRecord]
  package var handoffNote: String
  package var prURL: String?
  package var evidence: JSONValue?

  package init(
    filesChanged: [String] = [], diffSummary: String = "", commandsRun: [String] = [], testsRun: [TestRecord] = [],
    handoffNote: String = "", prURL: String? = nil, evidence: JSONValue? = nil
  ) {
    self.filesChanged = filesChanged
    self.diffSummary = diffSummary
    self.commandsRun = commandsRun
    self.testsRun = testsRun
    self.handoffNote = handoffNote
    self.prURL = prURL
    self.evidence = evidence
  }
}

extension TestRecord: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("status", status.rawValue)
      json.member("duration_ms", durationMilliseconds)
      if let exitCode { json.member("exit_code", exitCode) }
      if let output { json.member("output", output) }
    }
  }

  /// Nil without a name and a known status.
  package init?(json: JSONValue) {
    guard let name = json["name"]?.string, let status = json["status"]?.string.flatMap(Status.init) else { return nil }
    self.init(
      name: name, status: status, durationMilliseconds: json["duration_ms"]?.int ?? 0,
      exitCode: json["exit_code"]?.int.map(Int.init), output: json["output"]?.string)
  }
}

extension Artifacts {
  /// The note is what was printed last, as the agent left none. Told in the evidence: `{"handoff": "output"}`.
  package var noteIsOutput: Bool { evidence?["handoff"]?.string == "output" }

  /// Whether the agent left a note.
  package var hasNote: Bool { !noteIsOutput && !handoffNote.allSatisfy(\.isWhitespace) }

  package static let noteIsOutput: JSONValue = ["handoff": "output"]
}

extension Artifacts: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("files_changed", filesChanged)
      json.member("diff_summary", diffSummary)
      json.member("commands_run", commandsRun)
      json.member("tests_run", testsRun)
      json.member("handoff_note", handoffNote)
      if let prURL { json.member("pr_url", prURL) }
      if let evidence { json.member("evidence", evidence) }
    }
  }

  package init(json: JSONValue) {
    self.init(
      filesChanged: json["files_changed"]?.array?.compactMap(\.string) ?? [],
      diffSummary: json["diff_summary"]?.string ?? "",
      commandsRun: json["commands_run"]?.array?.compactMap(\.string) ?? [],
      testsRun: json["tests_run"]?.array?.compactMap(TestRecord.init(json:)) ?? [],
      handoffNote: json["handoff_note"]?.string ?? "", prURL: json["pr_url"]?.string, evidence: json["evidence"])
  }
}
