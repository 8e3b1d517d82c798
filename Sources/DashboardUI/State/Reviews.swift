import RunModel

/// Which files of which runs have been reviewed, and in what state: a file that changes again is unreviewed.
package struct Reviews: Sendable, Equatable {
  /// Of one run: a file's path and the digest of its part of the patch.
  private struct OfRun: Sendable, Equatable {
    var run: String
    var marks: JSONObject
  }

  /// Latest marked first.
  private var runs: [OfRun] = []
  /// What is kept, so that the memory of years stays small.
  static let mostRuns = 200
  static let mostFiles = 5000

  package init() {}

  func mark(_ run: RunID, _ path: String) -> String? {
    let name = run.description
    return runs.first { $0.run == name }?.marks[path]?.string
  }

  func marked(_ run: RunID) -> [String: String] {
    let name = run.description
    let marks = runs.first { $0.run == name }?.marks.compactMap { entry in entry.value.string.map { (entry.key, $0) } }
    return Dictionary(marks ?? [], uniquingKeysWith: { first, _ in first })
  }

  mutating func setMark(_ digest: String?, _ run: RunID, _ path: String) {
    let name = run.description
    var marks = runs.first { $0.run == name }?.marks ?? [:]
    if digest != nil, marks.count >= Self.mostFiles, marks[path] == nil { return }
    marks[path] = digest.map { .string($0) }
    runs.removeAll { $0.run == name }
    if !marks.isEmpty { runs.insert(OfRun(run: name, marks: marks), at: 0) }
    if runs.count > Self.mostRuns { runs.removeLast(runs.count - Self.mostRuns) }
  }

  var json: JSONValue { .object(JSONObject(runs.map { (key: $0.run, value: .object($0.marks)) })) }

  init(json: JSONValue) {
    runs = (json.object ?? [:]).prefix(Self.mostRuns).compactMap { entry in
      entry.value.object.map { OfRun(run: entry.key, marks: $0) }
    }
  }
}

extension Patch {
  /// The digest of a file's part of the patch, 16 hexadecimal digits: what a reviewed mark holds on to. Nil when the
  /// patch does not have the file, or does not have it whole yet.
  func digest(ofFile path: String) -> String? {
    files.firstIndex { $0.path == path }.flatMap { digest(ofFileAt: $0) }
  }

  func digest(ofFileAt place: Int) -> String? {
    guard files.indices.contains(place), isComplete || place + 1 < files.count else { return nil }
    let end = place + 1 < files.count ? files[place + 1].firstLine : lineCount
    // FNV-1a; of a very large part its first lines and its size, as git's object names are among them.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var lines = 0
    for line in files[place].firstLine..<end {
      for byte in bytes(of: line).prefix(4096) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 10) &* 0x100_0000_01B3
      lines += 1
      if lines == 20_000 { break }
    }
    hash = (hash ^ UInt64(end - files[place].firstLine)) &* 0x100_0000_01B3
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The line of the new file where its first change is.
  func firstChange(ofFile path: String) -> Int? {
    guard let place = files.firstIndex(where: { $0.path == path }),
      let hunk = hunks.first(where: { $0.file == place })
    else { return nil }
    var last: Int?
    for number in (hunk.line + 1)..<max(hunk.line + 1, hunk.end) {
      let line = line(number)
      if line.kind == .added { return line.new }
      if line.kind == .removed { return (last ?? 0) + 1 }
      last = line.new ?? last
    }
    return last
  }
}
