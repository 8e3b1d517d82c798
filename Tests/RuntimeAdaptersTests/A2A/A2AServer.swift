import Foundation
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

/// `Tests/Agents/a2a-server.py`, which does as a test says, and ends with the value.
final class A2AServer: Sendable {
  let port: Int
  private let process: Process
  private let input: FileHandle
  private let output: FileHandle

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let agents = folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Agents")

  convenience init(_ arguments: String...) throws {
    try self.init(
      program: "/usr/bin/env",
      ["python3", Self.agents.appendingPathComponent("a2a-server.py").path] + arguments)
  }

  init(program: String, _ arguments: [String]) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let (to, from) = (Pipe(), Pipe())
    process.standardInput = to
    process.standardOutput = from
    try process.run()
    input = to.fileHandleForWriting
    output = from.fileHandleForReading
    guard let port = Int(Self.line(output)) else {
      process.terminate()
      throw ConformanceFailure("the server named no port")
    }
    self.port = port
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  var url: String { "http://127.0.0.1:\(port)/" }

  /// One of the commands that the script knows; returns its answer.
  @discardableResult
  func tell(_ command: String) -> String {
    input.write(Data("\(command)\n".utf8))
    return Self.line(output)
  }

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
