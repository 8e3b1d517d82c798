import Foundation
import Glibc
import Logging
import RunModel
import Synchronization
import TestSupport
import Testing

@testable import flightdeck

@Suite("Log files", .timeLimit(.minutes(20)))
struct RotatingFileTests {
  private static func with<Result>(_ body: (String) throws -> Result) rethrows -> Result {
    var template = Array("/tmp/fdl-XXXXXX".utf8CString)
    let folder = String(cString: mkdtemp(&template))
    // A folder that is gone already is as good.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
  }

  private static func size(_ path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // gone: it holds nothing
    return attributes?[.size] as? Int ?? 0
  }

  private static func lines(_ path: String) -> [Substring] {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []  // none yet
  }

  @Test("Many writers at once: with files enough nothing is lost or torn, and no file ever grows past its bound")
  func concurrent() throws {
    try Self.with { folder in
      let path = folder + "/flightdeck.log"
      let settings = LogSettings(level: .info, maxSize: 64 << 10, keep: 40)
      let book = LogBook(settings, path: path, standardError: .silent)
      let writers = 8
      let each = 1000
      let over = Counter()
      DispatchQueue.concurrentPerform(iterations: writers) { writer in
        let logger = book.logger("w\(writer)")
        for number in 0..<each {
          logger.info("line \(writer)-\(number)", metadata: ["run": "R\(writer)"])
          if number % 50 == 0 {
            // The sink's bound is not what is tested here.
            book.flush()
            for file in RotatingFile.files(of: path) where Self.size(file) > settings.maxSize {
              over.add()
            }
          }
        }
      }
      book.flush()
      #expect(over.count == 0)
      #expect(book.dropped == 0)
      let files = RotatingFile.files(of: path)
      #expect(files.count > 5 && files.count <= settings.keep + 1)
      var seen: [String: Int] = [:]
      for file in files {
        #expect(Self.size(file) <= settings.maxSize)
        for line in Self.lines(file) {
          let json = try JSONValue(parsing: String(line))
          let message = try #require(json["message"]?.string)
          let parts = message.split(separator: " ")[1].split(separator: "-")
          // Each writer's lines are in its order, across files too.
          let number = try #require(Int(parts[1]))
          #expect(seen[String(parts[0]), default: -1] + 1 == number)
          seen[String(parts[0])] = number
        }
      }
      #expect(seen.count == writers && seen.values.allSatisfy { $0 == each - 1 })
    }
  }

  @Test(
    "All files together never hold more than (keep + 1) times the bound, and the latest lines are there",
    arguments: [0, 1, 3])
  func bound(keep: Int) throws {
    try Self.with { folder in
      let path = folder + "/a.log"
      var file = RotatingFile(path: path, maxSize: 4096, keep: keep)
      for number in 0..<500 {
        let line = Array("line \(number) \(String(repeating: "x", count: number % 300))\n".utf8)
        #expect(file.append([line, line]) == 2)
        let files = RotatingFile.files(of: path)
        #expect(files.count <= keep + 1)
        #expect(files.reduce(0) { $0 + Self.size($1) } <= (keep + 1) * 4096)
        #expect(Self.lines(path).last?.hasPrefix("line \(number) ") == true)
      }
      file.close()
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test("A line longer than a whole file is left out and holds nothing up")
  func tooLong() {
    Self.with { folder in
      var file = RotatingFile(path: folder + "/a.log", maxSize: 4096, keep: 1)
      let long = [UInt8](repeating: 0x61, count: 5000)
      #expect(file.append([Array("one\n".utf8), long, Array("two\n".utf8)]) == 3)
      #expect(Self.lines(folder + "/a.log") == ["one", "two"])
      file.close()
    }
  }

  @Test("A file that was moved away or removed is begun anew, and what was written stays where it went")
  func moved() throws {
    try Self.with { folder in
      let path = folder + "/a.log"
      var file = RotatingFile(path: path, maxSize: 4096, keep: 1)
      #expect(file.append([Array("one\n".utf8)]) == 1)
      #expect(rename(path, folder + "/elsewhere") == 0)
      #expect(file.append([Array("two\n".utf8)]) == 1)
      #expect(Self.lines(folder + "/elsewhere") == ["one"])
      #expect(Self.lines(path) == ["two"])
      try FileManager.default.removeItem(atPath: path)
      #expect(file.append([Array("three\n".utf8)]) == 1)
      #expect(Self.lines(path) == ["three"])
      // Cut to nothing by somebody else: it is as long as it is.
      #expect(truncate(path, 0) == 0)
      #expect(file.append([Array("four\n".utf8)]) == 1)
      #expect(Self.lines(path) == ["four"])
      file.close()
    }
  }

  @Test("No link is followed, and no pipe is written to: then the lines count as lost")
  func strange() {
    Self.with { folder in
      #expect(symlink(folder + "/target", folder + "/link") == 0)
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      for name in ["link", "pipe", "none/a.log"] {
        var file = RotatingFile(path: folder + "/" + name, maxSize: 4096, keep: 1)
        #expect(file.append([Array("one\n".utf8)]) == 0, "\(name)")
        file.close()
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/target"))
    }
  }

  @Test(
    "On a full disk lines are dropped, counted, and told of when there is room again; no half line stays",
    .enabled(if: MountRight.isGiven, "\(MountRight.words)"))
  func fullDisk() throws {
    try Self.with { folder in
      let disk = folder + "/disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      try #require(mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0)
      defer { umount2(disk, 2) }
      try Data(count: 40 << 10).write(to: URL(fileURLWithPath: disk + "/ballast"))
      let path = disk + "/flightdeck.log"
      let book = LogBook(LogSettings(level: .info, maxSize: 1 << 20, keep: 1), path: path, standardError: .silent)
      let logger = book.logger("full")
      for number in 0..<1000 {
        logger.info("line \(number) \(String(repeating: "x", count: 100))")
        if number % 10 == 0 { book.flush() }
      }
      book.flush()
      let lost = book.dropped
      #expect(lost > 500 && lost < 1000)
      try FileManager.default.removeItem(atPath: disk + "/ballast")
      logger.info("there is room")
      book.flush()
      let lines = Self.lines(path)
      for line in lines { _ = try JSONValue(parsing: String(line)) }
      let messages = try lines.compactMap { try JSONValue(parsing: String($0))["message"]?.string }
      let told = messages.filter { $0.hasSuffix(" log lines were dropped") }
      #expect(told.reduce(0) { $0 + (Int($1.prefix { $0.isNumber }) ?? 0) } == lost)
      #expect(messages.last == "there is room")
      #expect(lines.count == 1000 - lost + told.count + 1)
    }
  }
}

@Suite("Log sinks", .timeLimit(.minutes(20)))
struct LogSinkTests {
  private final class Written: Sendable {
    private let all = Mutex<[[UInt8]]>([])
    var lines: [[UInt8]] { all.withLock { $0 } }
    func add(_ lines: [[UInt8]]) { all.withLock { $0 += lines } }
  }

  @Test("A place that takes nothing holds no writer up; what waits is bounded, and what was dropped is counted")
  func frozen() {
    let gate = DispatchSemaphore(value: 0)
    let began = DispatchSemaphore(value: 0)
    let written = Written()
    let sink = LogSink("test", tell: { Array("lost \($0)".utf8) }) { lines in
      began.signal()
      gate.wait()
      written.add(lines)
      return lines.count
    }
    sink.take(Array("first".utf8))
    began.wait()
    // Frozen now. Every one of these returns at once.
    for number in 0..<LogSink.mostLines + 500 { sink.take(Array("\(number)".utf8)) }
    #expect(sink.dropped == 500)
    for _ in 0..<10 { gate.signal() }
    sink.flush(within: .seconds(30))
    sink.take(Array("after".utf8))
    sink.flush(within: .seconds(30))
    let lines = written.lines.map { String(decoding: $0, as: UTF8.self) }
    #expect(lines.first == "first" && lines.last == "after")
    #expect(lines.count { $0 == "lost 500" } == 1)
    #expect(lines.count == 1 + 1 + LogSink.mostLines + 1)
  }

  @Test("Long lines are bounded in bytes too")
  func bytes() {
    let gate = DispatchSemaphore(value: 0)
    let began = DispatchSemaphore(value: 0)
    let sink = LogSink("test", tell: { _ in [] }) { lines in
      began.signal()
      gate.wait()
      return lines.count
    }
    sink.take([0])
    began.wait()
    let line = [UInt8](repeating: 0x61, count: 1 << 20)
    for _ in 0..<10 { sink.take(line) }
    #expect(sink.dropped == 6)
    for _ in 0..<10 { gate.signal() }
    sink.flush(within: .seconds(30))
  }
}
