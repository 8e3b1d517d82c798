import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Files that an agent leaves for us to read")
struct HostileFilesTests {
  @Test(
    "A note that is a link, a pipe, a device or a folder is no note: nothing is read through it, nobody waits",
    arguments: [
      "ln -s \(secretMark) \"$FLIGHTDECK_HANDOFF\"", "mkfifo \"$FLIGHTDECK_HANDOFF\"", "mkdir \"$FLIGHTDECK_HANDOFF\"",
      "ln -s /dev/zero \"$FLIGHTDECK_HANDOFF\"", "ln -s \(secretMark) HANDOFF.md", "mkfifo HANDOFF.md",
      "ln -s /dev/zero HANDOFF.md", "ln -s ../../../secret HANDOFF.md", "mkfifo pipe; ln -s pipe HANDOFF.md",
      "ln -s HANDOFF.md HANDOFF.md",
    ])
  func notes(_ script: String) async throws {
    let bench = try Bench()
    try Files.write(Array("the secret".utf8), to: bench.folder + "/secret")
    let runtime = try bench.local(script.replacing(secretMark, with: bench.folder + "/secret") + "; echo last words")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    #expect(try await runtime.getArtifacts(run).handoffNote == "last words")
  }

  @Test("Pipes where git looks do not keep a run from its end, and its work is all there")
  func pipes() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      mkfifo .gitattributes .gitmodules; mkdir deep deep/inner deep/inner/.git; mkfifo deep/.gitignore deep/inner/.git/HEAD
      echo work > work.txt; echo ready; read -r line < '\(bench.folder)/gate'
      """)
    try bench.shell("mkfifo ../gate")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("ready") { $0.kind == .output(stream: .stdout, text: "ready", dropped: 0) }
    let problem = await #expect(throws: Problem.self) { try await runtime.patch(of: run) }
    #expect(problem?.detail.contains("pipe or a device") == true)
    try bench.shell("echo go > ../gate")
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(try bench.shell("git show \(commit):work.txt") == "work\n")
  }

  @Test("A worktree that was replaced by a link is not followed")
  func worktree() async throws {
    let bench = try Bench()
    try Files.makeFolder(bench.folder + "/private")
    try Files.write(Array("the secret".utf8), to: bench.folder + "/private/HANDOFF.md")
    let runtime = try bench.local(
      "here=$PWD; cd /; rm -rf \"$here\"; ln -s '\(bench.folder)/private' \"$here\"; echo last words")
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    #expect(try await recorder.end(of: run).commit == nil)
    #expect(try await runtime.workspace(of: run) == nil)
    let artifacts = try await runtime.getArtifacts(run)
    #expect(artifacts.handoffNote == "last words")
    #expect(artifacts.filesChanged == [])
    #expect(Files.names(in: bench.folder + "/private") == ["HANDOFF.md"])
  }

  @Test("Names that are options, lines, or bytes of no encoding are names, and nothing else")
  func names() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      """
      echo 1 > ./--force; echo 2 > '-x'; echo 3 > "$(printf 'two\\nlines')"; echo 4 > "$(printf 'bad\\377name')"
      echo 5 > ':(exclude)x'; echo 6 > ':!y'; echo 7 > '$(touch sprung)'; echo 8 > "$(printf 'esc\\033[2J')"
      mkdir -- '-d'; echo 9 > '-d/--all'; echo 10 > "$(printf 'n%.0s' $(seq 1 250))"; echo 11 > '"quoted"'
      """)
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    let commit = try #require(try await recorder.end(of: run).commit)
    #expect(try bench.shell("git ls-tree -r --name-only \(commit) | wc -l").split(separator: " ").joined() == "16\n")
    let files = try await runtime.getArtifacts(run).filesChanged
    #expect(files.count == 11)
    #expect(Set(files).isSuperset(of: ["--force", "-x", "two\nlines", ":!y", "-d/--all", "esc\u{1B}[2J"]))
    let patch = try await runtime.patch(of: run)
    try Files.write(patch, to: bench.folder + "/patch")
    try bench.shell("git clone -q . ../clone && cd ../clone && git checkout -q main && git apply --index ../patch")
    #expect(
      try bench.shell("git write-tree", in: bench.folder + "/clone") == bench.shell("git rev-parse \(commit)^{tree}"))
  }

  @Test("Reports are read where they are files, without entities, within bounds")
  func reports() throws {
    let bench = try Bench()
    let began = TestReports.Moment(seconds: 0, nanoseconds: 0)
    let outside = "<testsuite><testcase name=\"outside\"/></testsuite>"
    try Files.write(Array(outside.utf8), to: bench.folder + "/outside.xml")
    try bench.shell(
      """
      ln -s ../outside.xml junit.xml; mkfifo TEST-pipe.xml; ln -s /dev/zero TEST-zero.xml; ln -s .. reports
      """)
    let laughs = (1...30).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
    let bomb =
      "<!DOCTYPE x [<!ENTITY l0 \"ha\">\(laughs)<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
      + "<testsuite><testcase name=\"&l30;&f;&#x1B;[2J\"><failure>&f;</failure></testcase></testsuite>"
    try Files.write(Array(bomb.utf8), to: bench.repository + "/TEST-bomb.xml")
    let records = TestReports.records(in: bench.repository, since: began)
    #expect(!records.contains { $0.name.contains("outside") || ($0.output ?? "").contains("root:") })
    #expect(records.allSatisfy { $0.name.utf8.count < 1000 })
  }

  @Test(
    "A path of git's stays inside, or is not taken",
    arguments: [
      ("a", true), ("a/b", true), ("..a/b..", true), (".gitignore", true), ("a/.github/x", true),
      ("/etc/passwd", false),
      ("../x", false), ("a/../b", false), (".", false), ("a//b", false), ("", false), ("a/", false),
      (".git/hooks/post-checkout", false), ("a/.GIT/config", false), ("a/.Git", false),
    ])
  func paths(_ path: String, _ isInside: Bool) { #expect(WorkFolder.isInside(Array(path.utf8)) == isInside) }

  @Test("A file is not waited for, nor followed where that is asked, and nothing is written through a link")
  func files() throws {
    let bench = try Bench()
    try bench.shell(
      "cd ..; echo here > file; ln -s file link; mkfifo pipe; mkdir sub; ln -s victim made.new; echo v > victim")
    #expect(try Files.text(bench.folder + "/link") == "here\n")
    for name in ["pipe", "sub"] { #expect(throws: Problem.self) { try Files.read("\(bench.folder)/\(name)") } }
    #expect(throws: Problem.self) { try Files.read(bench.folder + "/link", following: false) }
    #expect(try Files.read(bench.folder + "/none", following: false) == nil)
    try Files.write(Array("made".utf8), to: bench.folder + "/made")
    #expect(bench.read(bench.folder + "/made") == "made")
    #expect(bench.read(bench.folder + "/victim") == "v\n")
  }
}

private let secretMark = "@secret@"
