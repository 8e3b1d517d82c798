import FoundationEssentials
import GRDB
import RunModel

extension ULID {
  /// 16 bytes, big-endian, so that the bytes sort as the ids do.
  var blob: Data {
    withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
  }

  init?(blob: UnsafeRawBufferPointer) {
    guard blob.count == 16 else { return nil }
    self.init(
      high: UInt64(bigEndian: blob.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      low: UInt64(bigEndian: blob.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }
}

extension Row {
  func bytes(_ column: Int) throws -> [UInt8] { try withUnsafeData(atIndex: column) { $0.map { [UInt8]($0) } ?? [] } }

  func run(_ column: Int) throws -> RunID? { try ulid(column).map { RunID($0) } }

  func ulid(_ column: Int) throws -> ULID? {
    try withUnsafeData(atIndex: column) { data in data.flatMap { $0.withUnsafeBytes { ULID(blob: $0) } } }
  }

  func seq(_ column: Int) -> UInt64 { UInt64(clamping: self[column] as Int64) }
}
