import Subprocess
import SystemPackage

/// A program that runs to its end, with all that it has started in a process group of its own, ended with the task.
enum Program {
  struct Ending {
    /// As a shell has it: 128 and more for a signal.
    var status: Int
    var output: [UInt8]
    var diagnostics: [UInt8]
  }

  /// `name` is looked for in PATH. Throws when it cannot be started or prints more than `limit` bytes. A program that
  /// ends without having read all of its input has ended like any other, as long as this process ignores SIGPIPE.
  static func run(
    _ name: String, _ arguments: [String], environment: [Environment.Key: String], limit: Int, input: [UInt8] = []
  ) async throws -> Ending {
    if input.isEmpty { return try await run(name, arguments, environment, limit, .none) }
    return try await run(name, arguments, environment, limit, WholeInput(bytes: input))
  }

  /// Where a program lies that is looked for as a shell does; nil when it is in no folder of `path`, whose relative
  /// folders are left out.
  static func find(_ name: String, in path: String?) -> String? {
    for folder in (path ?? "/usr/bin:/bin").split(separator: ":") where folder.hasPrefix("/") {
      let candidate = "\(folder)/\(name)"
      if Files.isProgram(candidate) { return candidate }
    }
    return nil
  }

  /// By its path: given a name, swift-subprocess 1.0 starts a process for each folder of PATH until one finds the
  /// program.
  private static func executable(_ name: String, _ path: String?) -> Executable {
    find(name, in: path).map { .path(FilePath($0)) } ?? .name(name)
  }

  private static func run(
    _ name: String, _ arguments: [String], _ environment: [Environment.Key: String], _ limit: Int,
    _ input: some InputProtocol
  ) async throws -> Ending {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
    let result = try await Subprocess.run(
      executable(name, environment["PATH"]), arguments: Arguments(arguments), environment: .custom(environment),
      platformOptions: options, input: input, output: .bytes(limit: limit), error: .bytes(limit: 1 << 20))
    let status =
      switch result.terminationStatus {
      case .exited(let code): Int(code)
      case .signaled(let signal): 128 + Int(signal)
      }
    return Ending(status: status, output: result.standardOutput, diagnostics: result.standardError)
  }
}

/// Bytes for a program's standard input, which is closed whatever becomes of them.
///
/// swift-subprocess 1.0 closes it only behind a write that succeeded, and ends the whole process when it finds it open later:
/// with its own inputs a cancelation, or a program that reads no further, would be the end of everything.
private struct WholeInput: InputProtocol {
  let bytes: [UInt8]

  func write(with writer: StandardInputWriter) async throws {
    do { _ = try await writer.write(bytes) } catch {
      // The task was canceled, or the program has closed its end: how it ends tells the rest.
    }
    try await writer.finish()
  }
}
