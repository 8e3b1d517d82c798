import Foundation
import Glibc

/// What the system tells of a living process.
struct ProcessFacts {
  let pid: pid_t

  /// Resident megabytes now, and at the most that it ever had.
  var resident: Int { megabytes("VmRSS") }
  var peak: Int { megabytes("VmHWM") }

  /// Open descriptors.
  var descriptors: Int {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []).count  // gone: none
  }

  private func megabytes(_ name: String) -> Int {
    // A process that has ended has no memory.
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
      return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }
    return 0
  }
}
