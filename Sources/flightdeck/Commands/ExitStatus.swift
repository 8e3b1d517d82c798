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

  /// ArgumentParser proposes the nearest option however far it is.
  static func withoutFarHint(_ message: String) -> String {
    guard let hint = message.firstRange(of: " Did you mean '"), let word = message.firstRange(of: "Unknown option '"),
      let end = message[hint.upperBound...].firstRange(of: "'?")
    else { return message }
    let near = String(message[hint.upperBound..<end.lowerBound])
    let meant = String(message[word.upperBound...].prefix { $0 != "'" })
    if Nearest.nearest(to: meant, among: [near]) != nil { return message }
    return String(message[..<hint.lowerBound] + message[end.upperBound...])
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
    let message = withoutFarHint(Flightdeck.fullMessage(for: error))
    let code = Flightdeck.exitCode(for: error)
    if code.isSuccess { return Ending(status: 0, output: message) }
    return Ending(status: code == .validationFailure ? usage : failed, diagnostic: message)
  }
}

extension Error {
  /// As a person reads it, made safe to print.
  var plainDescription: String { Plain.lines("\(self)").joined(separator: "\n") }
}
