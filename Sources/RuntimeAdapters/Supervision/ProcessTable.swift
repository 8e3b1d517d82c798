import Glibc

/// The processes of this machine, as `/proc` shows them at one moment.
struct ProcessTable {
  struct Entry: Equatable {
    var pid: pid_t
    var parent: pid_t
    var session: pid_t
    /// As `/proc` names it: `R`, `S`, `D`, `T`, `Z`, …
    var state: UInt8
    var threads: Int
    /// Pages in memory, those that it shares included.
    var residentPages: Int64
    var name: String

    /// Dead and not yet reaped. One whose first thread alone has ended looks dead too, and lives on in the others.
    var isZombie: Bool {
      state == UInt8(ascii: "X") || (state == UInt8(ascii: "Z") && threads <= 1)
    }

    /// In a call of the system that no signal ends.
    var isUninterruptible: Bool { state == UInt8(ascii: "D") }
  }

  let entries: [Entry]

  init() {
    entries = Files.names(in: "/proc").compactMap { pid_t($0).flatMap(Self.entry) }
  }

  init(entries: [Entry]) { self.entries = entries }

  /// Every living process below `root`, however deep and whatever its session; zombies are passed through.
  func descendants(of root: pid_t) -> [Entry] {
    var children: [pid_t: [Entry]] = [:]
    for entry in entries { children[entry.parent, default: []].append(entry) }
    var found: [Entry] = []
    var open = [root]
    while let parent = open.popLast() {
      for entry in children[parent] ?? [] {
        open.append(entry.pid)
        if !entry.isZombie { found.append(entry) }
      }
    }
    return found
  }

  subscript(pids: some Collection<pid_t>) -> [Entry] {
    let wanted = Set(pids)
    return entries.filter { wanted.contains($0.pid) && !$0.isZombie }
  }

  /// Living processes that were started with this entry (`NAME=value`) in their environment, and all below them.
  func marked(by mark: String) -> [Entry] {
    let wanted = Array(mark.utf8) + [0]
    var found: [pid_t: Entry] = [:]
    for process in entries where !process.isZombie && process.pid != getpid() && found[process.pid] == nil {
      guard let environment = Self.environment(of: process.pid), Self.has(wanted, in: environment) else { continue }
      found[process.pid] = process
      for below in descendants(of: process.pid) where below.pid != getpid() { found[below.pid] = below }
    }
    return found.values.sorted { $0.pid < $1.pid }
  }

  /// How many threads a user's processes have now.
  static func threads(of user: uid_t) -> Int {
    ProcessTable().entries.reduce(0) { sum, process in
      var status = stat()
      return stat("/proc/\(process.pid)", &status) == 0 && status.st_uid == user ? sum + process.threads : sum
    }
  }

  /// Living processes that were started with this argument among others.
  static func running(withArgument argument: String) -> [pid_t] {
    let wanted = Array(argument.utf8) + [0]
    return ProcessTable().entries.filter { process in
      // One that ended meanwhile, or is another user's, is none of ours.
      guard !process.isZombie, process.pid != getpid(), let line = try? Files.read("/proc/\(process.pid)/cmdline")
      else {
        return false
      }
      return has(wanted, in: line)
    }.map(\.pid)
  }

  private static func has(_ wanted: [UInt8], in environment: [UInt8]) -> Bool {
    environment.withUnsafeBytes { environment in
      wanted.withUnsafeBytes { wanted in
        guard let base = environment.baseAddress, let first = wanted.baseAddress else { return false }
        var start = 0
        while start + wanted.count <= environment.count {
          if memcmp(base + start, first, wanted.count) == 0 { return true }
          guard let end = memchr(base + start, 0, environment.count - start) else { return false }
          start = base.distance(to: UnsafeRawPointer(end)) + 1
        }
        return false
      }
    }
  }

  /// Nil also for what we may not read: another user's process is none of ours.
  private static func environment(of pid: pid_t) -> [UInt8]? {
    do { return try Files.read("/proc/\(pid)/environ") } catch { return nil }
  }

  /// Nil for a process that ended meanwhile.
  static func entry(_ pid: pid_t) -> Entry? {
    guard let stat = small("/proc/\(pid)/stat") else { return nil }
    return entry(pid, stat: stat)
  }

  /// Reads a `stat` line; nil for what is none.
  static func entry(_ pid: pid_t, stat: [UInt8]) -> Entry? {
    // "PID (name) STATE PARENT …": the name may hold anything, parentheses too.
    guard let open = stat.firstIndex(of: UInt8(ascii: "(")), let close = stat.lastIndex(of: UInt8(ascii: ")")),
      open < close
    else { return nil }
    let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 22)
    guard fields.count > 21, let state = fields[0].first else { return nil }
    return Entry(
      pid: pid, parent: pid_t(decimal(fields[1])), session: pid_t(decimal(fields[3])), state: state,
      threads: Int(decimal(fields[17])), residentPages: decimal(fields[21]),
      name: String(decoding: stat[(open + 1)..<close], as: UTF8.self))
  }

  private static func decimal(_ digits: ArraySlice<UInt8>) -> Int64 {
    var value: Int64 = 0
    for digit in digits where digit >= 0x30 && digit <= 0x39 { value = value &* 10 &+ Int64(digit - 0x30) }
    return digits.first == UInt8(ascii: "-") ? -value : value
  }

  /// A file of less than 2 KB: most of `/proc` is read often, and must not cost a large buffer each time.
  static func small(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      return count > 0 ? Array(buffer[..<count]) : nil
    }
  }
}

/// The processes below one, found by way of their parents' own lists: costs as much as there are of them, however many
/// the machine has. One that is being born or re-parented meanwhile may be missed: for watching, not for proof.
enum ProcessTree {
  static func below(_ root: pid_t) -> [ProcessTable.Entry] {
    guard Files.exists("/proc/\(root)/task/\(root)/children") else { return ProcessTable().descendants(of: root) }
    var found: [ProcessTable.Entry] = []
    var open = [root]
    var seen = Set([root])
    while let parent = open.popLast() {
      for thread in Files.names(in: "/proc/\(parent)/task") {
        guard let list = ControlGroup.text("/proc/\(parent)/task/\(thread)/children") else { continue }
        for child in list.split(separator: " ").compactMap({ pid_t($0) }) where seen.insert(child).inserted {
          guard let entry = ProcessTable.entry(child) else { continue }
          open.append(child)
          if !entry.isZombie { found.append(entry) }
        }
      }
    }
    return found
  }

  /// Bytes in memory, each shared page counted by its share; those that may not be looked into count whole.
  static func memory(of processes: [ProcessTable.Entry]) -> Int64 {
    let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
    return processes.reduce(0) { sum, process in
      sum + (proportional(process.pid) ?? process.residentPages * page)
    }
  }

  /// The same counting shared pages as often as they are shared: never less, and much quicker.
  static func memoryAtMost(of processes: [ProcessTable.Entry]) -> Int64 {
    processes.reduce(0) { $0 + $1.residentPages } * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func proportional(_ pid: pid_t) -> Int64? {
    guard let text = ControlGroup.text("/proc/\(pid)/smaps_rollup"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") })
    else { return nil }
    return Int64(line.filter { $0.isNumber }).map { $0 * 1024 }
  }
}
