import CProcess
import Glibc
import RunModel

/// How far a supervisor reaches: finds every process of its command, and ends them.
///
/// They are found in three ways: below the supervisor, which is a subreaper, so that whatever loses its parent comes to
/// it; in the command's control group, where there is one; and by a mark in their environment, for those that a process
/// of somebody else's has started for the command.
struct Reach {
  let group: ControlGroup?
  private let mark: String?
  /// The command's first process, and so its session.
  private let session: pid_t
  private var found = Set<pid_t>()
  private var strays = Set<pid_t>()
  private var killed = Set<pid_t>()
  private var groupWasKilled = false

  /// Pids that are remembered for the counts: a storm must not make them grow for ever.
  private static let mostRemembered = 100_000

  init(group: ControlGroup?, mark: String?, session: pid_t) {
    self.group = group
    self.mark = mark
    self.session = session
  }

  /// Living processes of the command.
  func living(withMarked: Bool = true) -> [ProcessTable.Entry] {
    let table = ProcessTable()
    var entries: [pid_t: ProcessTable.Entry] = [:]
    for entry in table.descendants(of: getpid()) { entries[entry.pid] = entry }
    if let group { for entry in table[group.processes] where entry.pid != getpid() { entries[entry.pid] = entry } }
    if withMarked, let mark { for entry in table.marked(by: mark) { entries[entry.pid] = entry } }
    return Array(entries.values)
  }

  /// Whether all are gone. `isChildless`: the kernel says that we have no child, dead or alive; then nothing can be below
  /// us, whatever `/proc` showed at which moment.
  func isEmpty(isChildless: Bool) -> Bool {
    guard isChildless, group?.isPopulated != true else { return false }
    // Every environment on the machine is read for the last word alone.
    return mark.map { ProcessTable().marked(by: $0).isEmpty } ?? true
  }

  /// SIGTERM to all, also to those that are stopped. Returns how many there are.
  mutating func terminate() -> Int {
    let living = living()
    note(living)
    for process in living {
      Glibc.kill(process.pid, SIGTERM)
      Glibc.kill(process.pid, SIGCONT)
    }
    return living.count
  }

  /// SIGKILL to all, to those too that fork faster than they can be listed.
  mutating func kill() {
    let first = living()
    note(first)
    for process in first where isOurs(process.pid) && killed.count < Self.mostRemembered { killed.insert(process.pid) }
    if let group, group.isPopulated { groupWasKilled = group.kill() || groupWasKilled }
    // Stopped ones beget none and make no room for others by their end.
    var stopped = Set<pid_t>()
    var all = first
    for _ in 0..<32 {
      let fresh = all.filter { stopped.insert($0.pid).inserted }
      if fresh.isEmpty { break }
      for process in fresh { Glibc.kill(process.pid, SIGSTOP) }
      all = living(withMarked: false)
    }
    note(all)
    for pid in stopped.union(all.map(\.pid)) where Glibc.kill(pid, SIGKILL) == 0 && killed.count < Self.mostRemembered {
      killed.insert(pid)
    }
    // What has a child and ends at once is below us as soon as it is born, and nothing lists it in time but this.
    _ = cprocess_signal_children(SIGKILL, 200)
  }

  var processes: Int { found.count }
  var killedProcesses: Int { killed.count }
  var strayProcesses: Int { strays.count }

  /// What it took; nil when there was nothing to end.
  var how: CancelProof.How? {
    if groupWasKilled { return .cgroup }
    return killed.isEmpty ? (found.isEmpty ? nil : .term) : .kill
  }

  private mutating func note(_ entries: [ProcessTable.Entry]) {
    for entry in entries where found.count < Self.mostRemembered {
      if found.insert(entry.pid).inserted, entry.session != session { strays.insert(entry.pid) }
    }
  }

  private func isOurs(_ pid: pid_t) -> Bool { Glibc.kill(pid, 0) == 0 }

  /// `1 process could not be ended: sudo (pid 4711), which belongs to root`; nil when none is left.
  static func complaint(about processes: [ProcessTable.Entry]) -> String? {
    if processes.isEmpty { return nil }
    let words = processes.prefix(5).map { process in
      "\(process.name) (pid \(process.pid)), which \(Self.reason(process))"
    }
    let what = processes.count == 1 ? "1 process" : "\(processes.count) processes"
    let more = processes.count > 5 ? "; and \(processes.count - 5) more" : ""
    return "\(what) could not be ended: \(words.joined(separator: "; "))\(more)"
  }

  private static func reason(_ process: ProcessTable.Entry) -> String {
    if Glibc.kill(process.pid, 0) != 0, errno == EPERM {
      var status = stat()
      guard stat("/proc/\(process.pid)", &status) == 0 else { return "belongs to another user" }
      return status.st_uid == 0 ? "belongs to root" : "belongs to user \(status.st_uid)"
    }
    if process.isUninterruptible { return "is stuck in a call of the system" }
    return "does not end"
  }
}
