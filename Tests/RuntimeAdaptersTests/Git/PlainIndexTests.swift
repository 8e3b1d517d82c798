import FoundationEssentials
import Orchestration
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("An index that is read without git")
struct PlainIndexTests {
  @Test(
    "It tells what git tells, or leaves it to git",
    arguments: [
      ("true", true), ("git rm -q --cached .", false), ("rm -rf * && git add -A", true),
      ("git update-index --index-version 3 && touch new && git add -N new", true),
      ("git update-index --index-version 4", false), ("git update-index --split-index", false),
      ("git update-index --untracked-cache", false), ("git update-index --skip-worktree kept.txt", true),
      ("mkdir -p 'a b/ü' && echo > 'a b/ü/$x' && echo > -n && git add -A", true),
      (
        "long=$(printf 'd%.0s' $(seq 4100)) && oid=$(git hash-object -w --stdin < /dev/null) && git update-index --add "
          + "--cacheinfo 100644,$oid,$long", false
      ),
      (
        "git init -q sub && git -C sub -c user.name=n -c user.email=e commit -q --allow-empty -m m && git add sub 2> /dev/null",
        true
      ),
      (
        "git checkout -q -b other && echo 1 > kept.txt && git commit -q -a -m 1 && git checkout -q main && echo 2 > kept.txt "
          + "&& git commit -q -a -m 2; git merge other > /dev/null || true", true
      ),
    ])
  func same(_ script: String, _ isPlain: Bool) throws {
    let bench = try Bench()
    try bench.shell("( \(script) ) || true")
    let bytes = try #require(try Files.read(bench.repository + "/.git/index"))
    let entries = PlainIndex.entries(of: bytes)
    // An index that holds nothing is one too.
    if script.hasPrefix("git rm") { return }
    #expect((entries != nil) == isPlain)
    guard let entries else { return }
    let told = try bench.shell("git ls-files --stage -z | tr '\\0' '\\n'").split(separator: "\n")
      .compactMap { PlainIndex.Entry(listed: Array($0.utf8)[...]) }
    #expect(entries == told)
  }

  @Test("Cut short anywhere, or with any byte changed, it is never read beyond its end")
  func damaged() throws {
    let bench = try Bench()
    let bytes = try #require(try Files.read(bench.repository + "/.git/index"))
    let whole = try #require(PlainIndex.entries(of: bytes))
    for length in 0..<bytes.count {
      let found = PlainIndex.entries(of: Array(bytes[..<length]))
      // The end of an extension may look like a hash.
      #expect(found == nil || found == whole)
    }
    for place in bytes.indices {
      for value in [0, 0x40, 0xFF] as [UInt8] {
        var changed = bytes
        changed[place] = value
        for entry in PlainIndex.entries(of: changed) ?? [] { #expect(!entry.path.isEmpty && !entry.path.contains(0)) }
      }
    }
    // More behind the entries than what is known here: git might read the entries from there.
    for name in ["IEOT", "EOIE", "link", "sdir", "FSMN", "UNTR", "abcd"] {
      let extended = bytes.dropLast(20) + Array(name.utf8) + [0, 0, 0, 4, 1, 2, 3, 4] + bytes.suffix(20)
      #expect(PlainIndex.entries(of: Array(extended)) == nil)
    }
  }
}
