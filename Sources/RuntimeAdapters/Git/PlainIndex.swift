/// An index of the form that git writes for a work tree of its own, read without git: gitformat-index(5), version 2 or 3
/// with SHA-1. Of every other form git itself is asked.
enum PlainIndex {
  struct Entry: Equatable {
    var path: ArraySlice<UInt8>
    /// Another repository, of which only its commit is kept.
    var isRepository: Bool

    init(path: ArraySlice<UInt8>, mode: Int) {
      self.path = path
      isRepository = mode & 0o170000 == 0o160000
    }

    /// As `git ls-files --stage -z` tells it: `MODE HASH STAGE\tPATH`.
    init?(listed: ArraySlice<UInt8>) {
      guard let tab = listed.firstIndex(of: 0x09),
        let mode = Int(String(decoding: listed.prefix { $0 != 0x20 }, as: UTF8.self), radix: 8)
      else { return nil }
      self.init(path: listed[(tab + 1)...], mode: mode)
    }
  }

  private static let head = 12
  /// Of an entry up to its flags, and with them.
  private static let flagsAt = 60
  private static let fixed = 62
  private static let hash = 20

  /// Nil for any other form. Whatever git could read in another way than this is one: long names, folders, a split index, a
  /// sparse one, offsets of entries, extensions that are not known here.
  static func entries(of bytes: [UInt8]) -> [Entry]? {
    guard bytes.count >= head + hash, bytes.starts(with: "DIRC".utf8) else { return nil }
    let version = number(bytes, 4, 4)
    let count = number(bytes, 8, 4)
    let end = bytes.count - hash
    guard version == 2 || version == 3, count <= end / fixed else { return nil }
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    var at = head
    for _ in 0..<count {
      guard at + fixed < end else { return nil }
      let flags = number(bytes, at + flagsAt, 2)
      let isExtended = flags & 0x4000 != 0
      let length = flags & 0xFFF
      guard !isExtended || version == 3, length > 0, length < 0xFFF else { return nil }
      let start = at + fixed + (isExtended ? 2 : 0)
      // One to eight NULs follow the name.
      let next = at + (start - at + length + 8) / 8 * 8
      guard next <= end else { return nil }
      let path = bytes[start..<(start + length)]
      guard !path.contains(0), bytes[(start + length)..<next].allSatisfy({ $0 == 0 }) else { return nil }
      let mode = number(bytes, at + 24, 4)
      // A folder stands for all that a tree holds.
      guard [0o100000, 0o120000, 0o160000].contains(mode & ~0o7777) else { return nil }
      entries.append(Entry(path: path, mode: mode))
      at = next
    }
    while at < end {
      guard at + 8 <= end, ["TREE", "REUC"].contains(where: { bytes[at..<(at + 4)].elementsEqual($0.utf8) }) else {
        return nil
      }
      at += 8 + number(bytes, at + 4, 4)
    }
    return at == end ? entries : nil
  }

  /// Most significant byte first.
  private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
    bytes[at..<(at + count)].reduce(0) { $0 << 8 | Int($1) }
  }
}
