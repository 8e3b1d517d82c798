import Glibc
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("What is watched of a run, and what holds its limits")
struct WatchPlanTests {
  @Test("Without limits nothing is watched; a look that takes long is followed by a longer pause")
  func looks() {
    #expect(WatchPlan(RunLimits(time: .seconds(1)), controllers: [], now: 0).patience(now: 0) == nil)
    var plan = WatchPlan(RunLimits(processes: 5), controllers: [], now: 0)
    #expect(plan.patience(now: 0) == 2000)
    plan.looked(began: 2000, now: 2001)
    #expect(plan.nextLook == 4000)
    plan.looked(began: 4000, now: 4050)
    #expect(plan.nextLook == 9050)
  }

  @Test("A worktree is measured now and then, and at once when the disk fills by what is left of the limit")
  func walks() {
    var plan = WatchPlan(RunLimits(disk: 1000), controllers: [], now: 0)
    #expect(!plan.shouldWalk(now: 1999, used: 50))
    #expect(plan.shouldWalk(now: 2000, used: 50))
    plan.walked(size: 400, used: 10_000, spent: 10, now: 2100)
    #expect(!plan.shouldWalk(now: 2200, used: 10_300))
    #expect(plan.shouldWalk(now: 2200, used: 10_302))
    #expect(!plan.shouldWalk(now: 17_099, used: 9000))
    #expect(plan.shouldWalk(now: 17_100, used: nil))
    plan.walked(size: 400, used: 10_000, spent: 1000, now: 20_000)
    #expect(plan.nextWalk == 70_000)
  }

  @Test("What the kernel holds is not counted a second time, and its word decides")
  func kernel() {
    let limits = RunLimits(processes: 5, memory: 100)
    let watched = WatchPlan(limits, controllers: [], now: 0)
    #expect(watched.countsProcesses && watched.sumsMemory)
    #expect(watched.verdict(processes: 5) == nil && watched.verdict(memory: 100) == nil)
    #expect(watched.verdict(processes: 6) == ExceededLimit(limit: .processes, allowed: 5, found: 6))
    let held = WatchPlan(limits, controllers: ["pids", "memory"], now: 0)
    #expect(!held.countsProcesses && !held.sumsMemory && held.watches)
    #expect(held.verdict(refusedProcesses: 0, killedForMemory: 0) == nil)
    #expect(
      held.verdict(refusedProcesses: 2, killedForMemory: 0)?.text == "had as many processes as its limit of 5")
    #expect(held.verdict(refusedProcesses: 2, killedForMemory: 1)?.text == "used all of its memory limit of 100 B")
  }

  @Test("A limit that was exceeded comes back from its JSON", arguments: [nil, 12] as [Int64?])
  func json(_ found: Int64?) throws {
    let exceeded = ExceededLimit(limit: .disk, allowed: 10, found: found)
    #expect(ExceededLimit(json: try JSONValue(parsing: exceeded.jsonBytes)) == exceeded)
  }

  @Test("What holds a limit is said plainly: by the controllers there are, the reason there are none, and the user")
  func holdings() throws {
    let all = RunLimits(
      time: .seconds(7200), output: 256_000_000, processes: 512, memory: 4_000_000_000, disk: 10_000_000_000,
      addressSpace: 1 << 34)
    func texts(_ confinement: Confinement) -> [String] { confinement.holdings(all).map(\.text) }
    let kernel = texts(
      Confinement(groups: .success(.init(base: "/g", controllers: ["pids", "memory"])), isRoot: false))
    #expect(
      kernel == [
        "cancel: ends the run's own control group (cgroup v2 in /g), and what has left it",
        "time 2 h: kept by the run's supervisor",
        "output 256 MB: what comes beyond is dropped and counted; the run goes on",
        "processes 512: enforced by the kernel (cgroup v2 pids.max; threads count too)",
        "memory 4 GB: enforced by the kernel (cgroup v2 memory.max)",
        "disk 10 GB: the worktree is measured every 15 s, sooner when the disk fills; the kernel lets no single file "
          + "grow beyond it (RLIMIT_FSIZE)",
        "addressSpace 16 GiB: enforced by the kernel for each process (RLIMIT_AS)",
      ])
    let poor = texts(Confinement(groups: .success(.init(base: "/g", controllers: [])), isRoot: true))
    #expect(
      poor[3] == "processes 512: counted every 2 s, not enforced by the kernel: no cgroup v2 pids controller, "
        + "and RLIMIT_NPROC does not bind root")
    #expect(
      poor[4] == "memory 4 GB: watched every 2 s, not enforced by the kernel: no cgroup v2 memory controller")
    let none = texts(Confinement(groups: .failure(.init(reason: "no cgroup v2 is mounted")), isRoot: false))
    #expect(none[0] == "cancel: finds the run's processes through /proc: no cgroup v2 is mounted")
    #expect(
      none[3].hasSuffix("no cgroup v2 is mounted; RLIMIT_NPROC is a brake for storms, for all that the user runs"))
  }

  @Test("A tree is measured: folders deep down, a file with two names by its share, no link followed")
  func walk() throws {
    let base = "/tmp/flightdeck-walk-\(ULIDGenerator().next())"
    defer { Files.removeTree(base) }
    var deep = base
    for level in 0..<50 { deep += "/\(level)" }
    try Files.makeFolder(deep)
    try Files.write([UInt8](repeating: 1, count: 1 << 20), to: deep + "/one")
    link(deep + "/one", base + "-other")
    defer { unlink(base + "-other") }
    symlink("/usr", base + "/usr")
    var walk = DiskWalk(base)
    var steps = 0
    while !walk.step(10) { steps += 1 }
    #expect(steps >= 10)
    #expect((500_000..<900_000).contains(walk.bytes), "\(walk.bytes)")
  }
}

@Suite("The table of processes")
struct ProcessTableTests {
  private func entry(_ stat: String) -> ProcessTable.Entry? { ProcessTable.entry(7, stat: Array(stat.utf8)) }
  private static let rest = "0 -1 4 1 1 0 0 5 6 0 0 20 0 2 0 98024 0 77 18446744073709551615 0"

  @Test("A name may hold anything; a leader whose threads go on is not dead")
  func stat() {
    let found = entry("7 (a) Z (b c)) Z 3 4 5 \(Self.rest)\n")
    #expect(found?.name == "a) Z (b c)")
    #expect(found?.parent == 3 && found?.session == 5 && found?.threads == 2 && found?.residentPages == 77)
    #expect(found?.isZombie == false)
    let dead = entry("7 (x) Z 3 4 5 \(Self.rest.replacing("20 0 2", with: "20 0 1"))")
    #expect(dead?.isZombie == true)
    #expect(entry("7 (x) S 3") == nil && entry("") == nil)
  }

  @Test("Processes that do not end are named, with the reason")
  func complaint() {
    var stuck = ProcessTable.Entry(
      pid: getpid(), parent: 1, session: 1, state: UInt8(ascii: "D"), threads: 1, residentPages: 0, name: "cat")
    #expect(Reach.complaint(about: []) == nil)
    #expect(
      Reach.complaint(about: [stuck])
        == "1 process could not be ended: cat (pid \(getpid())), which is stuck in a call of the system")
    stuck.state = UInt8(ascii: "S")
    let many = Reach.complaint(about: Array(repeating: stuck, count: 7))
    #expect(many?.hasPrefix("7 processes could not be ended: cat") == true)
    #expect(many?.hasSuffix("which does not end; and 2 more") == true)
  }
}
