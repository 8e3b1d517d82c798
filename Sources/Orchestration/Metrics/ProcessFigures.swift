import Glibc

/// What Linux tells about this process, under the names that Prometheus gives to it.
package enum ProcessFigures {
  package static func metrics() -> MetricsPage {
    var page = MetricsPage()
    // The name, in brackets, may hold spaces; fields are counted from behind it, the state first.
    if let stat = read("/proc/self/stat"), let bracket = stat.lastIndex(of: ")") {
      let fields = stat[stat.index(after: bracket)...].split(separator: " ")
      func field(_ number: Int) -> Double { fields.count > number - 3 ? Double(fields[number - 3]) ?? 0 : 0 }
      let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
      page.counter("process_cpu_seconds_total", "Time on the processors.", (field(14) + field(15)) / ticks)
      page.gauge(
        "process_resident_memory_bytes", "Memory held.", field(24) * Double(sysconf(Int32(_SC_PAGESIZE))))
      page.gauge("process_virtual_memory_bytes", "Address space taken.", field(23))
      page.gauge("process_threads", "Threads.", field(20))
      if let boot = read("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })?
        .split(separator: " ").last.flatMap({ Double($0) })
      {
        page.gauge("process_start_time_seconds", "When it began, since 1970.", boot + field(22) / ticks)
      }
    }
    if let count = openDescriptors { page.gauge("process_open_fds", "Open descriptors.", Double(count)) }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      page.gauge("process_max_fds", "Descriptors that it may open.", Double(limit.rlim_cur))
    }
    return page
  }

  private static var openDescriptors: Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return max(0, count - 3)  // itself, "." and ".."
  }

  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer.prefix(count)
    }
  }
}
