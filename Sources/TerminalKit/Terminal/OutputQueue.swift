import CTerminal

/// Bytes on their way to the terminal, which takes them when it can.
struct OutputQueue {
  enum Result { case done, waiting, gone }

  /// Sequences that go out between frames.
  var controls: [UInt8] = []
  private(set) var written = 0
  private var bytes: [UInt8] = []
  private var sent = 0

  var isEmpty: Bool { sent == bytes.count }

  mutating func append(_ more: [UInt8]) {
    if isEmpty {
      bytes = more
      sent = 0
    } else {
      bytes.append(contentsOf: more)
    }
  }

  mutating func takeControls() -> [UInt8] {
    defer { controls = [] }
    return controls
  }

  /// What was not sent yet, for a last try; controls included.
  mutating func takeAll() -> [UInt8] {
    defer {
      bytes = []
      sent = 0
    }
    return Array(bytes[sent...]) + takeControls()
  }

  /// Writes as much as the terminal takes.
  mutating func drain() -> Result {
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBufferPointer { cterm_write($0.baseAddress, $0.count) }
      if count < 0 { return .gone }
      if count == 0 { return .waiting }
      sent += count
      written += count
    }
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 16)
    sent = 0
    return .done
  }
}
