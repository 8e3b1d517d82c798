import RunModel

/// Reads a snapshot from the portions it arrives in, run by run, so that the memory it needs beside the runs is that of
/// one portion.
///
/// Each element of the top object's `runs` is read and dropped; what is left, with an empty `runs`, is read at the end.
struct SnapshotReader {
  private var runs: [Run] = []
  private var skeleton: [UInt8] = []
  /// The part of the present run that has come so far.
  private var element: [UInt8] = []
  private var depth = 0
  private var inString = false
  private var escaped = false
  private var inRuns = false
  private var gaveGlimpse = false
  /// Enough for a large screen.
  private static let screenful = 100
  /// Of one run, and of all that is none; more comes from something else than an orchestrator.
  private static let longestPart = 16 << 20

  mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
    // Where the part that has not been put anywhere begins.
    var start = 0
    for (position, byte) in bytes.enumerated() {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == 2, byte == UInt8(ascii: "["), !inRuns {
          skeleton.append(contentsOf: bytes[start...position])
          start = position + 1
          inRuns = endsInRunsKey
        }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if inRuns, depth == 2 {
          try take(bytes[start...position])
          start = position + 1
        } else if inRuns, depth == 1 {
          inRuns = false
          start = position
        }
      case UInt8(ascii: ","):
        if inRuns, depth == 2 { start = position + 1 }
      default: break
      }
    }
    guard start < bytes.count else { return }
    if inRuns {
      if depth > 2 { element.append(contentsOf: bytes[start...]) }
    } else {
      skeleton.append(contentsOf: bytes[start...])
    }
    guard element.count <= Self.longestPart, skeleton.count <= Self.longestPart else {
      throw JSONReader(bytes).error("A part of the snapshot has no end")
    }
  }

  func finish() throws(JSONError) -> Snapshot {
    var snapshot = try skeleton.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
    snapshot.runs = runs
    snapshot.restoreOrder()
    return snapshot
  }

  /// Once, when a screenful has come and more is on its way: what there is, with the counts of the whole.
  mutating func glimpse() throws(JSONError) -> Snapshot? {
    guard inRuns, !gaveGlimpse, runs.count >= Self.screenful else { return nil }
    gaveGlimpse = true
    let head = skeleton + Array("]}".utf8)
    var snapshot = try head.readJSON { reader throws(JSONError) in try Snapshot(from: &reader) }
    snapshot.runs = runs
    snapshot.restoreOrder()
    return snapshot
  }

  private mutating func take(_ part: Slice<UnsafeRawBufferPointer>) throws(JSONError) {
    element.append(contentsOf: part)
    runs.append(try element.readJSON { reader throws(JSONError) in try Run(from: &reader) })
    element.removeAll(keepingCapacity: true)
  }

  private var endsInRunsKey: Bool {
    var wanted = Array("\"runs\":[".utf8)[...]
    for byte in skeleton.reversed() where byte > 0x20 {
      guard let last = wanted.popLast() else { break }
      if byte != last { return false }
    }
    // A text value "runs" is followed by no colon, so that this can only be the key.
    return wanted.isEmpty
  }
}
