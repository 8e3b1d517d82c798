import Glibc
import RunModel

/// A file that is appended to and, before it would grow past `maxSize`, put aside as `PATH.1`; what was `.1` becomes
/// `.2`, and so on to `keep`. All of them together never hold more than `(keep + 1) * maxSize` bytes.
///
/// Whole lines only: what does not fit onto the disk is taken back. A file that somebody has moved or removed is opened
/// anew at its path, so other programs may rotate it too.
struct RotatingFile {
  let path: String
  let maxSize: Int
  let keep: Int

  private var descriptor: Int32 = -1
  private var size = 0

  init(path: String, maxSize: Int, keep: Int) {
    self.path = path
    self.maxSize = maxSize
    self.keep = keep
  }

  /// Writes lines, and returns how many of them: fewer when the disk is full or the file cannot be opened.
  mutating func append(_ lines: [[UInt8]]) -> Int {
    var done = 0
    var batch: [UInt8] = []
    var batched = 0
    guard settle() else { return 0 }
    for line in lines {
      if size + batch.count + line.count > maxSize {
        guard write(batch) else { return done }
        done += batched
        (batch, batched) = ([], 0)
        // One line that is longer than a whole file is left out, and counts as done: it would never fit.
        if line.count > maxSize {
          done += 1
          continue
        }
        guard size == 0 || rotate() else { return done }
      }
      batch += line
      batched += 1
    }
    return write(batch) ? done + batched : done
  }

  /// The next line goes to the file that has the path by then.
  mutating func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Whether there is a file to write to: the one that the path names.
  private mutating func settle() -> Bool {
    if descriptor >= 0 {
      var here = stat()
      var there = stat()
      if fstat(descriptor, &here) == 0, stat(path, &there) == 0, here.st_ino == there.st_ino,
        here.st_dev == there.st_dev
      {
        size = here.st_size
        return true
      }
      close()
    }
    return open()
  }

  private mutating func open() -> Bool {
    descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { return false }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close()
      return false
    }
    if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
    size = status.st_size
    return true
  }

  private mutating func rotate() -> Bool {
    close()
    if keep == 0 {
      guard unlink(path) == 0 || errno == ENOENT else { return false }
    } else {
      for number in stride(from: keep - 1, through: 1, by: -1) {
        guard rename("\(path).\(number)", "\(path).\(number + 1)") == 0 || errno == ENOENT else { return false }
      }
      guard rename(path, path + ".1") == 0 || errno == ENOENT else { return false }
    }
    return open()
  }

  private mutating func write(_ bytes: [UInt8]) -> Bool {
    if bytes.isEmpty { return true }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        // No half line stays.
        ftruncate(descriptor, off_t(size))
        return false
      }
      sent += count
    }
    size += bytes.count
    return true
  }

  /// The files there are, the oldest first.
  static func files(of path: String) -> [String] {
    var files: [String] = []
    var number = 1
    while access("\(path).\(number)", F_OK) == 0 {
      files.insert("\(path).\(number)", at: 0)
      number += 1
    }
    if access(path, F_OK) == 0 { files.append(path) }
    return files
  }
}
