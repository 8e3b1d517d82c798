import Glibc

/// Cuts a stream of bytes into lines of bounded length. A value with no I/O.
struct LineFramer {
  enum Line: Equatable {
    case whole([UInt8])
    /// Longer than the limit: its first bytes, and how long it was.
    case tooLong(beginning: [UInt8], length: Int)
  }

  private let limit: Int
  private var begun: [UInt8] = []
  /// Bytes of the line that were left out.
  private var skipped = 0
  /// How much of a line that is too long is kept, to tell what it was.
  private static let beginning = 200

  init(limit: Int) { self.limit = limit }

  /// The lines that end in this piece, without their ends; blank ones are left out.
  mutating func take(_ piece: UnsafeRawBufferPointer) -> [Line] {
    guard let base = piece.baseAddress else { return [] }
    var lines: [Line] = []
    var start = 0
    while start < piece.count, let end = memchr(base + start, 0x0A, piece.count - start) {
      let length = base.distance(to: UnsafeRawPointer(end)) - start
      extend(UnsafeRawBufferPointer(start: base + start, count: length))
      start += length + 1
      if let line = cut() { lines.append(line) }
    }
    extend(UnsafeRawBufferPointer(start: base + start, count: piece.count - start))
    return lines
  }

  /// What has no end, at the end of the stream.
  mutating func finish() -> Line? { cut() }

  private mutating func extend(_ bytes: UnsafeRawBufferPointer) {
    if skipped > 0 {
      skipped += bytes.count
    } else if begun.count + bytes.count > limit {
      skipped = begun.count + bytes.count
      begun = Array((begun.prefix(Self.beginning) + bytes.prefix(Self.beginning)).prefix(Self.beginning))
    } else {
      begun.append(contentsOf: bytes)
    }
  }

  private mutating func cut() -> Line? {
    defer {
      begun = []
      skipped = 0
    }
    if skipped > 0 { return .tooLong(beginning: begun, length: skipped) }
    if begun.last == 0x0D { begun.removeLast() }
    return begun.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) ? nil : .whole(begun)
  }
}
