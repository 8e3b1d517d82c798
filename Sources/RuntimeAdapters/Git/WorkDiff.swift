import Orchestration
import RunModel

/// What a run has changed: everything from the merge base of its recorded base to its worktree, or to the commit that
/// holds its work once it has ended.
///
/// Looks with an index of its own and never touches the agent's.
struct WorkDiff: Sendable {
  enum End: Sendable {
    /// The worktree as it is, uncommitted and untracked files included.
    case worktree
    case commit(String)
  }

  struct Changes: Equatable {
    /// A rename lists both paths.
    var paths: [String] = []
    var files = 0
    var added = 0
    var removed = 0
  }

  let git: Git
  let workspace: Workspace
  /// Where the index may lie.
  let scratch: String

  private static let form = [
    "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/",
    "--submodule=short", "--ignore-submodules=dirty",
  ]
  static let longestPatch = Bounds.patch

  func changes(to end: End) async throws -> Changes {
    let answer = try await diff(["--numstat", "-z"], to: end, limit: 64 << 20)
    return Self.parseNumstat(answer.output)
  }

  func summary(to end: End) async throws -> String {
    try await diff(["--stat", "--stat-count=2000"], to: end, limit: 8 << 20).text
  }

  func patch(to end: End, _ options: PatchOptions = PatchOptions()) async throws -> [UInt8] {
    try await withinBounds { try await diff(Self.options(options), to: end, limit: Self.longestPatch).output }
  }

  /// Tells how a patch that is too large can be looked at all the same.
  private func withinBounds(_ patch: () async throws -> [UInt8]) async throws -> [UInt8] {
    do { return try await patch() } catch let problem as Problem where problem.code == .tooLarge {
      let base = workspace.base ?? "HEAD"
      throw Problem(
        .tooLarge,
        "The change is larger than \(Self.longestPatch >> 20) MB, too much to keep as a patch. It is all in the work; see it "
          + "with: git -C \(workspace.path.quotedForShell) diff --stat \(base)")
    }
  }

  /// From what one run made to what another did: two trees or commits of one repository.
  func patch(from here: String, to there: String, _ options: PatchOptions) async throws -> [UInt8] {
    try await git.demand(
      ["diff"] + Self.form + Self.options(options) + [here, there, "--"], in: try await checkout(),
      limit: Self.longestPatch, "compare the two results"
    ).output
  }

  private static func options(_ options: PatchOptions) -> [String] {
    ["--patch", "--binary", "--full-index", "-U\(options.context)"] + (options.ignoresWhiteSpace ? ["-w"] : [])
  }

  /// Where git is asked: the worktree, or its repository once it is gone.
  func checkout() async throws -> Checkout { try await git.checkout(of: workspace) }

  /// `ADDED\tREMOVED\tPATH\0`, or for a rename `ADDED\tREMOVED\t\0OLD\0NEW\0`; `-` for binaries.
  static func parseNumstat(_ bytes: [UInt8]) -> Changes {
    var changes = Changes()
    var entries = bytes.split(separator: 0, omittingEmptySubsequences: false)[...]
    while let entry = entries.popFirst() {
      let words = entry.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      guard words.count == 3 else { continue }
      changes.files += 1
      changes.added += Int(String(decoding: words[0], as: UTF8.self)) ?? 0
      changes.removed += Int(String(decoding: words[1], as: UTF8.self)) ?? 0
      if words[2].isEmpty {
        for _ in 0..<2 {
          if let path = entries.popFirst() { changes.paths.append(String(decoding: path, as: UTF8.self)) }
        }
      } else {
        changes.paths.append(String(decoding: words[2], as: UTF8.self))
      }
    }
    return changes
  }

  private func diff(_ options: [String], to end: End, limit: Int) async throws -> Git.Answer {
    let doing = "compare \(workspace.path) with its base"
    let checkout = try await checkout()
    let base: String
    switch end {
    case .commit(let commit):
      base = try await mergeBase(with: commit, in: checkout)
      return try await git.demand(
        ["diff"] + Self.form + options + [base, commit, "--"], in: checkout, limit: limit, doing)
    case .worktree:
      try WorkFolder.refuseWhatBlocks(in: workspace.path)
      base = try await mergeBase(with: "HEAD", in: checkout)
      let index = try await OwnIndex.copy(of: checkout, git: git, scratch: scratch)
      defer { index.remove() }
      // Untracked files become visible without their contents being stored.
      _ = try await index.add(["--intent-to-add"])
      return try await git.demand(
        ["diff"] + Self.form + options + [base, "--"], in: checkout, adding: index.environment, limit: limit, doing)
    }
  }

  private func mergeBase(with commit: String, in checkout: Checkout) async throws -> String {
    guard let base = workspace.base else { throw Problem(.internal, "The run's base was not recorded.") }
    let answer = try await git.run(["merge-base", base, commit], in: checkout)
    // An agent may have begun a history of its own: then the base itself is what there was.
    return answer.status == 0 && !answer.text.isEmpty ? answer.text : base
  }
}
