import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// A repository whose own configuration, hooks and attributes each leave a mark when git runs them.
private struct Trap {
  let bench: Bench
  var marks: String { bench.folder + "/marks" }

  /// Every key that makes some git run a program, with what its value looks like around the program.
  static let keys: [(key: String, value: String)] =
    [
      "filter.evil.clean", "filter.evil.smudge", "filter.more.process", "core.fsmonitor", "core.sshCommand",
      "core.editor", "sequence.editor", "core.pager", "pager.diff", "pager.log", "core.askPass", "credential.helper",
      "gpg.program", "gpg.ssh.program", "core.alternateRefsCommand", "uploadpack.packObjectsHook", "core.gitProxy",
      "diff.external", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver", "merge.tool",
      "trailer.sign.command", "trailer.sign.cmd", "interactive.diffFilter", "sendemail.smtpServer", "web.browser",
      "remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs", "core.virtualFilesystem",
      "ssh.variant", "init.templateDir", "difftool.evil.cmd", "mergetool.evil.cmd", "browser.evil.cmd",
      "gc.recentObjectsHook", "core.abbrevGuard",
    ].map { ($0, "PROGRAM") } + [
      ("alias.status", "!PROGRAM"), ("alias.add", "!PROGRAM"), ("alias.rev-parse", "!PROGRAM"),
      ("submodule.inner.update", "!PROGRAM"), ("remote.origin.url", "ext::PROGRAM %S foo"),
    ]
  static let plain = [
    "filter.evil.required": "true", "filter.more.required": "true", "commit.gpgSign": "true", "tag.gpgSign": "true",
    "gc.auto": "1", "maintenance.auto": "true", "protocol.ext.allow": "always", "remote.origin.promisor": "true",
    "diff.submodule": "diff", "submodule.recurse": "true", "status.submoduleSummary": "true",
    "diff.external.trustExitCode": "true",
  ]
  static let hooks = [
    "applypatch-msg", "post-applypatch", "post-checkout", "post-commit", "post-index-change", "post-merge",
    "post-rewrite", "pre-auto-gc", "pre-commit", "pre-merge-commit", "prepare-commit-msg", "reference-transaction",
    "commit-msg", "fsmonitor-watchman", "pre-push", "proc-receive", "update", "post-update",
  ]

  init(_ bench: Bench) throws {
    self.bench = bench
    try bench.shell(
      """
      mkdir '\(bench.folder)/marks' '\(bench.folder)/programs'
      printf '* filter=evil diff=evil merge=evil\\n*.bin filter=more\\n' > .gitattributes; git add .; git commit -qm traps
      printf '*.txt filter=evil diff=evil\\n' > .git/info/attributes
      printf '*.md filter=more\\n' > '\(bench.folder)/attributes'
      """)
    for (index, entry) in Self.keys.enumerated() {
      let program = try program("key-\(index)-\(entry.key)")
      try bench.shell("git config '\(entry.key)' '\(entry.value.replacing("PROGRAM", with: program))'")
    }
    for (key, value) in Self.plain { try bench.shell("git config '\(key)' '\(value)'") }
    for hook in Self.hooks { try bench.shell("ln -s '\(program("hook-\(hook)"))' .git/hooks/\(hook)") }
    // By a detour: an include, a configuration of the worktree's own, another folder of hooks.
    try bench.shell(
      """
      git config core.attributesFile '\(bench.folder)/attributes'
      git config -f '\(bench.folder)/included' filter.evil.clean '\(program("included"))'
      git config include.path '\(bench.folder)/included'; git config includeIf.gitdir:/.path '\(bench.folder)/included'
      git config extensions.worktreeConfig true; git config core.repositoryformatversion 1
      git config -f .git/config.worktree core.fsmonitor '\(program("worktree-config"))'
      mkdir '\(bench.folder)/hooks'
      for hook in \(Self.hooks.joined(separator: " ")); do
        ln -s '\(program("hooks-path"))' '\(bench.folder)/hooks/'$hook
      done
      git config core.hooksPath '\(bench.folder)/hooks'
      """)
    try bench.shell("rm -rf '\(marks)'; mkdir '\(marks)'")
  }

  func program(_ name: String) throws -> String {
    let safe = name.replacing("/", with: "-")
    return try bench.script("programs/\(safe)", "touch '\(marks)/\(safe)'; cat")
  }

  var sprung: [String] { Files.names(in: marks).sorted() }
}

@Suite("Hostile repositories", .serialized)
struct HostileRepositoryTests {
  @Test(
    "Nothing that a repository configures runs: looked at, dispatched, watched, kept, compared, gone on with, discarded"
  )
  func configurationRunsNothing() async throws {
    let bench = try Bench()
    let trap = try Trap(bench)
    // It is a trap: git as it is runs what it finds.
    try bench.shell(
      "echo x >> kept.txt; git -c alias.status= status > /dev/null 2>&1; git diff > /dev/null 2>&1 || true")
    #expect(trap.sprung.count >= 3)
    try bench.shell("rm -f '\(trap.marks)'/*")

    let inspection = RepositoryInspection(environment: ["PATH": "/usr/bin:/bin", "HOME": bench.folder])
    #expect(await inspection.complaint(about: bench.repository, base: "main") == nil)
    #expect(try await inspection.report(on: bench.repository).uncommittedFiles == 1)
    #expect(trap.sprung == [])

    let gate = bench.folder + "/gate"
    let runtime = try bench.local(
      """
      echo more >> kept.txt; echo new > new.txt; echo b > b.bin; echo note > n.md; rm gone.txt; mv moved.txt other.txt
      echo ready; while [ ! -e \(gate) ]; do sleep 0.02; done
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let first = bench.contract()
    let run = try #require(first.runId)
    _ = try await runtime.startTask(first)
    try await recorder.first("ready") { $0.kind == .output(stream: .stdout, text: "ready", dropped: 0) }
    #expect(String(decoding: try await runtime.patch(of: run), as: UTF8.self).contains("+more"))
    _ = try await runtime.patch(of: run, PatchOptions(context: 0, ignoresWhiteSpace: true))
    let changed = Set(try await runtime.getArtifacts(run).filesChanged)
    #expect(changed == ["kept.txt", "new.txt", "b.bin", "n.md", "gone.txt", "moved.txt", "other.txt"])
    try await recorder.first("the live counts") { $0.type == "artifacts" }
    let ignored = try await recorder.first("the word on filters") { $0.type == "filters_ignored" }
    guard case .custom(_, let data) = ignored.kind else { return }
    #expect(Set(data["filters"]?.array?.compactMap(\.string) ?? []) == ["evil", "more"])
    #expect(trap.sprung == [])
    let second = bench.contract()
    let other = try #require(second.runId)
    _ = try await runtime.startTask(second)
    _ = try await runtime.patch(of: run, PatchOptions(against: other))
    try Files.write([], to: gate)
    let end = try await recorder.end(of: run)
    try await recorder.end(of: other)
    #expect(end.commit != nil)
    #expect(trap.sprung == [])

    let verifier = VerifyRunner(state: bench.state, environment: [:], launcher: Bench.launcher)
    let workspace = try #require(try await runtime.workspace(of: run))
    #expect(try await verifier.verify("true", in: workspace, run: run).exitCode == 0)
    // On the same worktree, with something left lying there; then on a new one, as that is gone.
    try Files.write([1], to: workspace.path + "/left.txt")
    for step in 1...2 {
      if step == 2 { Files.removeTree(try #require(try await runtime.workspace(of: run)).path) }
      let next = bench.contract { $0.metadata = ["followUpOf": .string(run.description)] }
      _ = try await runtime.startTask(next)
      try await recorder.end(of: try #require(next.runId))
    }
    let worktrees = Worktrees(git: Git(environment: ["PATH": "/usr/bin:/bin"]), folder: bench.state + "/worktrees")
    let lost = try await worktrees.make(for: bench.contract(), run: RunID(bench.ids.next()))
    await worktrees.discard(lost)
    #expect(!Files.exists(lost.path))
    #expect(!Files.exists(try #require(lost.gitFolder)))
    #expect(trap.sprung == [])
    // What was made is what git itself would have made, but for the filters.
    try bench.shell("rm -rf .git/hooks .git/info/attributes; git config --unset core.hooksPath")
    #expect(Files.exists("\(bench.repository)/.git/refs/heads/awf"))
  }

  @Test("A repository within the worktree is not run in, however git comes upon it")
  func innerRepository() async throws {
    let bench = try Bench()
    let mark = bench.folder + "/sprung"
    let program = try bench.script("inner-program", "touch '\(mark)'; cat")
    let runtime = try bench.local(
      """
      mkdir sub; cd sub; git init -q -b main; git config user.name x; git config user.email x@x.invalid
      printf '* filter=evil\\n' > .gitattributes; echo 1 > file; git add .; git commit -qm one; cd ..
      git -c advice.addEmbeddedRepo=false add sub
      cd sub; git config filter.evil.clean '\(program)'; git config core.fsmonitor '\(program)'; echo 2 > file
      echo ready; sleep 300
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("ready") { $0.kind == .output(stream: .stdout, text: "ready", dropped: 0) }
    #expect(try await runtime.getArtifacts(run).filesChanged == ["sub"])
    #expect(String(decoding: try await runtime.patch(of: run), as: UTF8.self).contains("+Subproject commit"))
    try await runtime.forceCancelTask(run, reason: "enough")
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(!Files.exists(mark))
    let path = try #require(try await runtime.workspace(of: run)?.path)
    let inner = try bench.shell("git -c core.fsmonitor=false rev-parse HEAD", in: path + "/sub")
    #expect(try bench.shell("git rev-parse \(commit):sub") == inner)
    // As git does by itself.
    try bench.shell("touch -d 2001-01-01 sub/file; git status", in: path)
    #expect(Files.exists(mark))
  }

  @Test("A worktree whose .git leads elsewhere is kept on its own branch all the same, and leads home again")
  func link() async throws {
    let bench = try Bench()
    let mark = bench.folder + "/sprung"
    let program = try bench.script("elsewhere-program", "touch '\(mark)'; cat")
    let runtime = try bench.local(
      """
      git init -q ../elsewhere; git -C ../elsewhere config core.fsmonitor '\(program)'
      git -C ../elsewhere config filter.evil.clean '\(program)'
      printf '* filter=evil\\n' > .gitattributes; echo work > work.txt
      printf 'gitdir: %s/.git\\n' "$(cd ../elsewhere && pwd)" > .git
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(!Files.exists(mark))
    #expect(recorder.events(of: run).contains { $0.type == "git_link_mended" })
    let path = try #require(try await runtime.workspace(of: run)?.path)
    #expect(try bench.shell("git show \(commit):work.txt") == "work\n")
    #expect(try bench.shell("git status --porcelain && git rev-parse HEAD", in: path) == commit + "\n")
    // The trap was one.
    try bench.shell("git --git-dir=../elsewhere/.git --work-tree=. status", in: path)
    #expect(Files.exists(mark))
  }

  @Test("An agent's own repository in the place of the worktree's is kept aside, and its files are in the work")
  func ownRepository() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      rm .git; git init -q -b mine; git config user.name x; git config user.email x@x.invalid
      echo work > work.txt; git add work.txt; git commit -qm mine
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(try bench.shell("git show \(commit):work.txt") == "work\n")
    #expect(try bench.shell("git log --format=%s", in: bench.runFolder(run) + "/agent.git") == "mine\n")
  }

  @Test("Links and pipes in the worktree's own git folder are not written through and not waited for")
  func gitFolder() async throws {
    let bench = try Bench()
    let victim = bench.folder + "/victim"
    try Files.write(Array("precious".utf8), to: victim)
    let runtime = try bench.local(
      """
      echo work > work.txt; folder=$(git rev-parse --git-dir)
      mv "$folder/index" '\(bench.folder)/index'; ln -s '\(victim)' "$folder/index"
      rm -rf "$folder/logs"; mkdir "$folder/logs"; ln -s '\(victim)' "$folder/logs/HEAD"
      mkfifo "$folder/ORIG_HEAD.lock" "$folder/MERGE_HEAD"
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(try bench.shell("git show \(commit):work.txt") == "work\n")
    #expect(bench.read(victim) == "precious")
  }

  @Test("An index that leads out of the worktree brings nothing in from there")
  func index() async throws {
    let bench = try Bench()
    try Files.makeFolder(bench.state + "/worktrees")
    try Files.write(Array("the secret".utf8), to: bench.state + "/worktrees/secret")
    let runtime = try bench.local(
      """
      mkdir ./--; echo x > ./--/secret; git add ./--/secret; index=$(git rev-parse --git-path index)
      head -c -20 "$index" | LC_ALL=C sed 's#--/secret#../secret#' > ../body
      { cat ../body; printf "$(sha1sum ../body | cut -c1-40 | sed 's/../\\\\x&/g')"; } > "$index"; rm ../body
      git ls-files | grep secret; sleep 300
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("the index") {
      guard case .output(_, "../secret", _) = $0.kind else { return false }
      return true
    }
    let patch = String(decoding: try await runtime.patch(of: run), as: UTF8.self)
    #expect(patch.contains("b/--/secret"))
    #expect(!patch.contains("the secret"))
    try await runtime.forceCancelTask(run, reason: "enough")
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(!(try bench.shell("git ls-tree -r --name-only \(commit)")).contains(".."))
  }

  @Test(
    "A base that looks like an option, a range or a command is no commit, and does nothing",
    arguments: [
      "--upload-pack=touch sprung", "-x", "--output=sprung", "--git-dir=/", "main..main", "@{upstream}",
      "main:kept.txt",
      "$(touch sprung)", "; touch sprung", "main\n--exec=touch sprung", "", "\u{1B}]0;x\u{07}", "refs/heads/../../HEAD",
    ])
  func bases(_ base: String) async throws {
    let bench = try Bench()
    let inspection = RepositoryInspection(environment: ["PATH": "/usr/bin:/bin"])
    #expect(await inspection.complaint(about: bench.repository, base: base)?.member == "base")
    let worktrees = Worktrees(git: Git(environment: ["PATH": "/usr/bin:/bin"]), folder: bench.state + "/worktrees")
    await #expect(throws: Problem.self) {
      try await worktrees.make(for: bench.contract { $0.base = base }, run: RunID(bench.ids.next()))
    }
    #expect(try bench.shell("ls; git status --porcelain") == "gone.txt\nkept.txt\nmoved.txt\npicture.bin\n")
    #expect(Files.names(in: bench.state + "/worktrees") == [])
  }

  @Test(
    "A title and a reference become a branch name that git takes and no shell or option parser minds",
    arguments: [
      "-x", "--force", "a..b", "a@{1}", "x.lock", ".hidden", "a/../b", "a//b", "$(reboot)", "`x`", "a b;c|d&e", "\u{0}",
      "\u{202E}gnp.exe", "\u{1B}[2J", "../../../etc/passwd", String(repeating: "a/", count: 500), "HEAD", "@",
      "~^:?*[\\",
      "日本", "a\nb",
    ])
  func branches(_ text: String) throws {
    let bench = try Bench()
    var contract = Contract(title: text)
    contract.externalRef = text
    for branch in BranchName.candidates(for: contract, run: RunID(bench.ids.next())) {
      #expect(branch.hasPrefix("awf/"))
      #expect(branch.utf8.count < 130)
      #expect(branch.quotedForShell == branch)
      try bench.shell("git check-ref-format --branch '\(branch)'")
    }
  }

  @Test("git that would wait for ever is ended, and says so")
  func patience() async throws {
    let bench = try Bench()
    try bench.shell("mkfifo ../pipe")
    let git = Git(environment: ["PATH": "/usr/bin:/bin"], patience: .milliseconds(200))
    let problem = await #expect(throws: Problem.self) {
      try await git.look(["config", "--file", bench.folder + "/pipe", "--list"], from: "/")
    }
    #expect(problem?.detail.contains("took longer") == true)
  }

  @Test("Of a repository's configuration only what says how files are stored and who commits is taken over")
  func settings() {
    let listing = [
      "core.filemode\nfalse", "core.fsmonitor\n/bin/evil", "core.worktree\n/", "user.name\nA \"B\" \\ C",
      "core.bare\ntrue",
      "user.email\nx\n[core]fsmonitor=/bin/evil", "core.eol\nlf\n[core]", "extensions.objectformat\nsha256",
      "core.symlinks",
      "filter.a.b.clean\nx", "filter.lfs.required\ntrue", "include.path\nx", "core.autocrlf\ninput", "core.editor\nx",
    ]
    let settings = RepositorySettings(listing: listing.flatMap { Array($0.utf8) + [0] })
    #expect(
      String(decoding: settings.text, as: UTF8.self) == """
        [core]
        \trepositoryformatversion = 1
        \tbare = false
        [core]
        \tfilemode = "false"
        [user]
        \tname = "A \\"B\\" \\\\ C"
        [extensions]
        \tobjectformat = "sha256"
        [core]
        \tsymlinks = "true"
        [core]
        \tautocrlf = "input"

        """)
    #expect(settings.filters == ["a.b"])
  }

  @Test("The operator's own filters do run, as those of git lfs must")
  func operatorsFilters() async throws {
    let bench = try Bench()
    let program = try bench.script("upper", "tr a-z A-Z")
    try bench.shell("git config -f '\(bench.folder)/.gitconfig' filter.mine.clean '\(program)'")
    try bench.shell("printf '*.up filter=mine\\n' > .gitattributes; git add .; git commit -qm attributes")
    var configuration = LocalRuntime.Configuration(command: ["/bin/sh", "-c", "echo quiet > a.up"])
    configuration.environment = [:]
    let runtime = bench.local(configuration, adding: ["HOME": bench.folder])
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(try bench.shell("git show \(commit):a.up") == "QUIET\n")
  }
}
