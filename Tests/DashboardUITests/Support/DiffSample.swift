import TerminalKit

@testable import DashboardUI

/// Diffs with everything that a diff may hold.
enum DiffSample {
  static let code = """
    diff --git a/Sources/Store/Cache.swift b/Sources/Store/Cache.swift
    index 3f1c2aa3f1c2aa3f1c2aa3f1c2aa3f1c2aa3f1c2..91be77d91be77d91be77d91be77d91be77d91be77d 100644
    --- a/Sources/Store/Cache.swift
    +++ b/Sources/Store/Cache.swift
    @@ -8,19 +8,18 @@ struct Cache<Key: Hashable> {
       /* Kept in order
          of use. */
       private var entries: [Key: Entry] = [:]
    -  let capacity = 100
    -  let name = "cache"
    +  /// How many entries are kept.
    +  let capacity = 250
    +  let name = "cache of \\(Key.self)"
     
       mutating func insert(_ key: Key, _ value: Data) {
    -    guard value.count < capacity else { return }
    -    entries[key] = Entry(value, at: clock.now)
    -    if entries.count > capacity { evict() }
    +    if isEnabled {
    +      guard value.count < capacity else { return }
    +      entries[key] = Entry(value, at: clock.now)
    +      if entries.count > capacity { evict() }
    +    }
       }
     
    -  private func checksum(of value: Data) -> UInt64 {
    -    value.reduce(5381) { $0 &* 33 &+ UInt64($1) }
    -  }
    -
       mutating func evict() {
         let oldest = entries.min { $0.value.used < $1.value.used }
         if let oldest { entries[oldest.key] = nil }
    @@ -60,3 +63,7 @@ extension Cache {
       var isEmpty: Bool { entries.isEmpty }
       var count: Int { entries.count }
     }
    +
    +private func checksum(of value: Data) -> UInt64 {
    +  value.reduce(5381) { $0 &* 33 &+ UInt64($1) }
    +}
    diff --git a/web/list.ts b/web/list.ts
    index 1111111..2222222 100644
    --- a/web/list.ts
    +++ b/web/list.ts
    @@ -1,4 +1,4 @@
     // 一覧 of 利用
    -const title = "利用 の 一覧";  // 表題
    +const title = "利用 と 権限 の 一覧";  // 表題
     const rows = await fetchRows(`/users?page=${page}`);
     export default rows;

    """

  /// What is shown as a mark, because it would not be seen or would be something else.
  static let odd: [UInt8] = {
    var bytes = Array(
      """
      diff --git a/dos.txt b/dos.txt
      index 1111111..2222222 100644
      --- a/dos.txt
      +++ b/dos.txt
      @@ -1,3 +1,3 @@
       one\r
      -two\r
      +2\r
       three\r
      diff --git a/unix.txt b/unix.txt
      old mode 100644
      new mode 100755
      index 1111111..2222222
      --- a/unix.txt
      +++ b/unix.txt
      @@ -1,2 +1,7 @@
       one
      -last
      \\ No newline at end of file
      +now with a return\r
      +trailing   
      +  \tspace before tab
      +\u{1B}[31mnot red\u{1B}[0m
      +if (isAdmin\u{202E} { return \u{2066}true
      +zero\u{200B}width and e\u{301}
      diff --git a/photo.png b/photo.png
      new file mode 100644
      index 0000000..7c11d3f
      GIT binary patch
      literal 1234
      zcmV;@1TFh{P)<h;3K|Lk000e1NJLTq000I60018d1^@s6!#-il00009a7bBm000XU
      zcmV;@1TFh{P)<h;3K|Lk000e1NJLTq000I60018d1^@s6!#-il00009a7bBm000XU

      literal 0
      HcmV?d00001

      diff --git a/old name.txt b/new name.txt
      similarity index 100%
      rename from old name.txt
      rename to new name.txt
      diff --git a/latin.txt b/latin.txt
      index 1111111..2222222 100644
      --- a/latin.txt
      +++ b/latin.txt
      @@ -1,2 +1,2 @@
       cafe
      -caf
      """.utf8)
    bytes += [0xE9, 0x0A] + Array("+caf".utf8) + [0xE9, 0x20, 0xFF, 0xC3, 0x0A]
    return bytes
  }()

  static func opened(_ size: Size, _ patch: [UInt8] = Array(code.utf8)) -> DashboardState {
    var state = Sample.opened(size, .diff)
    _ = state.update(.patch(Sample.id(5), patch))
    return state
  }
}
