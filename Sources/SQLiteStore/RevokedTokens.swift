import Glibc
import Orchestration
import RunModel

/// `<folder>/revoked`: which tokens were revoked, beside the store, so that the restore of an older backup makes none of
/// them good again. Only ever appended to; one line a token, its id and when.
struct RevokedTokens {
  let path: String

  init(folder: String) { path = folder + "/revoked" }

  /// What is no such line was broken off in the middle, and is no revocation.
  func read() throws(Problem) -> [TokenID: Timestamp] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return [:] }
      throw problem("read")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &part, part.count)
      guard count >= 0 else { throw problem("read") }
      if count == 0 { break }
      bytes += part[..<count]
    }
    var revoked: [TokenID: Timestamp] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let id = TokenID(String(words[0])), let time = Timestamp(String(words[1])) else {
        continue
      }
      revoked[id] = revoked[id] ?? time
    }
    return revoked
  }

  /// Returns once they are on the disk; those that are there already are left out.
  func add(_ revoked: [TokenID: Timestamp]) throws(Problem) {
    let known = try read()
    let news = revoked.filter { known[$0.key] == nil }.sorted { $0.key < $1.key }
    if news.isEmpty { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw problem("written") }
    defer { close(descriptor) }
    // The line before it may have been broken off.
    let bytes = Array(news.map { "\n\($0.key) \($0.value)\n" }.joined().utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else { throw problem("written") }
  }

  private func problem(_ verb: String) -> Problem {
    let code = errno
    let remedy = code == ENOSPC || code == EDQUOT ? "Free some space" : "Make it and its folder yours"
    return Problem(
      .unavailable,
      "The list of revoked tokens \(path) cannot be \(verb): \(String(cString: strerror(code))). \(remedy).",
      cause: code == ENOSPC || code == EDQUOT ? "the disk is full" : nil)
  }
}

extension StoredToken {
  /// When it was revoked; nil when it was not, or cannot be read and so lets nobody in.
  var revokedAt: Timestamp? { (try? JSONValue(parsing: json)).flatMap(TokenSummary.init(json:))?.revokedAt }
}

extension [StoredToken] {
  var revoked: [TokenID: Timestamp] {
    reduce(into: [:]) { revoked, token in if let time = token.revokedAt { revoked[token.id] = time } }
  }
}
