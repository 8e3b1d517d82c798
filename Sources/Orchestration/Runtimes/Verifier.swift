package import RunModel

/// Runs a contract's `verify` commands; the orchestrator's own eyes, after the agent has ended.
package protocol Verifier: Sendable {
  /// Runs `command` with `sh -c` in the workspace. When the task is canceled, it returns or throws only after every
  /// process of the command is gone. A command that fails is a result, not an error.
  func verify(_ command: String, in workspace: Workspace, run: RunID) async throws -> Verification
}

/// How a verify command ended.
package struct Verification: Sendable, Equatable {
  package var exitCode: Int
  package var durationMilliseconds: Int64
  /// Standard output and error as they came, the tail when there was too much.
  package var output: String
  /// From its test report; without one, the command itself as one entry.
  package var tests: [TestRecord]
  package var timedOut: Bool

  package init(
    exitCode: Int, durationMilliseconds: Int64, output: String, tests: [TestRecord], timedOut: Bool = false
  ) {
    self.exitCode = exitCode
    self.durationMilliseconds = durationMilliseconds
    self.output = output
    self.tests = tests
    self.timedOut = timedOut
  }
}
