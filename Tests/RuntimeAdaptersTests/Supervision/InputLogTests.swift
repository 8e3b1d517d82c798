import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("What an agent is told, as a durable log")
struct InputLogTests {
  private func path(_ bench: Bench) -> String { bench.folder + "/input" }

  @Test("Half a record, left by an orchestrator that died, is taken away; the whole ones are known again")
  func halfRecord() throws {
    let bench = try Bench()
    let log = try InputLog(path: path(bench))
    try log.append(.line, tag: "request:1:initialize", Array("{}".utf8))
    try log.append(.note, tag: "message", Array("two\nlines".utf8))
    let whole = try #require(FileManager.default.contents(atPath: path(bench)))
    for length in 1..<20 {
      try (whole + Data("i 1790000000000 900 tag\nhalf of it".utf8.prefix(length))).write(
        to: URL(filePath: path(bench)))
      let again = try InputLog(path: path(bench))
      #expect(
        again.records == [
          InputRecord(kind: .line, tag: "request:1:initialize"),
          InputRecord(kind: .note, tag: "message", note: Array("two\nlines".utf8)),
        ])
      #expect(FileManager.default.contents(atPath: path(bench)) == whole)
    }
  }

  /// Hands on to a pipe, as the supervisor does; returns what the other end gets.
  private func hand(_ bench: Bench, _ rounds: Int, reading piece: Int) throws -> (
    text: [UInt8], answers: [String], isOpen: Bool
  ) {
    var ends: [CInt] = [-1, -1]
    #expect(pipe(&ends) == 0)
    // A program that another test starts meanwhile would hold it open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    let log = open(path(bench), O_RDONLY)
    var feed = InputFeed(log: log, pipe: ends[1])
    var buffer = [UInt8](repeating: 0, count: 4096)
    var text: [UInt8] = []
    var answers: [String] = []
    var isOpen = true
    for _ in 0..<rounds where isOpen {
      feed.hand(by: &buffer) { answers.append(String(decoding: $0, as: UTF8.self)) }
      var chunk = [UInt8](repeating: 0, count: piece)
      let count = read(ends[0], &chunk, piece)
      if count > 0 { text += chunk[..<count] }
      isOpen = count != 0
    }
    close(ends[0])
    close(log)
    return (text, answers, isOpen)
  }

  @Test("Lines of any length pass in order through a pipe that stalls, notes do not, and the end closes it")
  func order() throws {
    let bench = try Bench()
    let log = try InputLog(path: path(bench))
    let long = [UInt8](repeating: 0x78, count: 3_000_000)
    try log.append(.line, tag: "a b\nc", Array("one".utf8))
    try log.append(.note, tag: "message", Array("not for it".utf8))
    try log.append(.line, tag: "long", long)
    try log.append(.answer, tag: "reply:[1]", Array("yes".utf8))
    try log.append(.end, tag: "end")
    try log.append(.line, tag: "late", Array("nobody hears it".utf8))
    let (text, answers, isOpen) = try hand(bench, 2000, reading: 50_000)
    #expect(text == Array("one\n".utf8) + long + Array("\nyes\n".utf8))
    #expect(answers == ["yes"] && !isOpen)
    #expect(try InputLog(path: path(bench)).records.map(\.tag).first == "a_b_c")
  }

  @Test("A record is begun once it is whole, and damage closes the agent's input")
  func wholeOnly() throws {
    let bench = try Bench()
    try "i 1 5 tag\nab".write(toFile: path(bench), atomically: false, encoding: .utf8)
    let begun = try hand(bench, 20, reading: 100)
    #expect(begun.text == [] && begun.isOpen)
    for damage in ["rubbish\n", String(repeating: "x", count: 200), "i 1 2 tag\nabX", "i 1 -2 tag\n"] {
      try "i 1 2 tag\nab\n\(damage)i 1 2 tag\ncd\n".write(toFile: path(bench), atomically: false, encoding: .utf8)
      let told = try hand(bench, 20, reading: 100)
      #expect(told.text == Array("ab\n".utf8) && !told.isOpen, "\(damage)")
      let problem = #expect(throws: Problem.self) { try InputLog(path: path(bench)) }
      #expect(problem?.detail.contains("is damaged at byte 13") == true, "\(problem?.detail ?? "")")
    }
  }

  @Test(
    "A log that is shorter or longer than it was left takes nothing more, and closes the agent's input when it shrank")
  func changed() throws {
    let bench = try Bench()
    let log = try InputLog(path: path(bench))
    try log.append(.line, tag: "one", Array("one".utf8))
    try log.append(.line, tag: "two", Array("two".utf8))
    let whole = try #require(FileManager.default.contents(atPath: path(bench)))
    for bytes in [whole.prefix(whole.count / 2), whole + Data("i 1 1 x\nx\n".utf8)] {
      try bytes.write(to: URL(filePath: path(bench)))
      let problem = #expect(throws: Problem.self) { try log.append(.line, tag: "three", Array("three".utf8)) }
      #expect(problem?.detail.contains("was changed by somebody else") == true)
      #expect(FileManager.default.contents(atPath: path(bench)) == Data(bytes))
    }
    var ends: [CInt] = [-1, -1]
    #expect(pipe(&ends) == 0)
    // A program that another test starts meanwhile would hold it open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reading = open(path(bench), O_RDONLY)
    defer { for descriptor in [ends[0], reading] { close(descriptor) } }
    var feed = InputFeed(log: reading, pipe: ends[1])
    var buffer = [UInt8](repeating: 0, count: 4096)
    feed.hand(by: &buffer) { _ in }
    try Data().write(to: URL(filePath: path(bench)))
    feed.hand(by: &buffer) { _ in }
    var text: [UInt8] = []
    while case let count = read(ends[0], &buffer, buffer.count), count > 0 { text += buffer[..<count] }
    #expect(text == Array("one\ntwo\nx\n".utf8))
  }

  @Test("An answer of hundreds of kilobytes reaches an agent that reads it late")
  func longAnswer() async throws {
    let bench = try Bench()
    let runtime = try bench.local(
      #"echo '{"awf":"attention","question":"Which?"}'; sleep 0.2; read -r line; echo "got ${#line}""#
    ) { $0.input = .answers }
    let recorder = RuntimeEventRecorder(runtime)
    let contract = bench.contract()
    let run = try #require(contract.runId)
    _ = try await runtime.startTask(contract)
    try await recorder.first("the question") { $0.type == "attention" }
    try await runtime.answer(run, attentionId: "q1", answer: String(repeating: "x", count: 400_000))
    #expect(try await recorder.end(of: run).outcome == .succeeded)
    #expect(
      recorder.lines(of: run) == ["got \(400_000 + #"{"awf":"answer","attentionId":"q1","answer":""}"#.utf8.count)"])
  }
}
