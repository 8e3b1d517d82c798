import Glibc
import RunModel

/// A limit that a command went beyond.
struct ExceededLimit: Equatable {
  enum Limit: String { case time, processes, memory, disk, fileSize, output }

  var limit: Limit
  var allowed: Int64
  /// Nil where the kernel refused more.
  var found: Int64?

  /// What a person reads after the agent's name.
  var text: String {
    switch limit {
    case .time: "ran longer than its limit of \(RunLimits.words(.milliseconds(allowed)))"
    case .processes:
      "had \(found.map { "\($0) processes, more than" } ?? "as many processes as") its limit of \(allowed)"
    case .memory:
      "used \(found.map { "\(RunLimits.words(bytes: $0, unless: allowed)) of memory, more than" } ?? "all of") its memory limit of "
        + RunLimits.words(bytes: allowed)
    case .disk:
      // Rounded, what was found may read as the limit itself.
      "filled \(found.map { "\(RunLimits.words(bytes: $0, unless: allowed)) of disk, more than" } ?? "all of") its disk limit of "
        + RunLimits.words(bytes: allowed)
    case .output: "said more than its output limit of \(RunLimits.words(bytes: allowed)) and some beyond"
    case .fileSize: "wrote a file larger than its disk limit of \(RunLimits.words(bytes: allowed))"
    }
  }
}

extension ExceededLimit: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("limit", limit.rawValue)
      json.member("allowed", allowed)
      json.member("found", found)
    }
  }

  init?(json: JSONValue) {
    guard let limit = json["limit"]?.string.flatMap(Limit.init), let allowed = json["allowed"]?.int else { return nil }
    self.init(limit: limit, allowed: allowed, found: json["found"]?.int)
  }
}

/// When to look at what a command uses, and what to think of it: a value without I/O, in milliseconds of any clock.
struct WatchPlan {
  /// Processes and memory are looked at this often, and never for more than a hundredth of the time.
  static let treeInterval: Int64 = 2000
  /// The worktree is measured this often, never for more than a fiftieth of the time; sooner when the disk fills.
  static let diskInterval: Int64 = 15_000

  let limits: RunLimits
  /// What the kernel holds by itself: `pids`, `memory`.
  let controllers: Set<String>
  private(set) var nextLook: Int64
  private(set) var nextWalk: Int64
  private var walked: (size: Int64, used: UInt64)?

  init(_ limits: RunLimits, controllers: Set<String>, now: Int64) {
    self.limits = limits
    self.controllers = controllers
    nextLook = now + Self.treeInterval
    nextWalk = now + Self.treeInterval
  }

  var watches: Bool { limits.processes != nil || limits.memory != nil || limits.disk != nil }
  /// Whether the processes themselves must be looked at.
  var countsProcesses: Bool { limits.processes != nil && !controllers.contains("pids") }
  var sumsMemory: Bool { limits.memory != nil && !controllers.contains("memory") }

  /// Nil when there is nothing to watch.
  func patience(now: Int64) -> Int64? { watches ? max(0, nextLook - now) : nil }

  mutating func looked(began: Int64, now: Int64) {
    nextLook = max(began + Self.treeInterval, now + (now - began) * 100)
  }

  /// Whether to measure the worktree now. `used`: bytes of its file system that are taken.
  func shouldWalk(now: Int64, used: UInt64?) -> Bool {
    guard let limit = limits.disk else { return false }
    if now >= nextWalk { return true }
    guard let walked, let used, used > walked.used else { return false }
    return used - walked.used > UInt64(max(limit - walked.size, 0) / 2 + 1)
  }

  mutating func walked(size: Int64, used: UInt64?, spent: Int64, now: Int64) {
    walked = used.map { (size, $0) }
    nextWalk = now + max(Self.diskInterval, spent * 50)
  }

  func verdict(processes: Int) -> ExceededLimit? {
    guard let limit = limits.processes, processes > limit else { return nil }
    return ExceededLimit(limit: .processes, allowed: Int64(limit), found: Int64(processes))
  }

  func verdict(memory: Int64) -> ExceededLimit? {
    guard let limit = limits.memory, memory > limit else { return nil }
    return ExceededLimit(limit: .memory, allowed: limit, found: memory)
  }

  func verdict(disk: Int64) -> ExceededLimit? {
    guard let limit = limits.disk, disk > limit else { return nil }
    return ExceededLimit(limit: .disk, allowed: limit, found: disk)
  }

  /// What the kernel has refused or killed.
  func verdict(refusedProcesses: Int64, killedForMemory: Int64) -> ExceededLimit? {
    if let limit = limits.memory, killedForMemory > 0 { return ExceededLimit(limit: .memory, allowed: limit) }
    if let limit = limits.processes, refusedProcesses > 0 {
      return ExceededLimit(limit: .processes, allowed: Int64(limit))
    }
    return nil
  }
}

/// Watches what a command uses, for limits that the kernel does not hold.
struct ResourceWatch: ~Copyable {
  private var plan: WatchPlan
  private let folder: String
  private let group: ControlGroup?
  private var walk: DiskWalk?
  private var walkBegan: (used: UInt64?, spent: Int64) = (nil, 0)

  /// Entries of folders that are looked at before the supervisor turns to its other work.
  private static let stride = 500

  init(_ spec: SupervisorSpec, now: Int64) {
    plan = WatchPlan(spec.limits, controllers: spec.controllers, now: now)
    folder = spec.directory
    group = spec.group
  }

  func patience(now: Int64) -> Int64? { walk == nil ? plan.patience(now: now) : 0 }

  /// Does what is due. `logged`: bytes that the run's folder holds.
  mutating func look(now: Int64, logged: Int64) -> ExceededLimit? {
    guard plan.watches else { return nil }
    if let exceeded = stepWalk(logged: logged) { return exceeded }
    guard now >= plan.nextLook else { return nil }
    defer { plan.looked(began: now, now: monotonicMilliseconds()) }
    if let exceeded = kernelsWord() { return exceeded }
    if plan.countsProcesses || plan.sumsMemory, let exceeded = lookAtTree() { return exceeded }
    let used = plan.limits.disk == nil ? nil : Self.used(folder)
    if walk == nil, plan.shouldWalk(now: now, used: used) {
      walk = DiskWalk(folder)
      walkBegan = (used, 0)
    }
    return nil
  }

  /// What the kernel has done by itself.
  func kernelsWord() -> ExceededLimit? {
    guard let group, !plan.controllers.isEmpty else { return nil }
    return plan.verdict(refusedProcesses: group.refusedProcesses, killedForMemory: group.killedForMemory)
  }

  private func lookAtTree() -> ExceededLimit? {
    var processes = ProcessTree.below(getpid())
    if let group {
      let known = Set(processes.map(\.pid))
      processes += group.processes.filter { !known.contains($0) && $0 != getpid() }.compactMap(ProcessTable.entry)
    }
    if plan.countsProcesses, let exceeded = plan.verdict(processes: processes.count) { return exceeded }
    guard plan.sumsMemory, plan.verdict(memory: ProcessTree.memoryAtMost(of: processes)) != nil else { return nil }
    return plan.verdict(memory: ProcessTree.memory(of: processes))
  }

  private mutating func stepWalk(logged: Int64) -> ExceededLimit? {
    guard walk != nil else { return nil }
    let began = monotonicMilliseconds()
    let isDone = walk?.step(Self.stride) ?? true
    let now = monotonicMilliseconds()
    walkBegan.spent += now - began
    // More is not needed to know.
    let size = (walk?.bytes ?? 0) + logged
    let exceeded = plan.verdict(disk: size)
    if isDone || exceeded != nil {
      plan.walked(size: size, used: walkBegan.used, spent: walkBegan.spent, now: now)
      walk = nil
    }
    return exceeded
  }

  private static func used(_ folder: String) -> UInt64? {
    var space = statvfs()
    guard statvfs(folder, &space) == 0 else { return nil }
    return UInt64(space.f_blocks - space.f_bfree) * UInt64(space.f_frsize)
  }
}

/// Measures what a folder takes on its file system, a piece at a time. Links are not followed; a file with several names
/// counts by its share, so that a package manager's common store is not counted anew in each worktree.
struct DiskWalk: ~Copyable {
  private var open: [OpaquePointer] = []
  private let device: dev_t
  private(set) var bytes: Int64 = 0

  /// Folders further down are not counted: each level holds a descriptor.
  static let deepest = 200

  init(_ folder: String) {
    var status = stat()
    device = stat(folder, &status) == 0 ? status.st_dev : 0
    if let stream = opendir(folder) { open.append(stream) }
  }

  deinit { for stream in open { closedir(stream) } }

  /// Looks at so many entries; true when there are no more.
  mutating func step(_ entries: Int) -> Bool {
    for _ in 0..<entries {
      guard let stream = open.last else { return true }
      guard let entry = readdir(stream) else {
        closedir(stream)
        open.removeLast()
        continue
      }
      let below = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { take($0, in: dirfd(stream)) }
      }
      if let below { open.append(below) }
    }
    return open.isEmpty
  }

  /// Counts one entry, and opens it when it is a folder.
  private mutating func take(_ name: UnsafePointer<CChar>, in folder: CInt) -> OpaquePointer? {
    if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return nil }
    var status = stat()
    // What was removed meanwhile takes nothing.
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_dev == device else { return nil }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    bytes += Int64(status.st_blocks) * 512 / (isFolder ? 1 : max(1, Int64(status.st_nlink)))
    guard isFolder, open.count < Self.deepest else { return nil }
    let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return nil
    }
    return stream
  }
}
