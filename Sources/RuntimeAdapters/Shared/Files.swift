import Glibc
import RunModel

/// Files by the system's own calls: the supervisor uses them too, which must not touch Foundation.
enum Files {
  /// What went wrong with a path, with the way out where there is one.
  static func problem(_ code: CInt, _ doing: String, _ path: String) -> Problem {
    let text = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT: return Problem(.unavailable, "No space is left to \(doing) \(path). Free some and try again.")
    case EACCES, EPERM, EROFS:
      return Problem(.unavailable, "Cannot \(doing) \(path): \(text). Check who owns it and its mode.")
    default: return Problem(.unavailable, "Cannot \(doing) \(path): \(text).")
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// What the file system of the folder has left for us; nil when it does not say.
  static func freeBytes(_ folder: String) -> UInt64? {
    var space = statvfs()
    guard statvfs(folder, &space) == 0 else { return nil }
    return UInt64(space.f_bavail) * UInt64(space.f_frsize)
  }

  /// Makes the folder and those above it, for the owner alone.
  static func makeFolder(_ path: String) throws(Problem) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    let code = errno
    guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw problem(code, "make the folder", path)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw problem(errno, "make the folder", path) }
  }

  static func isRegular(_ path: String) -> Bool { kind(path) == S_IFREG }
  static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
  static func isLink(_ path: String) -> Bool { kind(path) == S_IFLNK }

  static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// Of the thing itself, not of what a link leads to; nil when there is nothing.
  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// Whether two paths lead to the same thing; also true for two equal ones that lead nowhere.
  static func isSame(_ one: String, _ other: String) -> Bool {
    if one == other { return true }
    var first = stat()
    var second = stat()
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }

  /// Whether a path leads into a folder, or to it.
  static func isInside(_ path: String, _ folder: String) -> Bool {
    guard let path = real(path), let folder = real(folder) else { return false }
    return path == folder || folder == "/" || path.hasPrefix(folder + "/")
  }

  private static func real(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  /// The whole file, or its first `limit` bytes; nil when there is none. What is no file, a FIFO say, is an error and not
  /// waited for. `following` false: a link is an error too.
  static func read(_ path: String, limit: Int = .max, following: Bool = true) throws(Problem) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (following ? 0 : O_NOFOLLOW))
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      if errno == ELOOP, !following { throw Problem(.conflict, "\(path) is a link, and is not followed.") }
      throw problem(errno, "read", path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Problem(.conflict, "\(path) is no file.")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < limit {
      let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw problem(errno, "read", path) }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }

  static func text(_ path: String, limit: Int = .max, following: Bool = true) throws(Problem) -> String? {
    try read(path, limit: limit, following: following).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Replaces the file so that a reader sees the old or the new, whole; `durably`, also when the power goes right after.
  static func write(
    _ bytes: [UInt8], to path: String, durably: Bool = false, mode: mode_t = 0o600
  ) throws(Problem) {
    let fresh = path + ".new"
    // One that was left, or a link that was put there: nothing is written through it.
    unlink(fresh)
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw problem(errno, "write", path) }
    let written = writeAll(bytes, to: descriptor) && (!durably || fsync(descriptor) == 0)
    let code = errno
    close(descriptor)
    guard written, rename(fresh, path) == 0 else {
      let code = written ? errno : code
      unlink(fresh)
      throw problem(code, "write", path)
    }
  }

  /// False, with errno set, when not everything could be written.
  static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return false }
        done += count
      }
      return true
    }
  }

  /// Whether another process holds the lock on this file.
  static func isLocked(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) != 0 { return errno == EWOULDBLOCK }
    return false
  }

  /// The names in a folder; empty when it cannot be read.
  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// What a file, or a folder with all it holds, takes of the disk; no link is followed. Lets others run meanwhile.
  static func size(_ path: String) async -> Int64 {
    var total: Int64 = 0
    var seen = 0
    var waiting = [path]
    while let next = waiting.popLast() {
      var status = stat()
      guard lstat(next, &status) == 0 else { continue }
      total += Int64(status.st_blocks) * 512
      if status.st_mode & S_IFMT == S_IFDIR { waiting += names(in: next).map { next + "/" + $0 } }
      seen += 1
      if seen % 256 == 0 { await Task.yield() }
    }
    return total
  }

  /// Removes a file, or a folder with all it holds, never following a link. What cannot be removed stays.
  static func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      chmod(path, 0o700)
      for name in names(in: path) { removeTree(path + "/" + name) }
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
