import Glibc

/// An exclusive lock on a file, held until it is released or the process ends, however it ends.
///
/// The file itself stays: removing it would let a second holder lock a new file of the same name.
package final class FileLock: Sendable {
  package enum Failure: Error, Equatable {
    /// The pid that the holder wrote, nil when it has not yet.
    case held(by: Int32?)
    case unusable(errno: Int32)

    /// The cause in the system's words, for a message.
    package var cause: String {
      switch self {
      case .held(let pid): pid.map { "process \($0) holds it" } ?? "another process holds it"
      case .unusable(let code): String(cString: strerror(code))
      }
    }
  }

  private let descriptor: Int32

  /// Takes the lock at once or throws; `path` is created with mode 0600, its folder must be there.
  package init(path: String) throws(Failure) {
    // Whoever may write to the folder could have put a link there, to have a file of ours emptied.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .unusable(errno: errno) }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .file, status.owner == geteuid() else {
      close(descriptor)
      throw .unusable(errno: EPERM)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.readPid(descriptor)
      close(descriptor)
      throw code == EWOULDBLOCK ? .held(by: holder) : .unusable(errno: code)
    }
    self.descriptor = descriptor
    let text = Array("\(getpid())\n".utf8)
    // The pid serves a message only, so a disk too full to hold it is no reason to refuse the lock.
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
  }

  deinit {
    // A child that another thread is just spawning shares the descriptor until its exec: closing alone leaves it locked.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func readPid(_ descriptor: Int32) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return Int32(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
