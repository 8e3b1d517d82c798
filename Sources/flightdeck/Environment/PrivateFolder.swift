import Glibc
import RunModel

/// A folder that only its owner may enter.
enum PrivateFolder {
  /// Makes the folder and those above it (0700) unless it is there; one that belongs to somebody else, or that others may
  /// write to, is refused, since whoever owns it could put another's socket into it.
  static func make(_ path: String) throws(Problem) {
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      guard errno == ENOENT, path != "/" else { throw failed("make the folder", path) }
      let parent = Paths.parent(of: path)
      try makeParents(parent)
      if mkdir(path, 0o700) != 0, errno != EEXIST { throw failed("make the folder", path) }
    }
    try check(path)
  }

  /// Throws unless the folder is ours alone to write to.
  static func check(_ path: String) throws(Problem) {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw failed("look at", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      // A link that the user made to a folder of their own is fine.
      guard status.st_mode & S_IFMT == S_IFLNK, status.st_uid == getuid(), stat(path, &status) == 0,
        status.st_mode & S_IFMT == S_IFDIR
      else { throw Problem(.invalid, "\(path) is not a folder. Move it away, or choose another place with --state.") }
      return
    }
    guard status.st_uid == getuid() else {
      throw Problem(
        .forbidden,
        "\(path) belongs to another user (uid \(status.st_uid)). Set XDG_RUNTIME_DIR or --state to a folder of your own."
      )
    }
    guard status.st_mode & 0o022 == 0 else {
      throw Problem(.forbidden, "Others may write to \(path). Take that away with: chmod go-w '\(path)'")
    }
  }

  private static func makeParents(_ path: String) throws(Problem) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path != "/" else { throw failed("make the folder", path) }
    try makeParents(Paths.parent(of: path))
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw failed("make the folder", path) }
  }

  private static func failed(_ what: String, _ path: String) -> Problem {
    Problem(.unavailable, "Cannot \(what) \(path): \(String(cString: strerror(errno))).")
  }
}

/// Whole files, read with errors that name them.
enum WholeFile {
  /// The bytes of a file; `-` is standard input.
  static func read(_ path: String) throws(Problem) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed(path) }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    while true {
      let start = bytes.count
      var count = 0
      var cause: Int32 = 0
      bytes.append(
        contentsOf: [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, used in
          count = Glibc.read(descriptor, buffer.baseAddress, 65_536)
          cause = errno
          used = max(0, count)
        })
      if count == 0 { return bytes }
      if count < 0, cause != EINTR {
        errno = cause
        throw failed(path)
      }
      if bytes.count - start > 1 << 30 || bytes.count > 1 << 30 {
        throw Problem(.tooLarge, "\(path) is larger than 1 GiB.")
      }
    }
  }

  private static func failed(_ path: String) -> Problem {
    Problem(.invalid, "Cannot read \(path == "-" ? "standard input" : path): \(String(cString: strerror(errno))).")
  }
}
