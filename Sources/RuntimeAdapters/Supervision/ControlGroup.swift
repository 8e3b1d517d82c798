import Glibc
import RunModel

/// A control group (cgroup v2) of one run: whatever its processes do, the kernel counts their children in.
///
/// Works by the files of its folder alone, so that a test can stand in for the kernel.
struct ControlGroup: Hashable {
  let path: String

  var isThere: Bool { Files.exists(path + "/cgroup.events") }

  /// Whether a process lives in it or below.
  var isPopulated: Bool { Self.value("populated", in: path + "/cgroup.events") == 1 }

  /// Living processes in it and below it.
  var processes: [pid_t] {
    var found: [pid_t] = []
    for group in withThoseBelow {
      found += (Self.text(group + "/cgroup.procs") ?? "").split(separator: "\n").compactMap { pid_t($0) }
    }
    // A process that this pid namespace does not show is listed as 0.
    return found.filter { $0 > 0 }
  }

  /// Kills all in it and below, those that are being forked too; false where the kernel has no such file.
  func kill() -> Bool {
    // What was frozen from within is killed all the same.
    Self.write("1", to: path + "/cgroup.kill")
  }

  /// Removes it and those that the run has made below; false while a process lives in one.
  @discardableResult
  func remove() -> Bool {
    for group in withThoseBelow.reversed() { rmdir(group) }
    return !Files.exists(path)
  }

  /// Bytes that it uses; nil without the memory controller.
  var memory: Int64? { Self.text(path + "/memory.current").flatMap { Int64($0.filter { $0.isNumber }) } }

  /// How often it was refused a process, and how many the kernel killed for want of memory.
  var refusedProcesses: Int64 { Self.value("max", in: path + "/pids.events") ?? 0 }
  var killedForMemory: Int64 { Self.value("oom_kill", in: path + "/memory.events") ?? 0 }

  private var withThoseBelow: [String] {
    var groups = [path]
    var next = 0
    while next < groups.count, groups.count < 10_000 {
      let group = groups[next]
      next += 1
      for name in Files.names(in: group) {
        var status = stat()
        guard lstat("\(group)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
        groups.append("\(group)/\(name)")
      }
    }
    return groups
  }

  static func text(_ path: String) -> String? {
    // A file that went with its group says nothing.
    do { return try Files.text(path, limit: 1 << 20) } catch { return nil }
  }

  static func write(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return Files.writeAll(Array(text.utf8), to: descriptor)
  }

  /// The number after a word, in a file of lines `WORD NUMBER`.
  private static func value(_ word: String, in path: String) -> Int64? {
    for line in (text(path) ?? "").split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts.count == 2, parts[0] == word { return Int64(parts[1]) }
    }
    return nil
  }
}

/// Where this program may make control groups: below the group that it was given.
package struct ControlGroups: Sendable, Hashable {
  /// The folder under which a run's group is made.
  let base: String
  /// Controllers that a run's group has: `pids`, `memory`.
  let controllers: Set<String>

  /// What a unit with `DelegateSubgroup=` should call the orchestrator's own group.
  static let subgroup = "orchestrator"

  /// Why there are none, for people; nil when there are.
  package struct Absence: Error, Hashable {
    package var reason: String
  }

  /// Looks where this process is; makes and removes a group to see whether that can be done.
  ///
  /// With systemd the user manager's units may (`Delegate=yes`), and root in a container whose cgroup2 is writable.
  package static func find(mounts: String = "/proc/self/mountinfo", own: String = "/proc/self/cgroup")
    -> Result<ControlGroups, Absence>
  {
    guard let mount = mountPoint(ControlGroup.text(mounts) ?? "") else {
      return .failure(Absence(reason: "no cgroup v2 is mounted"))
    }
    let lines = (ControlGroup.text(own) ?? "").split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else {
      return .failure(Absence(reason: "this process is in no cgroup v2"))
    }
    var base = mount + (line == "0::/" ? "" : String(line.dropFirst(3)))
    if base.hasSuffix("/" + subgroup) { base.removeLast(subgroup.count + 1) }
    guard access(base, W_OK) == 0, access(base + "/cgroup.procs", W_OK) == 0 else {
      return .failure(Absence(reason: "the cgroup v2 group \(base) may not be written"))
    }
    let groups = ControlGroups(base: base, controllers: delegateControllers(in: base))
    let trial = ControlGroup(path: "\(base)/flightdeck-trial-\(getpid())")
    guard mkdir(trial.path, 0o700) == 0 else {
      return .failure(Absence(reason: "no group can be made in \(base): \(String(cString: strerror(errno)))"))
    }
    defer { trial.remove() }
    let kind = ControlGroup.text(trial.path + "/cgroup.type")?.split(separator: "\n").first
    guard kind == nil || kind == "domain" else {
      return .failure(Absence(reason: "a group in \(base) is \(kind ?? "nothing") and takes no process"))
    }
    guard Files.exists(trial.path + "/cgroup.kill") else {
      return .failure(Absence(reason: "this kernel has no cgroup.kill (it came with 5.14)"))
    }
    return .success(groups)
  }

  /// The mount point of cgroup2 in a `mountinfo`.
  static func mountPoint(_ mounts: String) -> String? {
    for line in mounts.split(separator: "\n") {
      let halves = line.split(separator: " - ", maxSplits: 1)
      let fields = halves.first?.split(separator: " ") ?? []
      if halves.count == 2, halves[1].hasPrefix("cgroup2 "), fields.count > 4 { return String(fields[4]) }
    }
    return nil
  }

  /// Hands the controllers of limits on to the groups in `base`, and returns those that they have.
  ///
  /// A group with processes of its own must not: its children would be no groups for processes any more. The root of
  /// the hierarchy alone may have both.
  private static func delegateControllers(in base: String) -> Set<String> {
    let there = Set((ControlGroup.text(base + "/cgroup.controllers") ?? "").split { " \n".contains($0) })
    let handed = base + "/cgroup.subtree_control"
    let isRoot = !Files.exists(base + "/cgroup.type")
    let isEmpty = ControlGroup.text(base + "/cgroup.procs")?.isEmpty ?? false
    if isRoot || isEmpty {
      for controller in ["pids", "memory"] where there.contains(controller[...]) {
        // One that is refused is looked for below, and not there.
        _ = ControlGroup.write("+\(controller)", to: handed)
      }
    }
    let given = Set((ControlGroup.text(handed) ?? "").split { " \n".contains($0) }.map(String.init))
    return given.intersection(["pids", "memory"])
  }

  /// Makes a group with these limits; nil, with what went wrong, when that cannot be done.
  func make(_ name: String, _ limits: RunLimits) throws(Problem) -> ControlGroup {
    let group = ControlGroup(path: "\(base)/flightdeck-\(name)")
    guard mkdir(group.path, 0o700) == 0 || errno == EEXIST else {
      throw Files.problem(errno, "make the control group", group.path)
    }
    if let processes = limits.processes, controllers.contains("pids") {
      try set("pids.max", processes, group)
    }
    if let memory = limits.memory, controllers.contains("memory") {
      try set("memory.max", memory, group)
      // All or none: an agent without one of its tools would go on in a muddle. Old kernels have no such file.
      _ = ControlGroup.write("1", to: group.path + "/memory.oom.group")
      _ = ControlGroup.write("0", to: group.path + "/memory.swap.max")
    }
    return group
  }

  /// Removes the groups of runs of `<state>` in which nothing lives, and returns how many: whoever would have was killed.
  /// For a moment when no run is being started.
  func clear(of state: String) -> Int {
    let prefix = "flightdeck-"
    var removed = 0
    for name in Files.names(in: base) where name.hasPrefix(prefix) {
      let group = ControlGroup(path: "\(base)/\(name)")
      let whose = name.dropFirst(prefix.count)
      let isOver: Bool
      if let run = RunID(whose) {
        let folder = RunFolder(state: state, run: run)
        isOver = Files.isFolder(folder.path) && !Files.isLocked(folder.supervised.lock)
      } else if whose.hasPrefix("trial-"), let pid = pid_t(whose.dropFirst(6)) {
        isOver = Glibc.kill(pid, 0) != 0 && errno == ESRCH
      } else {
        isOver = false
      }
      // A group that is not empty the kernel does not remove.
      if isOver, !group.isPopulated, group.remove() { removed += 1 }
    }
    return removed
  }

  private func set(_ file: String, _ value: some BinaryInteger, _ group: ControlGroup) throws(Problem) {
    guard ControlGroup.write(String(value), to: "\(group.path)/\(file)") else {
      let code = errno
      group.remove()
      throw Files.problem(code, "set the limit", "\(group.path)/\(file)")
    }
  }
}
