import Glibc
package import Orchestration
package import RunModel

/// The operator's own token: an admin's, in a file that clients read. The file is the client's copy and is written once;
/// the orchestrator keeps the hash alone.
package struct TokenFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Long enough that nobody guesses it, also for one that somebody has put there.
  private static let shortest = 32

  /// Makes the file (0600) when there is none, and sees that what it holds is a token. Returns what is wrong with it, when
  /// it lets nobody in any more.
  package func prepare(for access: AccessControl) async throws -> String? {
    let secret: String
    if let found = try read() {
      guard found.utf8.count >= Self.shortest else {
        throw Problem(
          .invalid, "The token in \(path) is shorter than \(Self.shortest) characters. Remove it to get a new one.")
      }
      secret = found
    } else {
      secret = TokenSecret.make()
      try write(secret)
    }
    switch try await access.adopt(secret) {
    case .admitted, .unknown: return nil
    case .expired, .revoked: return "The token in \(path) lets nobody in any more. Remove the file to get a new one."
    }
  }

  /// Nil when there is no file. Throws when it is not the user's alone, or holds something else.
  package func read() throws(Problem) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Problem(.unavailable, "The token in \(path) cannot be read: \(String(cString: strerror(errno))).")
    }
    defer { close(descriptor) }
    guard let status = FileStatus(descriptor: descriptor), status.owner == getuid(), status.mode & 0o077 == 0 else {
      throw Problem(
        .forbidden, "The token in \(path) must be yours alone. Run chmod 600 \(path), or remove it to get a new one.")
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard text.count == 1, text[0].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Problem(.invalid, "The file \(path) does not hold one token. Remove it to get a new one.")
    }
    return String(text[0])
  }

  /// Written beside and moved into place, so that nobody reads half a token. The store's lock keeps a second writer out.
  private func write(_ text: String) throws(Problem) {
    let part = "\(path).\(getpid())"
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    let bytes = Array((text + "\n").utf8)
    let written =
      descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
    let code = errno
    if descriptor >= 0 { close(descriptor) }
    defer { unlink(part) }
    guard written, rename(part, path) == 0 else {
      let cause = String(cString: strerror(written ? errno : code))
      throw Problem(.unavailable, "The token cannot be written to \(path): \(cause).")
    }
  }
}
