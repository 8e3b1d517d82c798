import Foundation
import Orchestration
import RunModel
import Synchronization
import TestSupport

@testable import RuntimeAdapters

/// An agent of `Tests/Agents/a2a-server.py`, which does as a test says, and is gone with the value. One process has the
/// agents of all tests; each has an address, tasks and troubles of its own.
final class A2AServer: Sendable {
  let port: Int
  let url: String
  private let name: String
  private let process: ScriptProcess

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let agents = folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Agents")
  private static let shared = Result {
    try ScriptProcess("/usr/bin/env", ["python3", agents.appendingPathComponent("a2a-server.py").path])
  }

  init(_ options: String...) throws {
    process = try Self.shared.get()
    let answer = process.tell("agent \(Self.json(options))")
    let words = answer.split(separator: " ")
    guard words.count == 2, let port = Int(words[1]) else { throw ConformanceFailure("no agent was made: \(answer)") }
    name = String(words[0])
    self.port = port
    url = "http://127.0.0.1:\(port)/\(name)/"
  }

  deinit { _ = process.tell("end \(name)") }

  /// One of the commands that the script knows; returns its answer.
  @discardableResult
  func tell(_ command: String) -> String { process.tell("\(command) \(name)") }

  func change(_ options: String...) { _ = process.tell("change \(name) \(Self.json(options))") }

  /// How often it was called, in either version's name.
  func calls(_ methods: String...) throws -> Int {
    let counts = try JSONValue(parsing: tell("calls"))
    return methods.reduce(0) { $0 + Int(counts[$1]?.int ?? 0) }
  }

  func runtime(
    in folder: A2ABench, _ change: (inout A2ARuntime.Configuration) -> Void = { _ in }
  ) -> A2ARuntime {
    folder.runtime(url, change)
  }

  private static func json(_ options: [String]) -> String { JSONValue.array(options.map { .string($0) }).jsonText }
}

/// A child that answers each line with a line. It reads its standard input to the end and then ends, so that it goes with the
/// tests however they end.
final class ScriptProcess: Sendable {
  private let process: Process
  private let pipes: Mutex<(input: FileHandle, output: FileHandle)>

  init(_ program: String, _ arguments: [String]) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let (to, from) = (Pipe(), Pipe())
    // A child of another test that had this end too would keep this one alive.
    _ = fcntl(to.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    process.standardInput = to
    process.standardOutput = from
    try process.run()
    pipes = Mutex((to.fileHandleForWriting, from.fileHandleForReading))
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The next line that it writes.
  func line() -> String { pipes.withLock { Self.line($0.output) } }

  func tell(_ command: String) -> String {
    pipes.withLock { pipes in
      pipes.input.write(Data("\(command)\n".utf8))
      return Self.line(pipes.output)
    }
  }

  private static func line(_ handle: FileHandle) -> String {
    var bytes: [UInt8] = []
    while let byte = handle.readData(ofLength: 1).first, byte != 0x0A { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A state folder that is gone with the test, and runtimes with short times.
final class A2ABench: Sendable {
  let state: String
  let ids = ULIDGenerator()

  init() throws {
    state = "\(NSTemporaryDirectory())/flightdeck-tests-\(ULIDGenerator().next())"
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: state) }

  func runtime(_ url: String, _ change: (inout A2ARuntime.Configuration) -> Void = { _ in }) -> A2ARuntime {
    var configuration = A2ARuntime.Configuration(url: url)
    configuration.pollTime = .milliseconds(30)
    configuration.waitingPollTime = .milliseconds(100)
    configuration.firstBackOff = .milliseconds(20)
    configuration.longestBackOff = .milliseconds(100)
    change(&configuration)
    return A2ARuntime(configuration, state: state)
  }

  func contract(_ prompt: String) -> Contract {
    var contract = Contract(title: prompt)
    contract.runId = RunID(ids.next())
    return contract
  }

  func folder(_ run: RunID) -> String { "\(state)/runs/\(run)" }

  func recorded(_ contract: Contract) throws -> Run {
    guard let run = contract.runId else { throw ConformanceFailure("the contract has no run id") }
    var recorded = Run(runId: run, contractId: ContractID(ids.next()), title: contract.title, createdAt: .now)
    recorded.status = .running
    return recorded
  }
}

/// A run that was started, with all that is told of it.
struct A2AStarted {
  let runtime: A2ARuntime
  let recorder: RuntimeEventRecorder
  let contract: Contract
  let run: RunID

  init(_ runtime: A2ARuntime, _ bench: A2ABench, _ prompt: String) async throws {
    self.runtime = runtime
    recorder = RuntimeEventRecorder(runtime)
    contract = bench.contract(prompt)
    guard let run = contract.runId else { throw ConformanceFailure("the contract has no run id") }
    self.run = run
    _ = try await runtime.startTask(contract)
  }

  func end() async throws -> TaskEnd { try await recorder.end(of: run) }
  var lines: [String] { recorder.lines(of: run) }

  /// The types of the runtime's own events.
  var remarks: [String] {
    recorder.events(of: run).compactMap { if case .custom(let type, _) = $0.kind { type } else { nil } }
  }

  func remark(_ type: String) async throws {
    try await recorder.first(type) { if case .custom(type, _) = $0.kind { true } else { false } }
  }

  func question() async throws -> (id: String, text: String) {
    let event = try await recorder.first("a question") { if case .attention = $0.kind { true } else { false } }
    guard case .attention(let id, let text, _, _, _) = event.kind else { throw ConformanceFailure("no question") }
    return (id, text)
  }

  func line(_ text: String) async throws {
    try await recorder.first("the line \(text)") {
      if case .output(_, text, _) = $0.kind { true } else { false }
    }
  }
}
