import RunModel

/// Live runs that change the same files.
extension Orchestrator {
  func watch(_ run: RunID, changing paths: [String]) {
    guard let repository = repositoryName(of: run) else { return }
    tellConflicts(of: radar.update(run, in: repository, paths: paths))
  }

  func forgetConflicts(of run: RunID) { tellConflicts(of: radar.remove(run)) }

  /// The operator's checkout; a simulation changes the files of none, so its own are kept apart.
  private func repositoryName(of run: RunID) -> String? {
    guard let entry = live[run], let path = entry.workspace?.repository ?? entry.contract.repository else { return nil }
    return entry.runtime.map { pool.isSimulated($0) } == true ? "simulated:\(path)" : path
  }

  private func tellConflicts(of runs: Set<RunID>) {
    for run in runs.sorted() {
      let finding = radar.finding(of: run)
      guard let entry = live[run], entry.conflicts != finding else { continue }
      live[run]?.conflicts = finding
      noteConflicts(finding, of: run)
    }
  }

  func noteConflicts(_ finding: ConflictRadar.Finding, of run: RunID) {
    let conflicts = finding.conflicts.map { conflict -> JSONValue in
      ["run": .string(conflict.run.description), "path": .string(conflict.path)]
    }
    journal.note(
      JournalEntry([
        RunEvent(
          type: .conflict, run: run, time: environment.now(),
          data: ["conflicts": .array(conflicts), "files": .int(Int64(finding.files))])
      ]))
  }
}
