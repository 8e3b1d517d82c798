import Glibc
import RunModel

/// An index of our own for a look at a work tree: a copy of the agent's, which saves reading every file, and leaves the
/// agent's as it is.
struct OwnIndex: Sendable {
  private let git: Git
  private let checkout: Checkout
  private let path: String
  /// Repositories within the work tree: git would run itself in them, by their own configuration, to see what they hold.
  private var inner: [String] = []

  var environment: [String: String] { ["GIT_INDEX_FILE": path] }

  /// `base`: a commit, which tells by its length how git names what it stores.
  static func copy(of checkout: Checkout, base: String?, git: Git, scratch: String) async throws -> OwnIndex {
    var index = OwnIndex(git: git, checkout: checkout, path: "\(scratch)/index-\(ULIDGenerator().next())")
    do {
      if let bytes = try Files.read(checkout.gitFolder + "/index", following: false) {
        try Files.write(bytes, to: index.path)
        if base?.count == 40, let entries = PlainIndex.entries(of: bytes) {
          if index.take(entries) { return index }
        } else if try await index.list() {
          return index
        }
      }
      // There is none, or none that can be used: git is told from HEAD, whose paths it checks.
      try await index.readHead()
      return index
    } catch {
      index.remove()
      throw error
    }
  }

  private init(git: Git, checkout: Checkout, path: String) {
    self.git = git
    self.checkout = checkout
    self.path = path
  }

  func remove() {
    Files.removeTree(path)
    // Of a git that was ended.
    Files.removeTree(path + ".lock")
  }

  /// Becomes the worktree's own, once the agent is gone; a lock that it left is nobody's.
  func takePlace(in checkout: Checkout) throws(Problem) {
    Files.removeTree(checkout.gitFolder + "/index.lock")
    let place = checkout.gitFolder + "/index"
    // Another file system: the state folder's.
    if rename(path, place) == 0 { return }
    guard let bytes = try Files.read(path, following: false) else { return }
    try Files.write(bytes, to: place)
  }

  /// Takes in everything in the work tree that is not ignored. Status 1: some could not be read.
  func add(_ options: [String] = []) async throws -> Git.Answer {
    try await set("--skip-worktree")
    let answer = try await git.run(
      ["add", "--all", "--ignore-errors"] + options, in: checkout, adding: environment)
    try await set("--no-skip-worktree")
    if !inner.isEmpty {
      // Only the commit that each of them is at. One that cannot be read stays as it was.
      _ = try await git.run(
        ["update-index", "-z", "--add", "--remove", "--stdin"], in: checkout, adding: environment,
        input: Self.listing(inner))
    }
    return answer
  }

  /// Forgets the agent's index.
  mutating func readHead() async throws {
    Files.removeTree(path)
    _ = try await git.demand(
      ["read-tree", "HEAD"], in: checkout, adding: environment, "read \(checkout.top)")
    guard try await list() else { throw Problem(.conflict, "HEAD of \(checkout.top) holds paths that lead out of it.") }
  }

  private func set(_ flag: String) async throws {
    if inner.isEmpty { return }
    _ = try await git.demand(
      ["update-index", "-z", flag, "--stdin"], in: checkout, adding: environment, input: Self.listing(inner),
      "look at \(checkout.top)")
  }

  private static func listing(_ paths: [String]) -> [UInt8] { paths.flatMap { Array($0.utf8) + [0] } }

  /// False when the index is damaged, or made to lead out of the work tree.
  private mutating func list() async throws -> Bool {
    let answer = try await git.run(["ls-files", "--stage", "-z"], in: checkout, adding: environment, limit: 1 << 30)
    guard answer.status == 0 else { return false }
    var entries: [PlainIndex.Entry] = []
    for entry in answer.output.split(separator: 0) {
      guard let entry = PlainIndex.Entry(listed: entry) else { return false }
      entries.append(entry)
    }
    return take(entries)
  }

  private mutating func take(_ entries: [PlainIndex.Entry]) -> Bool {
    guard entries.allSatisfy({ WorkFolder.isInside($0.path) }) else { return false }
    inner = entries.filter(\.isRepository).map { String(decoding: $0.path, as: UTF8.self) }
    return true
  }
}
