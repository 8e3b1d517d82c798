import Glibc
import Orchestration
import RunModel
import Synchronization

/// A work tree and the folders of its repository, as they were found once. What lies in the work tree, its `.git` included,
/// is the agent's to write and is not asked again.
struct Checkout: Sendable, Hashable {
  /// Absolute path of the work tree.
  var top: String
  /// Where its HEAD and its index lie.
  var gitFolder: String
  /// The folder that all work trees of the repository share.
  var common: String

  /// What `.git` of a worktree of ours says.
  var link: String { "gitdir: \(gitFolder)\n" }
}

/// The tops of work trees that git has found, for as long as what it found them by is as it was.
final class KnownPlaces: Sendable {
  private struct Find {
    var checkout: Checkout
    var stamps: [FileStamp]
  }

  private static let most = 256
  private let finds = Mutex<[String: Find]>([:])

  func checkout(at place: String) -> Checkout? {
    guard let find = finds.withLock({ $0[place] }), find.stamps == Self.stamps(place, find.checkout) else { return nil }
    return find.checkout
  }

  /// Only for a folder that has a `.git` of its own: below it another one may be made at any time.
  func note(_ checkout: Checkout, at place: String) {
    guard Files.exists(place + "/.git") else { return }
    finds.withLock { finds in
      if finds.count >= Self.most { finds = [:] }
      finds[place] = Find(checkout: checkout, stamps: Self.stamps(place, checkout))
    }
  }

  private static func stamps(_ place: String, _ checkout: Checkout) -> [FileStamp] {
    [place, place + "/.git", checkout.gitFolder, checkout.common + "/config"].map { FileStamp($0) }
  }
}

extension Git {
  /// The checkout that a folder belongs to, for a folder that nobody has handed to an agent: found as git finds it.
  func locate(_ place: String) async throws -> Checkout {
    if let known = places.checkout(at: place) { return known }
    let found = try await find(place)
    places.note(found, at: place)
    return found
  }

  private func find(_ place: String) async throws -> Checkout {
    guard Files.exists(place + "/.") else {
      throw Problem(.invalid, "There is no folder \(place).", member: "repository")
    }
    let answer = try await look(
      ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir"], from: place)
    let lines = answer.text.split(separator: "\n").map(String.init)
    if answer.status == 0, lines.count == 3 {
      guard Files.isInside(place, lines[0]) else {
        throw Problem(
          .invalid, "The repository of \(place) names another folder, \(lines[0]), as its work tree (core.worktree).",
          member: "repository")
      }
      return Checkout(top: lines[0], gitFolder: lines[1], common: lines[2])
    }
    if answer.diagnostics.contains("dubious ownership") {
      throw Problem(
        .invalid,
        "\(place) belongs to someone else, so git refuses it. Allow it: git config --global --add safe.directory \(place)",
        member: "repository")
    }
    throw Problem(
      .invalid, "\(place) is not a git repository. Make it one (git init, then a commit) or name another with --repo.",
      member: "repository")
  }

  func commit(_ reference: String?, in checkout: Checkout) async throws -> String {
    let name = reference ?? "HEAD"
    let answer = try await run(
      ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"], in: checkout)
    if answer.status == 0 { return answer.text }
    let head = try await run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], in: checkout)
    guard head.status == 0 else {
      throw Problem(
        .invalid, "The repository \(checkout.top) has no commit yet. Make a first one (git commit).",
        member: "repository")
    }
    throw Problem(
      .invalid, "The base \"\(name)\" is no commit of \(checkout.top). See git branch and git tag.", member: "base")
  }

  /// Where a run works, as it was recorded when its worktree was made; once that is gone, its repository.
  func checkout(of workspace: Workspace) async throws -> Checkout {
    let isThere = Files.isFolder(workspace.path)
    if isThere, let folder = workspace.gitFolder, let common = Self.common(of: folder) {
      return Checkout(top: workspace.path, gitFolder: folder, common: common)
    }
    guard let repository = workspace.repository else {
      throw Problem(.notFound, "The worktree \(workspace.path) is gone, and nobody knows of which repository it was.")
    }
    let main = try await locate(repository)
    guard isThere else { return main }
    return try worktree(at: workspace.path, of: main)
  }

  /// The worktree of a repository at this path, by the repository's own word.
  func worktree(at path: String, of main: Checkout) throws(Problem) -> Checkout {
    for name in Files.names(in: main.common + "/worktrees") {
      let folder = "\(main.common)/worktrees/\(name)"
      let link = try Files.text(folder + "/gitdir", limit: 8192)?.split(separator: "\n").first.map(String.init)
      if let link, link.hasSuffix("/.git"), Files.isSame(String(link.dropLast(5)), path) {
        return Checkout(top: path, gitFolder: folder, common: main.common)
      }
    }
    throw Problem(.notFound, "The repository \(main.top) knows no worktree at \(path) any more.")
  }

  /// Takes a worktree off the repository's list. Not by git, which asks the worktree itself whether it may.
  func forget(_ workspace: Workspace, of main: Checkout) {
    // None: it is forgotten already.
    let folder = workspace.gitFolder ?? (try? worktree(at: workspace.path, of: main))?.gitFolder
    guard let folder, Self.common(of: folder).map({ Files.isSame($0, main.common) }) == true else { return }
    Files.removeTree(folder)
  }

  /// `/repository/.git` for `/repository/.git/worktrees/NAME`.
  static func common(of gitFolder: String) -> String? {
    let parts = gitFolder.split(separator: "/")
    guard gitFolder.hasPrefix("/"), parts.count > 2, parts[parts.count - 2] == "worktrees" else { return nil }
    return "/" + parts.dropLast(2).joined(separator: "/")
  }
}

extension Checkout {
  /// What an agent has put in the place of what git made there.
  enum Meddling: Equatable {
    /// Its `.git` led to another repository.
    case link
    /// It was a repository of the agent's own, which is now kept at this path.
    case repository(String)
  }

  /// Makes a worktree's `.git` say again what it said when it was made, so that nothing that is started there later (the
  /// operator's editor, a test) takes an agent's configuration for the repository's. `keep` is where a repository goes
  /// that lies in its place.
  func mendLink(keep: String) throws(Problem) -> Meddling? {
    let path = top + "/.git"
    var status = stat()
    var meddling: Meddling? = .link
    if lstat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        let found = try Files.read(path, limit: 8192)
        if found == Array(link.utf8) { return nil }
        // git itself writes it anew, for a worktree that is moved or mended.
        if let found, String(decoding: found, as: UTF8.self).split(separator: "\n") == link.split(separator: "\n") {
          meddling = nil
        }
      case S_IFDIR:
        guard rename(path, keep) == 0 else { throw Files.problem(errno, "move away", path) }
        meddling = .repository(keep)
      default: break
      }
      if meddling == .link || meddling == nil { unlink(path) }
    }
    try Files.write(Array(link.utf8), to: path)
    return meddling
  }

  /// Removes the locks on what is one run's alone: the worktree's index and HEAD, and its branch.
  func clearLocks(branch: String?) {
    var locks = ["index.lock", "HEAD.lock"].map { "\(gitFolder)/\($0)" }
    if let branch { locks.append("\(common)/refs/heads/\(branch).lock") }
    for lock in locks { Files.removeTree(lock) }
  }

  /// The branch that HEAD is on, as git leaves it that has just moved it; else nil.
  func branch() throws(Problem) -> String? {
    let prefix = "ref: refs/heads/"
    let text = try Files.text(gitFolder + "/HEAD", limit: 8192, following: false) ?? ""
    return text.hasPrefix(prefix) && text.hasSuffix("\n") ? String(text.dropFirst(prefix.count).dropLast()) : nil
  }

  /// The commit of a branch in a file of its own, as git leaves it that has just moved it; else nil.
  func tip(of branch: String) throws(Problem) -> String? {
    let text = try Files.text("\(common)/refs/heads/\(branch)", limit: 256, following: false)?.dropLast()
    guard let text, [40, 64].contains(text.count), text.allSatisfy(\.isHexDigit) else { return nil }
    return String(text)
  }

  /// Removes from the worktree's own git folder what git never puts there: links, through which it would write elsewhere,
  /// and FIFOs, for which it would wait.
  func sweepGitFolder() {
    var folders = [gitFolder]
    while let folder = folders.popLast() {
      for name in Files.names(in: folder) {
        let path = "\(folder)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: folders.append(path)
        default: unlink(path)
        }
      }
    }
  }
}
