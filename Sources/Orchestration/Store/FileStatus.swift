import Glibc

/// What a file is, whose, and who may do what with it.
package struct FileStatus: Sendable, Hashable {
  package enum Kind: Sendable, Hashable { case file, folder, link, socket, other }

  package var kind: Kind
  package var owner: UInt32
  /// Permissions, and the sticky bit.
  package var mode: UInt32
  /// Which file it is: of another that takes its name, one of the two differs.
  package var device: UInt64
  package var number: UInt64

  /// Nil, and `errno`, for what is not there.
  package init?(path: String, followingLinks: Bool = false) {
    var status = stat()
    guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    self.init(status)
  }

  package init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFSOCK: .socket
      default: .other
      }
    owner = status.st_uid
    mode = status.st_mode & 0o7777
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }
}
