import FoundationEssentials
import Glibc
import RunModel
import RuntimeAdapters
import SQLiteStore

/// What an operator keeps an eye on.
extension Examination {
  /// Whether the store can be used (`complaint`: why not), how large it is, when it was last backed up and what is kept of
  /// others.
  func record(_ paths: Paths, _ complaint: Problem?, now: Timestamp) -> [Finding] {
    let store = paths.state + "/flightdeck.sqlite"
    guard let size = Self.size(store) else { return [] }
    let log = Self.size(store + "-wal") ?? 0
    var findings = [
      complaint.map { Finding("record", .wrong, $0.detail) }
        ?? Finding("record", .fine, "\(ByteCount.text(size)) in \(store), \(ByteCount.text(log)) in its log")
    ]
    let command = "flightdeck backup FILE"
    if let note = BackupNote(in: paths.state) {
      let age = now - note.time
      let isThere = Self.size(note.path) != nil
      findings.append(
        Finding(
          "backup", isThere && age < .seconds(30 * 86_400) ? .fine : .doubtful,
          "\(note.path), \(note.time.day)\(isThere ? "" : ", which is not there any more"), events to \(note.seq)",
          remedy: isThere && age < .seconds(30 * 86_400) ? nil : command))
    } else {
      findings.append(Finding("backup", .fine, "none was made here yet: \(command)"))
    }
    let copies = StoreBackup.keptCopies(in: paths.state)
    if !copies.isEmpty {
      let names = copies.map { "\($0.path), \(ByteCount.text($0.bytes))" }
      let all = ByteCount.text(copies.reduce(0) { $0 + $1.bytes })
      findings.append(
        Finding(
          "kept copies", .fine,
          "\(copies.count == 1 ? "1 older store" : "\(copies.count) older stores"), \(all), kept by restores and upgrades:\n"
            + names.joined(separator: "\n"),
          remedy: "Nothing but flightdeck restore reads them; remove what you do not want back"))
    }
    return findings
  }

  /// Agents that work while the store knows nothing of their runs: an older backup was restored.
  func unknownAgents(_ paths: Paths) -> [Finding] {
    let store = "\(paths.state)/\(StoreBackup.name)"
    // What cannot be read was told of as the record.
    guard Self.size(store) != nil, let known = try? StoreBackup.runs(in: store) else { return [] }
    return LiveSupervisors.processes(in: paths.state).filter { !known.contains($0.run) }.map { agent in
      Finding(
        "agent", .doubtful,
        "one of run \(agent.run.shortName) works, and the store does not know of it: an older backup was restored",
        remedy: agent.process.map { "To end it with all that it has started: kill \($0); its work stays" })
    }
  }

  /// Where the orchestrator writes down what it does.
  func log(_ paths: Paths, _ settings: LogSettings) -> Finding {
    let path = paths.logFile(settings)
    let files = RotatingFile.files(of: path)
    let size = files.reduce(0) { $0 + (Self.size($1) ?? 0) }
    let bound = ByteCount.text(Int64(settings.maxSize) * Int64(settings.keep + 1))
    var place = path
    while access(place, F_OK) != 0, place != "/" { place = Paths.parent(of: place) }
    guard access(place, W_OK) == 0 else {
      return Finding(
        "log", .wrong, "\(path) cannot be written: \(String(cString: strerror(errno)))",
        remedy: "Choose another with log: {file: PATH} in the configuration")
    }
    return Finding(
      "log", .fine,
      "\(path), \(files.count == 1 ? "1 file" : "\(files.count) files"), \(ByteCount.text(size)) of at most \(bound)")
  }

  /// The systemd unit, where there is a user manager; nil where there is none.
  func service() -> Finding? {
    guard surroundings.variable("XDG_RUNTIME_DIR").map({ access($0 + "/systemd", F_OK) == 0 }) ?? false else {
      return nil
    }
    let answer = Tool.run(["systemctl", "--user", "show", ServiceUnit.name, "--property=LoadState,ActiveState"])
    guard answer.status == 0 else { return nil }
    let facts = answer.output.split(separator: "\n")
    guard facts.contains("LoadState=loaded") else {
      return Finding("service", .fine, "no unit; to start with your session: flightdeck service install --now")
    }
    let state = facts.first { $0.hasPrefix("ActiveState=") }?.dropFirst(12) ?? "unknown"
    return Finding(
      "service", state == "failed" ? .wrong : .fine, "\(ServiceUnit.name) is \(state)",
      remedy: state == "failed" ? "journalctl --user -u flightdeck -e" : nil)
  }

  /// What old runs have left.
  static func remains(_ report: CollectionReport) -> Finding {
    let size = ByteCount.text(report.bytes)
    let isMuch = report.bytes > 1 << 30
    if report.unknownRuns > 0 {
      let runs = report.unknownRuns == 1 ? "1 run has" : "\(report.unknownRuns) runs have"
      return Finding(
        "old runs", .doubtful,
        "\(runs) left work and the store does not know of \(report.unknownRuns == 1 ? "it" : "them"): an older backup was restored",
        remedy: "flightdeck gc --dry-run")
    }
    return Finding(
      "old runs", isMuch ? .doubtful : .fine,
      report.items.isEmpty
        ? "nothing to remove\(report.kept.isEmpty ? "" : "; what is kept, and why: flightdeck gc --dry-run")"
        : "\(size) of what they left could go",
      remedy: report.items.isEmpty ? nil : "flightdeck gc --dry-run")
  }

  private static func size(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }
}
