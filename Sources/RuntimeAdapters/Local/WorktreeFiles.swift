import CProcess
import Glibc
import RunModel

/// A worktree's files as an agent may read and write them through us: nothing outside of it, by whatever name or link, and
/// nothing of git's.
struct WorktreeFiles {
  let root: String

  /// The largest file that is read, and what of it goes to the agent at once.
  static let largest = 32 << 20

  enum Refusal: Error, Equatable {
    case missing
    case because(String)
  }

  /// The text, or `limit` lines from `line` on, which counts from 1.
  func read(_ path: String, line: Int? = nil, limit: Int? = nil) throws(Refusal) -> String {
    let place = try self.place(of: path)
    let folder = try openRoot()
    defer { close(folder) }
    let descriptor = cprocess_open_below(folder, place, O_RDONLY | O_NONBLOCK, 0)
    guard descriptor >= 0 else { throw refusal(-descriptor, path) }
    defer { close(descriptor) }
    try check(descriptor, path)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refusal(errno, path) }
      if count == 0 { break }
      bytes += chunk[..<count]
      guard bytes.count <= Self.largest else {
        throw .because("\(path) is larger than \(Self.largest >> 20) MiB")
      }
    }
    let wanted = Self.lines(of: bytes, from: line, limit)
    guard let text = String(validating: wanted, as: UTF8.self) else { throw .because("\(path) is no UTF-8 text") }
    return text
  }

  static func lines(of bytes: [UInt8], from line: Int?, _ limit: Int?) -> ArraySlice<UInt8> {
    var start = bytes.startIndex
    for _ in 1..<max(1, min(line ?? 1, bytes.count + 2)) {
      guard let newline = bytes[start...].firstIndex(of: 0x0A) else { return [] }
      start = newline + 1
    }
    guard let limit else { return bytes[start...] }
    var end = start
    for _ in 0..<max(0, min(limit, bytes.count + 1)) {
      guard let newline = bytes[end...].firstIndex(of: 0x0A) else { return bytes[start...] }
      end = newline + 1
    }
    return bytes[start..<end]
  }

  /// Writes the whole file, and the folders above it that are missing. One that is there keeps its mode.
  func write(_ text: String, to path: String) throws(Refusal) {
    let place = try self.place(of: path)
    let folder = try openRoot()
    defer { close(folder) }
    var descriptor = cprocess_open_below(folder, place, O_WRONLY | O_NONBLOCK, 0)
    if descriptor == -ENOENT { descriptor = try create(place, in: folder, path) }
    guard descriptor >= 0 else { throw refusal(-descriptor, path) }
    defer { close(descriptor) }
    try check(descriptor, path)
    guard ftruncate(descriptor, 0) == 0, Files.writeAll(Array(text.utf8), to: descriptor) else {
      throw refusal(errno, path)
    }
  }

  private func create(_ place: String, in folder: CInt, _ path: String) throws(Refusal) -> CInt {
    let names = place.split(separator: "/")
    guard let name = names.last else { throw .because("\(path) names no file") }
    var above = folder
    defer { if above != folder { close(above) } }
    for count in 1..<max(1, names.count) {
      let next = names[..<count].joined(separator: "/")
      var opened = cprocess_open_below(folder, next, O_RDONLY | O_DIRECTORY, 0)
      if opened == -ENOENT {
        guard mkdirat(above, String(names[count - 1]), 0o777) == 0 || errno == EEXIST else {
          throw refusal(errno, path)
        }
        opened = cprocess_open_below(folder, next, O_RDONLY | O_DIRECTORY, 0)
      }
      guard opened >= 0 else { throw refusal(-opened, path) }
      if above != folder { close(above) }
      above = opened
      // Before anything is made there.
      try checkPlace(above, path)
    }
    return cprocess_open_below(above, String(name), O_WRONLY | O_CREAT | O_EXCL, 0o666)
  }

  /// Relative to the worktree, and not git's by its name.
  func place(of path: String) throws(Refusal) -> String {
    var place = path[...]
    if path.hasPrefix("/") {
      guard path == root || path.hasPrefix(root + "/") else {
        throw .because("\(path) is outside of the worktree \(root)")
      }
      place = path.dropFirst(root.utf8.count)
    }
    let names = place.split(separator: "/").filter { $0 != "." }
    guard !names.isEmpty, !path.utf8.contains(0) else { throw .because("\(path) names no file") }
    guard !names.contains("..") else { throw .because("\(path) leads out of the worktree by \"..\"") }
    guard !names.contains(where: { Self.isGits($0) }) else { throw .because("\(path) belongs to git") }
    return names.joined(separator: "/")
  }

  private static func isGits(_ name: Substring) -> Bool { name.lowercased() == ".git" }

  private func openRoot() throws(Refusal) -> CInt {
    let folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard folder >= 0 else { throw .because("the worktree \(root) is not there") }
    return folder
  }

  private func check(_ descriptor: CInt, _ path: String) throws(Refusal) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .because("\(path) is no file")
    }
    try checkPlace(descriptor, path)
  }

  /// Where it really is: a link within the worktree may lead to what is git's.
  private func checkPlace(_ descriptor: CInt, _ path: String) throws(Refusal) {
    let real = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      guard let base = buffer.baseAddress else { return "" }
      let count = readlink("/proc/self/fd/\(descriptor)", base, buffer.count)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
    guard !real.isEmpty, !real.split(separator: "/").contains(where: Self.isGits) else {
      throw .because("\(path) belongs to git")
    }
  }

  private func refusal(_ code: CInt, _ path: String) -> Refusal {
    switch code {
    case ENOENT: .missing
    case EXDEV, ELOOP: .because("\(path) leads out of the worktree")
    default: .because("\(path): \(String(cString: strerror(code)))")
    }
  }
}
