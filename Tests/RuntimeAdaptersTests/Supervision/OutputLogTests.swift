import FoundationEssentials
import Glibc
import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("The output log")
struct OutputLogTests {
  private func cut(_ pieces: [String], flushing: Bool = false) -> [(LogRecord.Kind, String)] {
    var cutter = LineCutter(line: .stdout, fragment: .stdoutFragment)
    var lines: [(LogRecord.Kind, String)] = []
    let emit = { (kind: LogRecord.Kind, bytes: UnsafeRawBufferPointer) in
      lines.append((kind, String(decoding: bytes, as: UTF8.self)))
    }
    for piece in pieces {
      Array(piece.utf8).withUnsafeBytes { cutter.feed($0, emit) }
      if flushing { cutter.flush(emit) }
    }
    cutter.finish(emit)
    return lines
  }

  @Test("Lines are cut wherever the pieces begin, and the last needs no newline")
  func lines() {
    #expect(cut(["a\nb", "c\n\nd"]).map(\.1) == ["a", "bc", "", "d"])
    #expect(cut([]).isEmpty)
  }

  @Test("What waits comes as fragments, and its line ends it")
  func fragments() {
    let records = cut(["ab", "c\nd"], flushing: true)
    #expect(records.map(\.0) == [.stdoutFragment, .stdout, .stdoutFragment, .stdout])
    #expect(records.map(\.1) == ["ab", "c", "d", ""])
  }

  @Test("A line longer than 1 MB is cut once and marked, and the next is whole")
  func longLine() {
    let records = cut([String(repeating: "x", count: 900_000), String(repeating: "y", count: 900_000), "z\nnext\n"])
    #expect(records.count == 2)
    #expect(records[0].1.utf8.count == LineCutter.longest + LineCutter.mark.count)
    #expect(records[0].1.hasSuffix("longer than 1 MB]"))
    #expect(records[1].1 == "next")
  }

  @Test("A reader never sees half a record, and goes on from any record's offset")
  func growingFile() throws {
    let path = "\(ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp")/flightdeck-log-\(ULIDGenerator().next())"
    defer { Files.removeTree(path) }
    var whole: [UInt8] = []
    for text in ["one", "two\nwith a newline", ""] {
      Array(text.utf8).withUnsafeBytes { LogRecord.append(.stderr, time: 7, $0, to: &whole) }
    }
    var found: [LogRecord] = []
    try Files.write([], to: path)
    guard var reader = OutputLogReader(path: path, from: 0) else { throw Problem(.internal, "no log") }
    let file = Appender(path: path)
    for byte in whole {
      file.append(byte)
      found += reader.next()
    }
    #expect(found.map(\.text) == ["one", "two\nwith a newline", ""])
    #expect(found.last?.end == whole.count)
    guard var later = OutputLogReader(path: path, from: found[1].offset) else { throw Problem(.internal, "no log") }
    #expect(later.next().map(\.text) == ["two\nwith a newline", ""])
  }

  @Test("What is no record of ours is passed over, whatever length it claims, and costs no memory")
  func foreignBytes() throws {
    let path = "\(ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp")/flightdeck-log-\(ULIDGenerator().next())"
    defer { Files.removeTree(path) }
    var whole: [UInt8] = []
    func add(_ text: String) {
      Array(text.utf8).withUnsafeBytes { LogRecord.append(.stdout, time: 7, $0, to: &whole) }
    }
    add("one")
    whole += Array("o 7 99999999999\n".utf8)
    add("two")
    whole += [UInt8](repeating: 0x78, count: 3_000_000) + [0x0A]
    add("three")
    try Files.write(whole, to: path)
    guard var reader = OutputLogReader(path: path, from: 0) else { throw Problem(.internal, "no log") }
    var found: [String] = []
    var most = 0
    while true {
      let records = reader.next()
      if records.isEmpty { break }
      found += records.map(\.text)
      most = max(most, reader.held)
    }
    #expect(found == ["one", "two", "three"])
    #expect(reader.offset == whole.count)
    #expect(most <= Bounds.line + 2 * 262_144)
  }
}

/// Appends to the very file that a reader has open.
private struct Appender {
  let path: String
  func append(_ byte: UInt8) {
    let descriptor = open(path, O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    _ = Files.writeAll([byte], to: descriptor)
  }
}
