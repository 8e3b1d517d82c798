import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("A worktree's files as agents reach them through us")
struct WorktreeFilesTests {
  private func files(_ bench: Bench) -> WorktreeFiles { WorktreeFiles(root: bench.repository) }

  @Test(
    "What leads out, or to what is git's, is refused, by whatever name or link",
    arguments: [
      "/etc/passwd", "../outside", "a/../../outside", "kept.txt/../../outside", ".git/config", "a/.GIT/x",
      "link/passwd",
      "gits/config", "up/outside", "/", "", ".", "fifo", "folder",
    ])
  func refused(_ path: String) throws {
    let bench = try Bench()
    try bench.shell("echo x > ../outside; ln -s /etc link; ln -s .git gits; ln -s .. up; mkfifo fifo; mkdir folder")
    #expect(throws: WorktreeFiles.Refusal.self) { try files(bench).read(path) }
    #expect(throws: WorktreeFiles.Refusal.self) { try files(bench).write("bad", to: path) }
    #expect(try bench.shell("cat ../outside; git config --get core.bare") == "x\nfalse\n")
  }

  @Test(
    "A new file behind a link is not made outside, nor among what is git's",
    arguments: ["link/new", "gits/new", "gits/a/new", "dangling"])
  func newFiles(_ path: String) throws {
    let bench = try Bench()
    try bench.shell("mkdir ../away; ln -s ../away link; ln -s .git gits; ln -s ../away/target dangling")
    #expect(throws: WorktreeFiles.Refusal.self) { try files(bench).write("bad", to: path) }
    #expect(try bench.shell("ls ../away; ls .git | grep -c new || true") == "0\n")
  }

  @Test("Within the worktree: absolute and relative, links that stay, new folders, modes kept, missing ones told")
  func within() throws {
    let bench = try Bench()
    try bench.shell("mkdir real; ln -s real alias; printf 'a\\nb\\nc' > real/file; chmod 755 real/file")
    #expect(try files(bench).read(bench.repository + "/alias/file") == "a\nb\nc")
    try files(bench).write("new", to: "alias/file")
    try files(bench).write("deep", to: "./x/y/z.txt")
    #expect(try bench.shell("stat -c %a real/file; cat real/file x/y/z.txt") == "755\nnewdeep")
    #expect(throws: WorktreeFiles.Refusal.missing) { try files(bench).read("nothing") }
  }

  @Test(
    "Lines count from 1, and what is beyond the end is empty",
    arguments: [
      (nil, nil, "a\nb\nc"), (1, 1, "a\n"), (2, nil, "b\nc"), (3, 5, "c"), (4, 1, ""), (9, nil, ""), (0, 2, "a\nb\n"),
      (1, 0, ""), (-5, nil, "a\nb\nc"), (Int.max, Int.max, ""),
    ] as [(Int?, Int?, String)])
  func lines(_ line: Int?, _ limit: Int?, _ expected: String) {
    let found = WorktreeFiles.lines(of: Array("a\nb\nc".utf8), from: line, limit)
    #expect(String(decoding: found, as: UTF8.self) == expected)
  }
}
