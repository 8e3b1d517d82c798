package import RunModel

/// Looks at an operator's repository without touching it.
package struct RepositoryInspection: Sendable {
  package struct Report: Sendable {
    package var branch: String?
    package var refs: [String]
    package var uncommittedFiles: Int
  }

  private let git: Git

  /// `standIns`: see `Git`.
  package init(environment: [String: String], standIns: String? = nil) {
    git = Git(environment: environment, standIns: standIns)
  }

  /// Why no run can begin there, and which member of the contract is to blame; nil when one can. `base` nil is HEAD.
  package func complaint(about repository: String, base: String?) async -> Problem? {
    do {
      _ = try await git.commit(base, in: try await git.locate(repository))
      return nil
    } catch let problem as Problem {
      return problem
    } catch {
      return Problem(.unavailable, "\(error)", member: "repository")
    }
  }

  /// What a person wants to know before a dispatch: at most 500 branches and tags, the latest first.
  package func report(on repository: String) async throws -> Report {
    let checkout = try await git.locate(repository)
    let head = try await git.run(["symbolic-ref", "--quiet", "--short", "HEAD"], in: checkout)
    let refs = try await git.demand(
      [
        "for-each-ref", "--count=500", "--sort=-creatordate", "--format=%(refname:short)", "refs/heads", "refs/tags",
        "refs/remotes",
      ], in: checkout, "list the branches of \(repository)")
    let changed = try await git.run(
      ["status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", "--untracked-files=normal"],
      in: checkout)
    return Report(
      branch: head.status == 0 ? head.text : nil, refs: refs.text.split(separator: "\n").map(String.init),
      uncommittedFiles: changed.status == 0 ? changed.entries.count : 0)
  }
}
