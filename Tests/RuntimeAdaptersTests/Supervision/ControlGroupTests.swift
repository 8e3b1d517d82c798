import Glibc
import RunModel
import Testing

@testable import RuntimeAdapters

/// The kernel's files are stood in for by plain ones: this machine's may lack the controllers.
@Suite("Control groups")
struct ControlGroupTests {
  private func folder() throws -> String {
    let folder = "/tmp/flightdeck-groups-\(ULIDGenerator().next())"
    try Files.makeFolder(folder)
    return folder
  }

  @Test("Limits go into the files of the controllers that there are, and into no others")
  func limits() throws {
    let base = try folder()
    defer { Files.removeTree(base) }
    let path = base + "/flightdeck-x"
    try Files.makeFolder(path)
    for file in ["pids.max", "memory.max", "memory.oom.group", "memory.swap.max"] {
      try Files.write([], to: "\(path)/\(file)")
    }
    let limits = RunLimits(processes: 12, memory: 5000)
    _ = try ControlGroups(base: base, controllers: ["pids", "memory"]).make("x", limits)
    #expect(ControlGroup.text(path + "/pids.max") == "12")
    #expect(ControlGroup.text(path + "/memory.max") == "5000")
    #expect(ControlGroup.text(path + "/memory.oom.group") == "1")
    #expect(ControlGroup.text(path + "/memory.swap.max") == "0")
    let other = try ControlGroups(base: base, controllers: []).make("y", limits)
    #expect(Files.names(in: other.path) == [])
    #expect(other.remove())
  }

  @Test("A controller that takes no limit is an error, and no group is left")
  func refusedLimit() throws {
    let base = try folder()
    defer { Files.removeTree(base) }
    #expect(throws: Problem.self) {
      try ControlGroups(base: base, controllers: ["pids"]).make("x", RunLimits(processes: 12))
    }
    #expect(Files.names(in: base) == [])
  }

  @Test("What the kernel counts is read: members here and below, life, refusals and kills")
  func counts() throws {
    let base = try folder()
    defer { Files.removeTree(base) }
    try Files.makeFolder(base + "/below")
    let group = ControlGroup(path: base)
    #expect(group.processes == [] && !group.isPopulated && group.memory == nil)
    try Files.write(Array("11\n0\n12\n".utf8), to: base + "/cgroup.procs")
    try Files.write(Array("13\n".utf8), to: base + "/below/cgroup.procs")
    try Files.write(Array("populated 1\nfrozen 0\n".utf8), to: base + "/cgroup.events")
    try Files.write(Array("max 3\n".utf8), to: base + "/pids.events")
    try Files.write(Array("low 0\nmax 9\noom 1\noom_kill 2\n".utf8), to: base + "/memory.events")
    try Files.write(Array("4096\n".utf8), to: base + "/memory.current")
    #expect(group.processes.sorted() == [11, 12, 13])
    #expect(group.isPopulated)
    #expect(group.refusedProcesses == 3 && group.killedForMemory == 2 && group.memory == 4096)
  }

  @Test("Where groups can be made is found from the mounts and this process's own group, or why not")
  func find() throws {
    let base = try folder()
    defer { Files.removeTree(base) }
    let mounts = base + "/mountinfo"
    let own = base + "/own"
    func found() -> String {
      switch ControlGroups.find(mounts: mounts, own: own) {
      case .success(let groups): groups.base
      case .failure(let absence): absence.reason
      }
    }
    #expect(found() == "no cgroup v2 is mounted")
    try Files.write(
      Array("30 1 0:2 / / rw - ext4 /dev/a rw\n41 31 0:38 / \(base)/u rw,relatime - cgroup2 cgroup2 rw\n".utf8),
      to: mounts)
    try Files.write(Array("9:pids:/\n".utf8), to: own)
    #expect(found() == "this process is in no cgroup v2")
    try Files.write(Array("0::/a/b\n".utf8), to: own)
    #expect(found() == "the cgroup v2 group \(base)/u/a/b may not be written")
    // A subgroup that a unit made for the orchestrator: runs go beside it.
    try Files.write(Array("0::/a/orchestrator\n".utf8), to: own)
    try Files.makeFolder(base + "/u/a")
    try Files.write([], to: base + "/u/a/cgroup.procs")
    #expect(found() == "this kernel has no cgroup.kill (it came with 5.14)")
    #expect(Files.names(in: base + "/u/a") == ["cgroup.procs"])
  }

  @Test("A real group holds what is born in it, is killed whole and removed", .enabled(if: Hold.here.contains(.group)))
  func real() async throws {
    let groups = try Confinement.found.groups.get()
    let group = try groups.make("test-\(ULIDGenerator().next())", RunLimits())
    defer { group.remove() }
    let script = "echo 0 > \(group.path)/cgroup.procs; (setsid sleep 600 & ) ; exec sleep 600"
    let started = spawn("/bin/sh", ["sh", "-c", script], input: 0, output: 1, error: 2)
    try await until("two members") { group.processes.count == 2 }
    #expect(group.isPopulated)
    #expect(!group.remove())
    #expect(group.kill())
    var status: CInt = 0
    waitpid(started.pid, &status, 0)
    try await until("its emptiness") { !group.isPopulated }
    #expect(group.remove())
  }

  @Test(
    "Empty groups of our own runs are removed at the start; a live one, another's and what is no group of ours stay")
  func clear() throws {
    let base = try folder()
    let state = try folder()
    defer { for folder in [base, state] { Files.removeTree(folder) } }
    let ids = ULIDGenerator()
    let (over, nested, populated, supervised, foreign) = (ids.next(), ids.next(), ids.next(), ids.next(), ids.next())
    for id in [over, nested, populated, supervised, foreign] { try Files.makeFolder("\(base)/flightdeck-\(id)") }
    for id in [over, nested, populated, supervised] { try Files.makeFolder("\(state)/runs/\(id)") }
    try Files.makeFolder("\(base)/flightdeck-\(nested)/made-by-the-agent")
    try Files.write(Array("populated 1\n".utf8), to: "\(base)/flightdeck-\(populated)/cgroup.events")
    let lock = open("\(state)/runs/\(supervised)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
    let stays = [
      "flightdeck-trial-\(getpid())", "flightdeck-test-\(ids.next())", "somebody-elses", "flightdeck-\(populated)",
      "flightdeck-\(supervised)", "flightdeck-\(foreign)",
    ]
    for name in stays { try Files.makeFolder("\(base)/\(name)") }
    try Files.makeFolder("\(base)/flightdeck-trial-999999999")
    let groups = ControlGroups(base: base, controllers: [])
    #expect(groups.clear(of: state) == 3)
    #expect(Set(Files.names(in: base)) == Set(stays))
    #expect(groups.clear(of: state) == 0)
  }

  @Test(
    "A real group whose processes were killed with their supervisor goes at the start; one that lives does not",
    .enabled(if: Hold.here.contains(.group)))
  func clearReal() async throws {
    let groups = try Confinement.found.groups.get()
    let state = try folder()
    defer { Files.removeTree(state) }
    let ids = ULIDGenerator()
    let (live, over) = (ids.next(), ids.next())
    for id in [live, over] { try Files.makeFolder("\(state)/runs/\(id)") }
    let (there, gone) = (try groups.make("\(live)", RunLimits()), try groups.make("\(over)", RunLimits()))
    defer { for group in [there, gone] { group.remove() } }
    let started = spawn(
      "/bin/sh", ["sh", "-c", "echo 0 > \(there.path)/cgroup.procs; exec sleep 600"], input: 0, output: 1, error: 2)
    try await until("a member") { there.isPopulated }
    #expect(groups.clear(of: state) == 1)
    #expect(there.isThere && !gone.isThere)
    #expect(there.kill())
    var status: CInt = 0
    waitpid(started.pid, &status, 0)
    try await until("its emptiness") { !there.isPopulated }
    #expect(groups.clear(of: state) == 1 && !there.isThere)
  }
}
