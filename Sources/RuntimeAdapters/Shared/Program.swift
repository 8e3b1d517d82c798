import Subprocess

/// A program that runs to its end, with all that it has started in a process group of its own, ended with the task.
enum Program {
  struct Ending {
    /// As a shell has it: 128 and more for a signal.
    var status: Int
    var output: [UInt8]
    var diagnostics: [UInt8]
  }

  /// `name` is looked for in PATH. Throws when it cannot be started or prints more than `limit` bytes.
  static func run(
    _ name: String, _ arguments: [String], environment: [Environment.Key: String], limit: Int, input: [UInt8] = []
  ) async throws -> Ending {
    // A task that is canceled before its child's input is written ends the whole process: swift-subprocess 1.0 stops at a
    // writer that nobody has closed. Without input there is no writer.
    if input.isEmpty { return try await run(name, arguments, environment, limit, .none) }
    return try await run(name, arguments, environment, limit, .array(input))
  }

  private static func run(
    _ name: String, _ arguments: [String], _ environment: [Environment.Key: String], _ limit: Int,
    _ input: some InputProtocol
  ) async throws -> Ending {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
    let result = try await Subprocess.run(
      .name(name), arguments: Arguments(arguments), environment: .custom(environment), platformOptions: options,
      input: input, output: .bytes(limit: limit), error: .bytes(limit: 1 << 20))
    let status =
      switch result.terminationStatus {
      case .exited(let code): Int(code)
      case .signaled(let signal): 128 + Int(signal)
      }
    return Ending(status: status, output: result.standardOutput, diagnostics: result.standardError)
  }
}
