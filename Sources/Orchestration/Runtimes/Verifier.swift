package import RunModel

/// Runs a contract's `verify` commands where a run has worked.
package protocol Verifier: Sendable {
  /// Runs one command line with `sh -c` in the workspace and returns when every process of it is gone.
  ///
  /// A command that fails or takes too long is a result. Throws a `Problem` when it cannot be started, and
  /// `CancellationError` when the task is canceled: the command's processes are gone then too.
  func verify(_ command: String, in workspace: Workspace, run: RunID) async throws -> Verification

  /// Ends what an earlier orchestrator left verifying of this run; returns when no process of it is left.
  func endEarlier(of run: RunID) async
}

extension Verifier {
  /// For verifiers whose commands end with the orchestrator.
  package func endEarlier(of run: RunID) async {}
}

/// What a `verify` command came to.
package struct Verification: Sendable, Equatable {
  /// 128 plus the number for a signal.
  package var exitCode: Int
  package var durationMilliseconds: Int64
  /// Standard output and error as they came; of a long one, the end.
  package var output: String
  /// The test report's entries; without a report the command itself is the one entry.
  package var tests: [TestRecord]
  package var timedOut: Bool
  /// The other limit for which it was stopped, as in `used 5 GB of memory, …`.
  package var exceeded: String?

  package init(
    exitCode: Int, durationMilliseconds: Int64, output: String = "", tests: [TestRecord] = [], timedOut: Bool = false,
    exceeded: String? = nil
  ) {
    self.exceeded = exceeded
    self.exitCode = exitCode
    self.durationMilliseconds = durationMilliseconds
    self.output = output
    self.tests = tests
    self.timedOut = timedOut
  }
}
