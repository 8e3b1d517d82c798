import CTerminal

/// Bytes on their way to the terminal, which takes them when it can.
struct OutputQueue {
  enum Result { case done, waiting, gone }

  /// Sequences that go out between frames.
  private(set) var controls: [UInt8] = []
  /// A terminal that takes nothing gets no more than this later; a bell rings once.
  static let mostControls = 512 << 10
  /// Sequences that did not fit.
  private(set) var dropped = 0
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

  mutating func append(control bytes: [UInt8]) {
    if bytes == [0x07], controls.last == 0x07 { return }
    guard controls.count + bytes.count <= Self.mostControls else {
      dropped += 1
      return
    }
    controls += bytes
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
