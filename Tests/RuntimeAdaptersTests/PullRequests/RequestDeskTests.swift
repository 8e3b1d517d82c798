import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Pull requests, by stand-ins for gh and glab and a real remote", .serialized, .timeLimit(.minutes(20)))
struct RequestDeskTests {
  @Test(
    "Of a remote's address its host and its place are taken, and nothing else",
    arguments: [
      ("https://github.com/acme/app.git", "github.com", "acme/app"),
      ("https://github.com/acme/app/", "github.com", "acme/app"),
      ("https://me:secret@GitLab.example.org:8443/a/b/c.git", "gitlab.example.org", "a/b/c"),
      ("ssh://git@github.com:22/acme/app", "github.com", "acme/app"),
      ("git@github.com:acme/app.git", "github.com", "acme/app"),
      ("github.com:acme/app", "github.com", "acme/app"),
    ])
  func address(url: String, host: String, path: String) throws {
    let remote = try #require(RemoteRepository(url: url))
    #expect(remote.host == host && remote.path == path && remote.url == url)
  }

  @Test(
    "What could run a program or be an option is no remote",
    arguments: [
      "ext::sh -c x", "ext::sh%20-c", "file:///tmp/a/b", "/tmp/a/b", "../a/b", "--upload-pack=x:a/b",
      "http://github.com/a/b",
      "-oProxyCommand=x:a/b", "ssh://-oProxyCommand=x/a/b", "git@github.com:-x/b", "https://github.com/a", "a/b", "",
      "https://github.com/a/../b", "git@host:a/b c", "https://host:x/a/b", "https:///a/b", "fd::3/a",
    ])
  func noAddress(url: String) { #expect(RemoteRepository(url: url) == nil) }

  private func failure(_ body: () async throws -> OpenedPullRequest) async throws -> PullRequestFailure {
    do {
      let opened = try await body()
      throw ConformanceFailure("it was opened: \(opened)")
    } catch let failure as PullRequestFailure { return failure }
  }

  @Test("It pushes the commit without the repository's hooks, opens the request once, and finds it when asked again")
  func opens() async throws {
    let stand = try RequestStand()
    try stand.gh()
    let desk = stand.desk(.init(isDraft: true))
    #expect(await desk.couldOpen())
    #expect(await desk.obstacle(in: stand.bench.repository) == nil)
    let opened = try await desk.open(stand.draft(base: "main"))
    #expect(opened == OpenedPullRequest(url: "https://github.com/acme/app/pull/7", isNew: true))
    #expect(try stand.pushed() == stand.commit)
    #expect(stand.bench.read(stand.bench.folder + "/hook") == nil)
    #expect(
      stand.bench.read(stand.bench.folder + "/words") == """
        pr
        create
        --repo
        github.com/acme/app
        --head
        awf/one-1
        --title=Add "it"; $(touch pwned)
        --body-file
        FILE
        --base
        main
        --draft

        """)
    #expect(stand.bench.read(stand.bench.folder + "/body") == "Note [1m\n`x`")
    let again = try await desk.open(stand.draft())
    #expect(again == OpenedPullRequest(url: opened.url, isNew: false))
    #expect(stand.asked().count { $0.hasPrefix("pr create") } == 1)
    #expect(stand.asked().count { $0.hasPrefix("auth status --hostname github.com") } == 1)
  }

  @Test("At GitLab the request's words go through glab's input file, to the default branch where no other is known")
  func gitlab() async throws {
    let stand = try RequestStand("git@gitlab.example.org:group/sub/app.git")
    try stand.tool(
      "glab",
      """
      cd '\(stand.bench.folder)'
      case "$*" in
        "auth status"*) exit 0 ;;
        *"--method POST"*) for word; do file=$word; done; cat "$file" > body; echo '{"web_url":"https://gitlab.example.org/group/sub/app/-/merge_requests/3"}' ;;
        *source_branch=*) echo '[{"state":"closed","web_url":"https://gitlab.example.org/x"}]' ;;
        *) echo '{"default_branch":"trunk"}' ;;
      esac
      """)
    let opened = try await stand.desk(.init(isDraft: true)).open(stand.draft(base: "HEAD", title: "T"))
    #expect(opened.url == "https://gitlab.example.org/group/sub/app/-/merge_requests/3" && opened.isNew)
    let body = try JSONValue(parsing: Array(try #require(stand.bench.read(stand.bench.folder + "/body")).utf8))
    #expect(body["source_branch"]?.string == stand.branch && body["target_branch"]?.string == "trunk")
    #expect(body["title"]?.string == "Draft: T" && body["description"]?.string == "Note [1m\n`x`")
    #expect(
      stand.asked().contains(
        "api --hostname gitlab.example.org projects/group%2Fsub%2Fapp/merge_requests?source_branch=awf%2Fone-1&per_page=20"
      ))
    #expect(try stand.pushed() == stand.commit)
  }

  @Test("A push that a real hook of the remote rejects loses nothing, says why, and can be done by hand or tried again")
  func rejected() async throws {
    let stand = try RequestStand()
    try stand.gh()
    try stand.bench.shell(
      """
      printf '#!/bin/sh\\necho "branch is protected"\\nexit 1\\n' > ../remote.git/hooks/pre-receive
      chmod +x ../remote.git/hooks/pre-receive
      """)
    let desk = stand.desk()
    let failure = try await failure { try await desk.open(stand.draft(base: "main")) }
    #expect(
      failure.reason
        == "github.com/acme/app did not take the branch: [remote rejected] (pre-receive hook declined) (branch is protected)"
    )
    #expect(
      failure.command
        == "git -C \(stand.bench.repository) push origin \(stand.commit):refs/heads/awf/one-1"
        + " && gh pr create --repo github.com/acme/app --head awf/one-1 --base main")
    #expect(try stand.bench.shell("git rev-parse \(stand.branch)").trimmed == stand.commit)
    #expect(stand.bench.read(stand.bench.folder + "/made") == nil)
    try stand.bench.shell("rm ../remote.git/hooks/pre-receive")
    #expect(try await desk.open(stand.draft()).isNew)
  }

  @Test("A branch that has gone on at the remote is not overwritten")
  func diverged() async throws {
    let stand = try RequestStand()
    try stand.gh()
    try stand.bench.shell("git push -q --no-verify \"file://$PWD/../remote.git\" main:\(stand.branch)")
    try stand.bench.shell(
      """
      git clone -q -b \(stand.branch) "file://$PWD/../remote.git" ../other && cd ../other && git config user.name O
      git config user.email o@example.invalid && echo theirs > theirs.txt && git add . && git commit -q -m theirs && git push -q
      """)
    let theirs = try stand.pushed()
    let failure = try await failure { try await stand.desk().open(stand.draft()) }
    #expect(failure.reason.contains("[rejected]"), "\(failure.reason)")
    #expect(try stand.pushed() == theirs)
  }

  @Test("What a tool says when it refuses is the reason, and the branch stays pushed")
  func toolFails() async throws {
    let stand = try RequestStand()
    try stand.tool(
      "gh", "case \"$2\" in status) ;; list) echo '[]' ;; *) echo 'GraphQL: No permission' >&2; exit 1 ;; esac")
    let failure = try await failure { try await stand.desk().open(stand.draft()) }
    #expect(failure.reason == "awf/one-1 is pushed, but gh ended with 1: GraphQL: No permission")
    #expect(failure.command == "gh pr create --repo github.com/acme/app --head awf/one-1")
    #expect(try stand.pushed() == stand.commit)
  }

  @Test("It would work only with a program that is there, somebody logged in, and a remote of its kind")
  func obstacles() async throws {
    let stand = try RequestStand()
    let bare = stand.desk()
    #expect(await !bare.couldOpen())
    #expect(
      await bare.obstacle(in: stand.bench.repository)
        == "gh is not installed, which opens requests at github.com: install it and log in, or push the branch yourself "
        + "(git push origin BRANCH) and open one there")
    try stand.tool("gh", "echo 'X Failed to log in to github.com account me' >&2; exit 1")
    let loggedOut = stand.desk()
    #expect(await !loggedOut.couldOpen())
    #expect(
      await loggedOut.obstacle(in: stand.bench.repository)
        == "nobody is logged in at github.com: run gh auth login --hostname github.com")
    try stand.gh()
    let desk = stand.desk()
    #expect(await desk.couldOpen())
    try stand.bench.shell("git remote set-url origin 'ext::sh -c \"touch pwned\" x/y'")
    #expect(
      await desk.obstacle(in: stand.bench.repository)?.hasPrefix("the remote \"origin\" of") == true)
    let refused = try await failure { try await desk.open(stand.draft()) }
    #expect(refused.reason.contains("is no https or ssh address"))
    #expect(!FileManager.default.fileExists(atPath: stand.bench.repository + "/pwned"))
    try stand.bench.shell("git remote remove origin")
    #expect(await desk.obstacle(in: stand.bench.repository)?.contains("has no remote \"origin\"") == true)
    #expect(await desk.obstacle(in: "/nowhere")?.contains("There is no folder") == true)
  }

  @Test(
    "One login that is out of date, or glab's usual host without one, hides no other login",
    arguments: [
      ("gh", "echo 'X Failed to log in to old.example'; echo '✓ Logged in to github.com account me'; exit 1"),
      ("glab", "[ \"$3\" = --all ] && echo '✓ Logged in to gitlab.example.org as me' >&2; exit 1"),
    ])
  func otherLogin(_ tool: String, _ script: String) async throws {
    let stand = try RequestStand()
    try stand.tool(tool, script)
    #expect(await stand.desk().couldOpen())
  }

  @Test("A remote that does not answer is given up at the time limit")
  func timeLimit() async throws {
    let stand = try RequestStand()
    try stand.gh()
    try stand.bench.shell(
      """
      printf '#!/bin/sh\\nexec sleep 7200.321\\n' > ../remote.git/hooks/pre-receive && chmod +x ../remote.git/hooks/pre-receive
      """)
    let failure = try await failure { try await stand.desk(push: .seconds(1)).open(stand.draft()) }
    #expect(failure.reason.contains("took longer than 1 s"), "\(failure.reason)")
    #expect(failure.command?.contains("push origin") == true)
    try await until("the hook is gone") { processes(running: "sleep 7200.321") == [] }
  }
}
