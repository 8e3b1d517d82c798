import Glibc

/// A file as it was at a look: another one, or one that was written to since, has another stamp.
package struct FileStamp: Sendable, Equatable {
  private var device: UInt64 = 0
  private var file: UInt64 = 0
  private var owner: UInt32 = 0
  private var size = 0
  private var seconds = 0
  private var nanoseconds = 0

  package init(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    device = UInt64(status.st_dev)
    file = UInt64(status.st_ino)
    owner = status.st_uid
    // What lies in a folder is another matter.
    guard status.st_mode & S_IFMT != S_IFDIR else { return }
    size = Int(status.st_size)
    seconds = Int(status.st_ctim.tv_sec)
    nanoseconds = Int(status.st_ctim.tv_nsec)
  }
}
