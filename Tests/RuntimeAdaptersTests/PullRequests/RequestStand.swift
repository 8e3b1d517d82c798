import FoundationEssentials
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

/// A repository with a branch to push, a bare remote behind an address on a host, and programs that stand in for the real.
struct RequestStand {
  let bench: Bench
  var commit = ""
  let branch = "awf/one-1"
  var bin: String { bench.folder + "/bin" }
  var remote: String { bench.folder + "/remote.git" }

  /// What git and the stand-ins need.
  private static let programs = [
    "git", "env", "sh", "bash", "cat", "touch", "printf", "sleep", "rm", "mkdir", "ls", "sed", "grep", "head", "tr",
    "chmod", "true", "false", "setsid", "date", "openssl",
  ]

  init(_ address: String = "https://github.com/acme/app.git") throws {
    bench = try Bench()
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    // No gh or glab of this machine's.
    for name in Self.programs {
      try FileManager.default.createSymbolicLink(atPath: "\(bin)/\(name)", withDestinationPath: "/usr/bin/\(name)")
    }
    // The operator's own configuration leads the address here; a repository's could not.
    try "[url \"file://\(remote)\"]\n insteadOf = \(address)\n".write(
      toFile: bench.folder + "/.gitconfig", atomically: true, encoding: .utf8)
    try bench.shell(
      """
      git init -q --bare ../remote.git && git remote add origin \(address)
      git push -q "file://$PWD/../remote.git" main
      git checkout -q -b \(branch) && echo work > work.txt && git add work.txt && git commit -q -m work && git checkout -q main
      printf '#!/bin/sh\\necho ran >> "\(bench.folder)/hook"\\nexit 1\\n' > .git/hooks/pre-push && chmod +x .git/hooks/pre-push
      """)
    commit = try bench.shell("git rev-parse \(branch)").trimmed
  }

  func tool(_ name: String, _ text: String) throws {
    _ = try bench.script("bin/\(name)", "printf '%s\\n' \"$*\" >> '\(bench.folder)/asked'\n\(text)")
  }

  /// Stands in for `gh`: it knows one request once it has made it.
  func gh() throws {
    try tool(
      "gh",
      """
      cd '\(bench.folder)'
      case "$1 $2" in
        "auth status") exit 0 ;;
        "pr list") if [ -e made ]; then echo '[{"state":"OPEN","url":"https://github.com/acme/app/pull/7"}]'; else echo '[]'; fi ;;
        "pr create") touch made
          for word; do
            if [ "$before" = --body-file ]; then cat "$word" > body; word=FILE; fi
            printf '%s\\n' "$word" >> words; before=$word
          done
          echo 'Creating pull request'; echo 'https://github.com/acme/app/pull/7' ;;
      esac
      """)
  }

  /// The operator's.
  var environment: [String: String] { ["HOME": bench.folder, "PATH": bin] }

  func desk(
    _ settings: PullRequestSettings = .init(), push: Duration = RequestDesk.pushLimit,
    adding variables: [String: String] = [:]
  ) -> RequestDesk {
    let standIns = bench.state + "/git"
    let environment = environment.merging(variables) { $1 }
    var settings = settings
    settings.statusLimit = .seconds(300)
    return RequestDesk(
      settings, git: Git(environment: environment, standIns: standIns), environment: environment, standIns: standIns,
      pushLimit: push)
  }

  func draft(base: String? = nil, title: String = "Add \"it\"; $(touch pwned)", body: String = "Note\u{1B}[1m\n`x`")
    -> PullRequestDraft
  {
    PullRequestDraft(
      repository: bench.repository, branch: branch, commit: commit, base: base, title: title, body: body)
  }

  func pushed() throws -> String { try bench.shell("git -C ../remote.git rev-parse \(branch)").trimmed }

  func asked() -> [String] { (bench.read(bench.folder + "/asked") ?? "").split(separator: "\n").map(String.init) }
}

extension String {
  var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
