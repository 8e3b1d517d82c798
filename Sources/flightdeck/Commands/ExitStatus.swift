import ArgumentParser
import RunClient
import RunModel

/// How a command ends: 0 done, 1 failed, 2 usage, 3 no orchestrator, 4 refused.
enum ExitStatus {
  static let failed: Int32 = 1
  static let usage: Int32 = 2
  static let noOrchestrator: Int32 = 3
  static let refused: Int32 = 4

  /// What to print for an error, on which stream, and the status to exit with.
  struct Ending: Equatable {
    var status: Int32
    var output: String?
    var diagnostic: String?
  }

  static func ending(for error: any Error) -> Ending {
    switch error {
    case let error as NoOrchestrator: return Ending(status: noOrchestrator, diagnostic: "\(error)")
    case let error as LinkBroken: return Ending(status: noOrchestrator, diagnostic: "\(error)")
    case let error as Problem: return Ending(status: error.code.exitCode, diagnostic: error.detail)
    case let error as ContractError: return Ending(status: failed, diagnostic: error.message)
    case is CancellationError: return Ending(status: failed)
    case let code as ExitCode: return Ending(status: code.rawValue)
    default: break
    }
    let message = Flightdeck.fullMessage(for: error)
    let code = Flightdeck.exitCode(for: error)
    if code.isSuccess { return Ending(status: 0, output: message) }
    return Ending(status: code == .validationFailure ? usage : failed, diagnostic: message)
  }
}

extension Error {
  /// As a person reads it, made safe to print.
  var plainDescription: String { Plain.lines("\(self)").joined(separator: "\n") }
}
