import ArgumentParser
import FoundationEssentials
import Glibc
import HTTPAPI
import Orchestration
import RunModel
import RuntimeAdapters
import SQLiteStore

/// The store that a backup is of.
struct BackupOptions: ParsableArguments {
  @OptionGroup var output: JSONOption
  @OptionGroup var store: StoreOption

  func places(_ file: String) throws -> (paths: Paths, file: String) {
    let paths = try Paths(environment: ProcessInfo.processInfo.environment, state: store.state)
    return (paths, Paths.absolute(file, in: FileManager.default.currentDirectoryPath))
  }
}

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the store into one file, while the orchestrator works or not.",
    discussion: """
      The copy is as of one moment, holds everything (runs, events, artifacts, diffs, audit trail, tokens as hashes), and \
      is checked whole before it gets its name: SQLite's own check, the events without a gap, the audit chain. Worktrees \
      and branches are not in it: they are in your repositories and in the state folder.

      Examples:
        flightdeck backup ~/backups/flightdeck-$(date +%F).sqlite
        flightdeck backup --force /mnt/flightdeck.sqlite --json

      Back again: flightdeck restore FILE
      """)

  @Argument(help: "The file to make; only you may read it.", completion: .file())
  var file: String
  @OptionGroup var backup: BackupOptions
  @Flag(help: "Replace what is there.")
  var force = false

  func run() async throws {
    let (paths, path) = try backup.places(file)
    let bar = ProgressLine()
    let summary: StoreSummary
    do { summary = try StoreBackup.make(of: paths.state, to: path, replacing: force) { bar.show($0) } } catch {
      bar.clear()
      // Whoever works on it does not know yet.
      if (error as? Problem)?.cause == StoreExamination.damaged { StoreSuspicion(state: paths.state).note() }
      throw error
    }
    bar.clear()
    BackupNote(path: path, time: .now, summary: summary).write(in: paths.state)
    if backup.output.json { return Console.print(JSONValue.object(summary.members(path: path))) }
    Console.print(Plain.line("\(path): \(summary.sentence)"))
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup in the place of the store; no orchestrator may be running.",
    discussion: """
      The backup is checked whole first. The store that it replaces is kept beside it as \
      flightdeck.sqlite.before-restore-TIME, all of it in that file. The restore is on the restored audit trail. Tokens that were revoked since stay revoked. Worktrees and branches of runs \
      that the backup does not know are named, and stay. Runs that were live in the backup are taken up again where their agents \
      still work or have left how they ended, and end as failed otherwise. What happened since is known to the replaced \
      store alone.

      Examples:
        systemctl --user stop flightdeck; flightdeck restore ~/backups/flightdeck-2026-01-31.sqlite
        flightdeck restore old.sqlite --state /tmp/look      # into another place, to look at it

      Way out: flightdeck restore STATE/flightdeck.sqlite.before-restore-TIME
      """)

  @Argument(help: "A file that flightdeck backup has made.", completion: .file())
  var file: String
  @OptionGroup var backup: BackupOptions
  @Flag(help: "Also when agents work of whom the backup knows nothing; they go on unseen.")
  var force = false

  func run() async throws {
    let (paths, path) = try backup.places(file)
    try PrivateFolder.make(paths.state)
    let bar = ProgressLine()
    // Told first for a file that is no backup.
    _ = try StoreBackup.check(path) { bar.show($0) }
    bar.clear()
    if !force {
      let strangers = LiveSupervisors.runs(in: paths.state).subtracting(try StoreBackup.runs(in: path))
      guard strangers.isEmpty else {
        let names = strangers.sorted().prefix(5).map(\.shortName).joined(separator: ", ")
        throw Problem(
          .conflict,
          "\(strangers.count == 1 ? "1 agent works" : "\(strangers.count) agents work") of whom the backup knows nothing: "
            + "\(names). Cancel their runs first, or let them go on unseen with --force.")
      }
    }
    let (summary, replaced, revoked) = try StoreBackup.restore(
      path, into: paths.state, by: Actor(.human, UserName.of(uid: getuid()))
    ) { bar.show($0) }
    bar.clear()
    let known = try StoreBackup.runs(in: paths.state + "/" + StoreBackup.name)
    let left = LeftWork.find(in: paths.state) { known.contains($0) }
    if backup.output.json {
      var members = summary.members(path: path)
      members.append("replaced", replaced.map { .string($0) } ?? .null)
      members.append("revokedTokens", .int(Int64(revoked)))
      members.append("unknown", .array(left.map(\.json)))
      return Console.print(JSONValue.object(members))
    }
    Console.print(Plain.line("restored from \(path): \(summary.sentence)"))
    if let replaced { Console.print("what was there is kept as \(replaced)") }
    if revoked > 0 { Console.print("tokens that were revoked since stay revoked: \(revoked)") }
    guard !left.isEmpty else { return }
    Console.print("runs that the backup does not know have left work, which stays where it is:")
    for one in left.prefix(20) {
      let place = one.worktree ?? one.branch ?? "\(paths.state)/runs/\(one.run)"
      Console.print(Plain.line("  \(one.run.shortName)  \(place)  \(one.look)"))
    }
    if left.count > 20 { Console.print("  and \(left.count - 20) more") }
    Console.print("flightdeck gc --dry-run names all of it; gc --unknown removes what is merged")
  }
}

extension LeftWork {
  var json: JSONValue {
    [
      "runId": .string(run.description), "worktree": worktree.map { .string($0) } ?? .null,
      "branch": branch.map { .string($0) } ?? .null, "repository": repository.map { .string($0) } ?? .null,
    ]
  }
}

extension StoreSummary {
  func members(path: String) -> JSONObject {
    [
      "path": .string(path), "bytes": .int(bytes), "runs": .int(Int64(runs)),
      "firstSeq": .int(Int64(clamping: firstSeq)), "lastSeq": .int(Int64(clamping: lastSeq)),
      "auditRecords": .int(Int64(clamping: auditRecords)), "lastHash": lastHash.map { .string($0) } ?? .null,
    ]
  }

  var sentence: String {
    "\(ByteCount.text(bytes)), \(runs == 1 ? "1 run" : "\(runs) runs"), events to \(lastSeq), "
      + "\(auditRecords == 1 ? "1 audit record" : "\(auditRecords) audit records") whose chain is whole"
  }
}

/// When the store was last backed up, for `doctor`: `<state>/backup.json`.
struct BackupNote {
  var path: String
  var time: Timestamp
  var bytes: Int64
  var seq: UInt64

  init(path: String, time: Timestamp, summary: StoreSummary) {
    (self.path, self.time, bytes, seq) = (path, time, summary.bytes, summary.lastSeq)
  }

  /// Nil when there was none, or none that can be read.
  init?(in state: String) {
    guard let text = try? WholeFile.read(state + "/backup.json"), let json = try? JSONValue(parsing: text),
      let path = json["path"]?.string, let time = json["time"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    (self.path, self.time) = (path, time)
    bytes = json["bytes"]?.int ?? 0
    seq = UInt64(clamping: json["seq"]?.int ?? 0)
  }

  func write(in state: String) {
    let json: JSONValue = [
      "path": .string(path), "time": .string(time.description), "bytes": .int(bytes), "seq": .int(Int64(clamping: seq)),
    ]
    do { try Data(json.jsonBytes).write(to: URL(filePath: state + "/backup.json"), options: .atomic) } catch {
      // The backup is there all the same.
      Console.note("The backup could not be noted for doctor: \(error.plainDescription)")
    }
  }
}

/// How far a long work is, on one line of a terminal; nothing in a pipe.
struct ProgressLine {
  private let isShown = Surroundings.present.errorIsTerminal

  func show(_ progress: StoreProgress) {
    guard isShown else { return }
    let share = progress.share.map { " \(Int($0 * 100)) %" } ?? "…"
    Console.noteRaw("\r\u{1B}[K\(progress.what)\(share)")
  }

  func clear() {
    if isShown { Console.noteRaw("\r\u{1B}[K") }
  }
}
