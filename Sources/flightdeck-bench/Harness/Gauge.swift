import FoundationEssentials
import Glibc

/// What the system tells of a living process.
struct Gauge {
  let pid: pid_t

  /// Megabytes (10⁶ bytes) that are resident, and the most since `reset`.
  var resident: Double { kilobytes("VmRSS") * 1024 / 1_000_000 }
  var peak: Double { kilobytes("VmHWM") * 1024 / 1_000_000 }

  var descriptors: Int {
    // A process that has ended has none.
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).count
  }

  /// The most begins anew from what is resident now.
  func reset() {
    let file = open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// Megabytes (10⁶ bytes) that no other process shares.
  var unshared: Double {
    (kilobytes("Private_Clean", in: "smaps_rollup") + kilobytes("Private_Dirty", in: "smaps_rollup")) * 1024 / 1_000_000
  }

  private func kilobytes(_ name: String, in source: String = "status") -> Double {
    guard let file = fopen("/proc/\(pid)/\(source)", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .split { $0 == ":" || $0 == " " || $0 == "\t" }
      if words.count > 1, words[0] == name { return Double(words[1]) ?? 0 }
    }
    return 0
  }
}
