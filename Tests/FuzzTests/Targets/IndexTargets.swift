import Glibc

@testable import RuntimeAdapters

enum IndexTargets {
  static let all = [index]

  /// A whole index, now and then one that is not quite.
  private static func make(_ random: inout SplitMix) -> [UInt8] {
    let version = random.one(of: [2, 2, 3, 4])
    let count = random.below(5)
    var bytes = Array("DIRC".utf8) + number(version, 4) + number(count, 4)
    for place in 0..<count {
      let start = bytes.count
      let mode = random.one(of: [0o100644, 0o100755, 0o120000, 0o160000, 0o160644, 0o040000])
      let isExtended = random.chance(0.2)
      let names = ["a", "dir/b.txt", "../up", ".git/config", "é", "long-name-of-a-file-that-fills", "x\ty"]
      let name = Array("\(place)\(random.one(of: names))".utf8)
      bytes += [UInt8](repeating: 0, count: 24) + number(mode, 4) + [UInt8](repeating: 0, count: 12)
      bytes += (0..<20).map { _ in UInt8(random.below(256)) }
      bytes += number(name.count | (isExtended ? 0x4000 : 0) | random.one(of: [0, 0, 0x1000, 0x2000, 0x8000]), 2)
      if isExtended && version >= 3 { bytes += number(random.one(of: [0, 0x4000, 0x2000]), 2) }
      bytes += name
      bytes += [UInt8](repeating: 0, count: 8 - (bytes.count - start) % 8)
    }
    for _ in 0..<random.below(3) {
      let length = random.below(12)
      bytes += Array(random.one(of: ["TREE", "REUC", "UNTR", "IEOT", "EOIE", "link", "sdir", "FSMN", "ABCD"]).utf8)
      bytes += number(length, 4) + [UInt8](repeating: 0, count: length)
    }
    return bytes + [UInt8](repeating: 0, count: 20)
  }

  private static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// What git reads of it; nil when it refuses it, or is not there.
  private static func listing(_ bytes: [UInt8]) -> [PlainIndex.Entry]? {
    let folder = "/tmp/flightdeck-fuzz-index-\(getpid())-\(SplitMix(of: bytes).peek)"
    // As little as git takes for a repository.
    for name in ["", "/objects", "/refs"] { mkdir(folder + name, 0o700) }
    defer {
      for name in ["HEAD", "index", "out"] { unlink("\(folder)/\(name)") }
      for name in ["/objects", "/refs", ""] { rmdir(folder + name) }
    }
    guard CaseFolder.write(Array("ref: refs/heads/main\n".utf8), to: folder + "/HEAD"),
      CaseFolder.write(bytes, to: folder + "/index"),
      let answer = GitOracle.answer(
        ["--git-dir=\(folder)", "--work-tree=/", "ls-files", "--stage", "-z"], output: folder + "/out")
    else { return nil }
    return answer.split(separator: 0).compactMap(PlainIndex.Entry.init(listed:))
  }

  /// What is read of an index without git is what git reads of it: an agent has written it, and paths that lead out of the
  /// work tree are looked for in what is read.
  static let index = FuzzTarget(
    name: "git-index", words: ["TREE", "REUC", "IEOT", "link", "DIRC", "../", ".git/"], longest: 2048, cases: 60,
    make: { make(&$0) }
  ) { bytes in
    guard let entries = PlainIndex.entries(of: bytes), let wanted = listing(bytes) else { return }
    func shown(_ entries: [PlainIndex.Entry]) -> [String] {
      entries.map { "\(Array($0.path).shown)\($0.isRepository ? " repository" : "")" }
    }
    try hold(entries == wanted, "it is \(shown(entries)), for git \(shown(wanted))")
  }
}
