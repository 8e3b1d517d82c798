import Orchestration
import RunModel
import Synchronization

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
  private let memory = Memory()

  /// What lies between two commits never changes: it is asked for once.
  private final class Memory: Sendable {
    let mergeBases = Mutex<[String: String]>([:])
    let changes = Mutex<(commit: String, changes: Changes)?>(nil)
    /// Until they are asked for, which happens once at the run's end.
    let summary = Mutex<(commit: String, text: String)?>(nil)
    let patch = Mutex<(commit: String, bytes: [UInt8])?>(nil)
  }

  /// All that is asked of a run that has ended, of one call of git.
  struct Whole: Equatable {
    var changes = Changes()
    var summary = ""
    var patch: [UInt8] = []

    init() {}

    /// The numbers as `-z` has them, the summary, and behind a NUL the patch.
    init(_ bytes: [UInt8]) {
      var rest = bytes[...]
      changes = WorkDiff.parseNumstat(&rest)
      let end = rest.firstIndex(of: 0) ?? rest.endIndex
      summary = Git.Answer.text(of: rest[..<end])
      patch = Array(rest[end...].dropFirst())
    }
  }

  init(git: Git, workspace: Workspace, scratch: String) {
    self.git = git
    self.workspace = workspace
    self.scratch = scratch
  }

  /// Saves asking git for it.
  func note(mergeBase: String, with commit: String) { memory.mergeBases.withLock { $0[commit] = mergeBase } }

  /// The same of what `whole(from:to:)` has told.
  func note(_ whole: Whole, of commit: String) {
    memory.changes.withLock { $0 = (commit, whole.changes) }
    memory.summary.withLock { $0 = (commit, whole.summary) }
    memory.patch.withLock { $0 = (commit, whole.patch) }
  }

  /// From a commit to what an index holds. Nil for a change that is too large to be held: it is asked for piece by piece
  /// then.
  func whole(from base: String, to index: OwnIndex) async -> Whole? {
    // What is wrong is told where the pieces are asked for.
    guard
      let answer = try? await git.run(
        ["diff", "--cached"] + Self.form + Self.numbers + Self.summary + Self.options(PatchOptions()) + [base, "--"],
        in: try await checkout(), adding: index.environment, limit: Self.longestHeld), answer.status == 0
    else { return nil }
    return Whole(answer.output)
  }

  private static let form = [
    "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/",
    "--submodule=short", "--ignore-submodules=dirty",
  ]
  private static let numbers = ["--numstat", "-z"]
  private static let summary = ["--stat", "--stat-count=2000"]
  static let longestPatch = Bounds.patch
  private static let longestHeld = 256 << 10

  func changes(to end: End) async throws -> Changes {
    if case .commit(let commit) = end, let known = memory.changes.withLock({ $0 }), known.commit == commit {
      return known.changes
    }
    let answer = try await diff(Self.numbers, to: end, limit: 64 << 20)
    var rest = answer.output[...]
    let changes = Self.parseNumstat(&rest)
    if case .commit(let commit) = end { memory.changes.withLock { $0 = (commit, changes) } }
    return changes
  }

  func summary(to end: End) async throws -> String {
    if case .commit(let commit) = end, let known = memory.summary.withLock({ $0.take() }), known.commit == commit {
      return known.text
    }
    return try await diff(Self.summary, to: end, limit: 8 << 20).text
  }

  func patch(to end: End, _ options: PatchOptions = PatchOptions()) async throws -> [UInt8] {
    if options == PatchOptions(), case .commit(let commit) = end, let known = memory.patch.withLock({ $0.take() }),
      known.commit == commit
    {
      return known.bytes
    }
    return try await withinBounds { try await diff(Self.options(options), to: end, limit: Self.longestPatch).output }
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

  /// Where git is asked about what it holds: the worktree, or its repository once it is gone.
  func checkout() async throws -> Checkout { try await git.checkout(of: workspace) }

  /// The worktree itself. Nothing else may stand in for what lies in it: the repository's own is the operator's.
  func worktree() async throws -> Checkout {
    guard !isGone else { throw Problem(.notFound, "The worktree \(workspace.path) is not there any more.") }
    return try await checkout()
  }

  /// Also where a link lies in its place.
  var isGone: Bool { !Files.isFolder(workspace.path) }

  /// Takes `ADDED\tREMOVED\tPATH\0`, or for a rename `ADDED\tREMOVED\t\0OLD\0NEW\0`; `-` for binaries. A summary, which
  /// may follow, begins with a space.
  static func parseNumstat(_ bytes: inout ArraySlice<UInt8>) -> Changes {
    func take() -> ArraySlice<UInt8> {
      let entry = bytes.prefix { $0 != 0 }
      bytes = bytes[entry.endIndex...].dropFirst()
      return entry
    }
    var changes = Changes()
    while let first = bytes.first, first != 0x20 {
      let words = take().split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      guard words.count == 3 else { continue }
      changes.files += 1
      changes.added += Int(String(decoding: words[0], as: UTF8.self)) ?? 0
      changes.removed += Int(String(decoding: words[1], as: UTF8.self)) ?? 0
      let paths = words[2].isEmpty ? [take(), take()] : [words[2]]
      changes.paths += paths.map { String(decoding: $0, as: UTF8.self) }
    }
    return changes
  }

  private func diff(_ options: [String], to end: End, limit: Int) async throws -> Git.Answer {
    let doing = "compare \(workspace.path) with its base"
    let base: String
    switch end {
    case .commit(let commit):
      if commit == workspace.base { return Git.Answer(status: 0, output: [], diagnostics: "") }
      let checkout = try await checkout()
      base = try await mergeBase(with: commit, in: checkout)
      return try await git.demand(
        ["diff"] + Self.form + options + [base, commit, "--"], in: checkout, limit: limit, doing)
    case .worktree:
      let checkout = try await worktree()
      try WorkFolder.refuseWhatBlocks(in: workspace.path)
      base = try await mergeBase(with: "HEAD", in: checkout)
      let index = try await OwnIndex.copy(of: checkout, base: workspace.base, git: git, scratch: scratch)
      defer { index.remove() }
      // Untracked files become visible without their contents being stored.
      _ = try await index.add(["--intent-to-add"])
      return try await git.demand(
        ["diff"] + Self.form + options + [base, "--"], in: checkout, adding: index.environment, limit: limit, doing)
    }
  }

  private func mergeBase(with commit: String, in checkout: Checkout) async throws -> String {
    guard let base = workspace.base else { throw Problem(.internal, "The run's base was not recorded.") }
    if commit == base { return base }
    if let known = memory.mergeBases.withLock({ $0[commit] }) { return known }
    let answer = try await git.run(["merge-base", base, commit], in: checkout)
    // An agent may have begun a history of its own: then the base itself is what there was.
    let found = answer.status == 0 && !answer.text.isEmpty ? answer.text : base
    if commit != "HEAD" { note(mergeBase: found, with: commit) }
    return found
  }
}
