package import RunModel

/// Looks at an operator's repository without touching it.
package struct RepositoryInspection: Sendable {
  package struct Report: Sendable {
    package var branch: String?
    package var refs: [String]
    package var uncommittedFiles: Int
  }

  private let git: Git

  package init(environment: [String: String]) { git = Git(environment: environment) }

  /// Why no run can begin there, and which member of the contract is to blame; nil when one can. `base` nil is HEAD.
  package func complaint(about repository: String, base: String?) async -> Problem? {
    do {
      let (top, _) = try await git.locate(repository)
      _ = try await git.commit(base, in: top)
      return nil
    } catch let problem as Problem {
      return problem
    } catch {
      return Problem(.unavailable, "\(error)", member: "repository")
    }
  }

  /// What a person wants to know before a dispatch: at most 500 branches and tags, the latest first.
  package func report(on repository: String) async throws -> Report {
    let head = try await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], in: repository)
    let refs = try await git.demand(
      [
        "for-each-ref", "--count=500", "--sort=-creatordate", "--format=%(refname:short)", "refs/heads", "refs/tags",
        "refs/remotes",
      ], in: repository, "list the branches of \(repository)")
    let changed = try await git.run(
      ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal"], in: repository)
    return Report(
      branch: head.status == 0 ? head.text : nil, refs: refs.text.split(separator: "\n").map(String.init),
      uncommittedFiles: changed.status == 0 ? changed.entries.count : 0)
  }
}

extension Git {
  /// The top of the checkout, and the folder that all its worktrees share.
  func locate(_ place: String) async throws -> (top: String, common: String) {
    guard Files.exists(place + "/.") else {
      throw Problem(.invalid, "There is no folder \(place).", member: "repository")
    }
    let answer = try await run(
      ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir"], in: place)
    let lines = answer.text.split(separator: "\n").map(String.init)
    if answer.status == 0, lines.count == 2 { return (lines[0], lines[1]) }
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

  func commit(_ reference: String?, in repository: String) async throws -> String {
    let name = reference ?? "HEAD"
    let answer = try await run(
      ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"], in: repository)
    if answer.status == 0 { return answer.text }
    let head = try await run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], in: repository)
    guard head.status == 0 else {
      throw Problem(
        .invalid, "The repository \(repository) has no commit yet. Make a first one (git commit).",
        member: "repository")
    }
    throw Problem(
      .invalid, "The base \"\(name)\" is no commit of \(repository). See git branch and git tag.", member: "base")
  }
}
