import Glibc
package import RunModel

/// What this machine lets us hold a run with: a control group of its own, or none.
package struct Confinement: Sendable {
  /// The groups, or why there are none.
  let groups: Result<ControlGroups, ControlGroups.Absence>
  /// Limits for each user's processes do not bind root.
  let isRoot: Bool

  init(groups: Result<ControlGroups, ControlGroups.Absence>, isRoot: Bool = getuid() == 0) {
    self.groups = groups
    self.isRoot = isRoot
  }

  /// As this machine is, looked at once.
  package static let found = Confinement(groups: ControlGroups.find())

  /// Removes control groups that are left of runs of `<state>` whose supervisors were killed; returns how many.
  package func clear(of state: String) -> Int { (try? groups.get())?.clear(of: state) ?? 0 }  // none without groups

  /// Calls `start` with the command in a group of its own, or as it is where that cannot be had, and with what holds the
  /// limits then.
  func launch(
    _ name: String, _ limits: RunLimits, _ spec: SupervisorSpec,
    _ start: (SupervisorSpec, [LimitHolding]) async throws -> pid_t
  ) async throws -> pid_t {
    guard case .success(let groups) = groups else { return try await begin(spec, holdings(limits), start) }
    let group: ControlGroup
    do throws(Problem) { group = try groups.make(name, limits) } catch {
      return try await begin(spec, without(error.detail).holdings(limits), start)
    }
    var grouped = spec
    grouped.group = group
    grouped.controllers = groups.controllers
    do {
      return try await begin(grouped, holdings(limits), start)
    } catch let refusal as GroupRefusal {
      let reason = "the run could not enter its cgroup v2 group: \(refusal.reason)"
      return try await begin(spec, without(reason).holdings(limits), start)
    }
  }

  /// The command may have run before its supervisor failed: then nothing of it stays.
  private func begin(
    _ spec: SupervisorSpec, _ holdings: [LimitHolding],
    _ start: (SupervisorSpec, [LimitHolding]) async throws -> pid_t
  ) async throws -> pid_t {
    do { return try await start(spec, holdings) } catch {
      if let mark = spec.mark { _ = await SupervisedFolder.sweep(mark: mark, group: spec.group) }
      spec.group?.remove()
      throw error
    }
  }

  private func without(_ reason: String) -> Confinement {
    Confinement(groups: .failure(.init(reason: reason)), isRoot: isRoot)
  }

  /// What holds each limit that is set, and how a cancel finds a run's processes.
  package func holdings(_ limits: RunLimits) -> [LimitHolding] {
    var holdings = [reach]
    let controllers = (try? groups.get())?.controllers ?? []  // none without groups
    func without(_ controller: String) -> String {
      guard case .failure(let absence) = groups else { return "no cgroup v2 \(controller) controller" }
      return absence.reason
    }
    let interval = "every \(WatchPlan.treeInterval / 1000) s"
    if let time = limits.time {
      holdings.append(LimitHolding("time", RunLimits.words(time), "kept by the run's supervisor"))
    }
    if let output = limits.output {
      holdings.append(
        LimitHolding(
          "output", RunLimits.words(bytes: output), "what comes beyond is dropped and counted; the run goes on"))
    }
    if let processes = limits.processes {
      let counted = "counted \(interval), not enforced by the kernel: \(without("pids"))"
      holdings.append(
        LimitHolding(
          "processes", "\(processes)",
          controllers.contains("pids")
            ? "enforced by the kernel (cgroup v2 pids.max; threads count too)"
            : isRoot
              ? "\(counted), and RLIMIT_NPROC does not bind root"
              : "\(counted); RLIMIT_NPROC is a brake for storms, for all that the user runs"))
    }
    if let memory = limits.memory {
      holdings.append(
        LimitHolding(
          "memory", RunLimits.words(bytes: memory),
          controllers.contains("memory")
            ? "enforced by the kernel (cgroup v2 memory.max)"
            : "watched \(interval), not enforced by the kernel: \(without("memory"))"))
    }
    if let disk = limits.disk {
      holdings.append(
        LimitHolding(
          "disk", RunLimits.words(bytes: disk),
          "the worktree is measured every \(WatchPlan.diskInterval / 1000) s, sooner when the disk fills; "
            + "the kernel lets no single file grow beyond it (RLIMIT_FSIZE)"))
    }
    if let addressSpace = limits.addressSpace {
      holdings.append(
        LimitHolding(
          "addressSpace", RunLimits.words(bytes: addressSpace),
          "enforced by the kernel for each process (RLIMIT_AS)"))
    }
    return holdings
  }

  private var reach: LimitHolding {
    switch groups {
    case .success(let groups):
      LimitHolding(
        "cancel", nil, "ends the run's own control group (cgroup v2 in \(groups.base)), and what has left it")
    case .failure(let absence):
      LimitHolding("cancel", nil, "finds the run's processes through /proc: \(absence.reason)")
    }
  }
}
