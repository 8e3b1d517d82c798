import Foundation
import Glibc
import Testing

/// A small file system of its own under an orchestrator's state, in a mount namespace that goes with the orchestrator.
enum SmallDisk {
  /// The words that start a program with a file system of this size at `place`, after `then` has been done there.
  static func wrapper(at place: String, size: String, then: String = "true") -> [String] {
    [
      "/usr/bin/unshare", "-m", "/bin/sh", "-ec",
      "mount --make-rprivate /; mount -t tmpfs -o mode=0700,size=\(size) none '\(place)'; \(then); exec \"$@\"", "sh",
    ]
  }

  /// The same folder, made read only.
  static func readOnly(_ place: String) -> [String] {
    [
      "/usr/bin/unshare", "-m", "/bin/sh", "-ec",
      "mount --make-rprivate /; mount --bind '\(place)' '\(place)'; mount -o remount,ro,bind '\(place)'; exec \"$@\"",
      "sh",
    ]
  }

  /// Takes all the room there is, where the process sees it.
  static func fill(_ file: String, of process: pid_t) throws {
    let descriptor = open("/proc/\(process)/root\(file)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard descriptor >= 0 else { throw OrchestratorProcess.Failure(description: "cannot fill \(file): errno \(errno)") }
    defer { close(descriptor) }
    for size in [65_536, 4096] {
      let block = [UInt8](repeating: 0x78, count: size)
      while write(descriptor, block, size) == size {}
    }
  }

  static func free(_ file: String, of process: pid_t) { unlink("/proc/\(process)/root\(file)") }
}

private func system(_ line: String) -> Int32 {
  var child: pid_t = 0
  var words: [UnsafeMutablePointer<CChar>?] = (["/bin/sh", "-c", line] as [String]).map { strdup($0) } + [nil]
  defer { for word in words { free(word) } }
  guard posix_spawn(&child, "/bin/sh", nil, nil, &words, nil) == 0 else { return -1 }
  return Reaper.wait(child, patience: 30)
}
