import Glibc

/// A moment on the machine's own clock, which nobody can set: in which of its starts, and how long after it.
package struct MachineTime: Sendable, Hashable {
  /// The kernel's `boot_id`; empty where it is not told.
  package var boot: String
  package var milliseconds: Int64

  package init(boot: String, milliseconds: Int64) {
    self.boot = boot
    self.milliseconds = milliseconds
  }

  /// `BOOT MILLISECONDS`, as it is stored with a run.
  package var text: String { "\(boot) \(milliseconds)" }

  package init?(text: some StringProtocol) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, let milliseconds = Int64(words[1]) else { return nil }
    self.init(boot: String(words[0]), milliseconds: milliseconds)
  }
}

/// What only the machine knows: which of its starts this is. Injected, so that tests can restart it.
package struct Machine: Sendable {
  package var now: @Sendable () -> MachineTime

  package init(now: @escaping @Sendable () -> MachineTime) { self.now = now }

  package var boot: String { now().boot }

  /// Whether what began at `start` was ended by a restart of the machine; false when either is unknown.
  package func hasRestarted(since boot: String?) -> Bool {
    guard let boot, !boot.isEmpty, !self.boot.isEmpty else { return false }
    return boot != self.boot
  }

  /// `bootFile`: where the id of this start is read.
  package static func present(bootFile: String = "/proc/sys/kernel/random/boot_id") -> Machine {
    let boot = firstLine(of: bootFile)
    return Machine {
      var time = timespec()
      clock_gettime(CLOCK_BOOTTIME, &time)
      return MachineTime(boot: boot, milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
  }

  /// Empty when there is no such file: then no restart is ever claimed.
  private static func firstLine(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = max(0, read(descriptor, &bytes, bytes.count))
    return String(decoding: bytes[..<count].prefix { $0 > 0x20 }, as: UTF8.self)
  }
}
