import Glibc

/// The processes of this machine, as `/proc` shows them at one moment.
struct ProcessTable {
  struct Entry {
    var pid: pid_t
    var parent: pid_t
    /// Dead and not yet reaped.
    var isZombie: Bool
  }

  let entries: [Entry]

  init() {
    entries = Self.pids().compactMap(Self.entry)
  }

  /// Every living process below `root`, however deep and whatever its session; zombies are passed through.
  func descendants(of root: pid_t) -> [pid_t] {
    var children: [pid_t: [Entry]] = [:]
    for entry in entries { children[entry.parent, default: []].append(entry) }
    var found: [pid_t] = []
    var open = [root]
    while let parent = open.popLast() {
      for entry in children[parent] ?? [] {
        open.append(entry.pid)
        if !entry.isZombie { found.append(entry.pid) }
      }
    }
    return found
  }

  /// Living processes that were started with this entry (`NAME=value`) in their environment, and all below them.
  static func marked(by entry: String) -> [pid_t] {
    let table = ProcessTable()
    let wanted = Array(entry.utf8) + [0]
    var found = Set<pid_t>()
    for process in table.entries where !process.isZombie && process.pid != getpid() {
      guard let environment = contents("/proc/\(process.pid)/environ"), has(wanted, in: environment) else { continue }
      found.insert(process.pid)
      found.formUnion(table.descendants(of: process.pid))
    }
    found.remove(getpid())
    return found.sorted()
  }

  /// Living processes that were started with this argument among others.
  static func running(withArgument argument: String) -> [pid_t] {
    let wanted = Array(argument.utf8) + [0]
    return ProcessTable().entries.filter { process in
      guard !process.isZombie, process.pid != getpid(), let line = contents("/proc/\(process.pid)/cmdline") else {
        return false
      }
      return has(wanted, in: line)
    }.map(\.pid)
  }

  private static func has(_ wanted: [UInt8], in environment: [UInt8]) -> Bool {
    environment.withUnsafeBytes { environment in
      wanted.withUnsafeBytes { wanted in
        var start = 0
        while start + wanted.count <= environment.count {
          if let base = environment.baseAddress, let first = wanted.baseAddress,
            memcmp(base + start, first, wanted.count) == 0
          {
            return true
          }
          guard let end = environment[start...].firstIndex(of: 0) else { return false }
          start = end + 1
        }
        return false
      }
    }
  }

  private static func pids() -> [pid_t] {
    Files.names(in: "/proc").compactMap { pid_t($0) }
  }

  /// Nil for a process that ended meanwhile.
  private static func entry(_ pid: pid_t) -> Entry? {
    guard let stat = contents("/proc/\(pid)/stat"), let close = stat.lastIndex(of: UInt8(ascii: ")")) else {
      return nil
    }
    // "PID (name) STATE PARENT …": the name may hold anything, parentheses too.
    let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 2)
    guard fields.count == 3, let state = fields[0].first,
      let parent = pid_t(String(decoding: fields[1], as: UTF8.self))
    else { return nil }
    return Entry(pid: pid, parent: parent, isZombie: state == UInt8(ascii: "Z") || state == UInt8(ascii: "X"))
  }

  /// Nil also for what we may not read: another user's process is none of ours.
  private static func contents(_ path: String) -> [UInt8]? {
    do { return try Files.read(path) } catch { return nil }
  }
}
