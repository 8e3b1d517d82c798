import FoundationEssentials
import Glibc
import RunModel

/// What an operator keeps an eye on.
extension Examination {
  /// How large the store is, and when it was last backed up.
  func record(_ paths: Paths, now: Timestamp) -> [Finding] {
    let store = paths.state + "/flightdeck.sqlite"
    guard let size = Self.size(store) else { return [] }
    let log = Self.size(store + "-wal") ?? 0
    var findings = [
      Finding("record", .fine, "\(ByteCount.text(size)) in \(store), \(ByteCount.text(log)) in its log")
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
    return findings
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
    return Finding("log", .fine, "\(path), \(files.count) files, \(ByteCount.text(size)) of at most \(bound)")
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
        "\(runs) left work and the store does not know of it: an older backup was restored",
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
