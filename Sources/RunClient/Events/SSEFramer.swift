import Glibc
import RunModel

/// Cuts a byte stream into Server-Sent Events, wherever the portions it arrives in begin and end.
///
/// A portion that holds whole frames is read in place; only the cut-off end of one is kept. A comment is a sign of life
/// and nothing else, but for `: outage`. Ids are ours: a seq.
package struct SSEFramer {
  private var rest: [UInt8] = []
  /// What the last `: outage` comment said; nil when none came.
  private(set) var outage: [UInt8]?
  /// A frame longer than this is taken for something else than events.
  package static let longest = Bounds.wireLine

  package struct Overlong: Error, CustomStringConvertible {
    package var description: String { "an event longer than \(SSEFramer.longest >> 20) MiB" }
  }

  package init() {}

  /// Calls `frame` for each complete event with its id (0 without one) and its data.
  package mutating func feed(
    _ portion: UnsafeRawBufferPointer, _ frame: (UInt64, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if rest.isEmpty {
      let used = try Self.frames(in: portion, &outage, frame)
      rest.append(contentsOf: portion[used...])
    } else {
      rest.append(contentsOf: portion)
      var outage = outage
      let used = try rest.withUnsafeBytes { bytes in try Self.frames(in: bytes, &outage, frame) }
      self.outage = outage
      rest.removeFirst(used)
    }
    if rest.count > Self.longest { throw Overlong() }
  }

  mutating func takeOutage() -> [UInt8]? {
    defer { outage = nil }
    return outage
  }

  /// Returns where the first incomplete frame begins.
  private static func frames(
    in bytes: UnsafeRawBufferPointer, _ outage: inout [UInt8]?, _ frame: (UInt64, UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var line = 0
    var complete = 0
    var id: UInt64 = 0
    var data: Range<Int>?
    var joined: [UInt8]?
    while line < bytes.count, let newline = memchr(base + line, 0x0A, bytes.count - line) {
      let end = base.distance(to: UnsafeRawPointer(newline))
      let stop = end > line && bytes[end - 1] == 0x0D ? end - 1 : end
      if stop == line {
        if let joined {
          try joined.withUnsafeBytes { try frame(id, $0) }
        } else if let data {
          try frame(id, UnsafeRawBufferPointer(rebasing: bytes[data]))
        }
        id = 0
        data = nil
        joined = nil
        complete = end + 1
      } else if let value = field("data", in: bytes, line..<stop) {
        if let data { joined = joined ?? Array(bytes[data]) }
        if joined != nil {
          joined?.append(0x0A)
          joined?.append(contentsOf: bytes[value])
        }
        data = value
      } else if let value = field("id", in: bytes, line..<stop) {
        id = 0
        for byte in bytes[value] where byte >= 48 && byte <= 57 { id = id &* 10 &+ UInt64(byte - 48) }
      } else if let value = field(": outage ", in: bytes, line..<stop, mark: 0) {
        outage = Array(bytes[value])
      }
      line = end + 1
    }
    return complete
  }

  /// Where the field's value is, if the line is that field.
  private static func field(
    _ name: StaticString, in bytes: UnsafeRawBufferPointer, _ line: Range<Int>, mark: Int = 1
  ) -> Range<Int>? {
    let count = name.utf8CodeUnitCount
    guard line.count > count, mark == 0 || bytes[line.lowerBound + count] == UInt8(ascii: ":"),
      let base = bytes.baseAddress, memcmp(base + line.lowerBound, name.utf8Start, count) == 0
    else { return nil }
    let start = line.lowerBound + count + mark
    return (start < line.upperBound && bytes[start] == 0x20 ? start + 1 : start)..<line.upperBound
  }
}
