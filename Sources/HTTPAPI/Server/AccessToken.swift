import Glibc
package import RunModel

/// The bearer token that a client on TCP must show; an admin's.
package struct AccessToken: Sendable {
  /// What the client sends after `Bearer `.
  package let text: String

  package init(_ text: String) { self.text = text }

  /// The token in `<stateFolder>/token`, made there with mode 0600 when there is none.
  package static func loadOrCreate(in stateFolder: String) throws(Problem) -> AccessToken {
    let path = stateFolder + "/token"
    if let token = try read(path) { return token }
    var random = SystemRandomNumberGenerator()
    let text = (0..<32).map { _ in
      let byte = String(UInt8.random(in: 0...255, using: &random), radix: 16)
      return byte.count == 1 ? "0" + byte : byte
    }.joined()
    try write(text, to: path)
    return AccessToken(text)
  }

  /// Compares in a time that depends on the lengths alone.
  func matches(_ candidate: some Sequence<UInt8>) -> Bool {
    let wanted = Array(text.utf8)
    let given = Array(candidate)
    var difference: UInt8 = wanted.count == given.count && !wanted.isEmpty ? 0 : 1
    for (position, byte) in given.enumerated() where !wanted.isEmpty {
      difference |= byte ^ wanted[position % wanted.count]
    }
    return difference == 0
  }

  private static func read(_ path: String) throws(Problem) -> AccessToken? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Problem(.unavailable, "The token in \(path) cannot be read: \(String(cString: strerror(errno))).")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == getuid(), status.st_mode & 0o077 == 0 else {
      throw Problem(
        .forbidden, "The token in \(path) must be yours alone. Run chmod 600 \(path), or remove it to get a new one.")
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard text.count == 1 else {
      throw Problem(.invalid, "The file \(path) does not hold one token. Remove it to get a new one.")
    }
    return AccessToken(String(text[0]))
  }

  /// Written beside and moved into place, so that nobody reads half a token. The store's lock keeps a second writer out.
  private static func write(_ text: String, to path: String) throws(Problem) {
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
