import GRDB
import RunModel

/// Turns SQLite's errors into problems with the way out.
struct StoreProblem {
  static let damaged = "it is damaged"

  /// The database file, for the message.
  var path: String

  /// Cancellation and problems pass as they are.
  func translate(_ error: any Error) -> any Error {
    switch error {
    case is Problem, is CancellationError: error
    case let error as DatabaseError:
      problem(error.extendedResultCode, error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
    default: Problem(.unavailable, "The store \(path) cannot be used: \(error)")
    }
  }

  func problem(_ code: ResultCode, _ message: String) -> Problem {
    switch code.primaryResultCode {
    case .SQLITE_FULL:
      Problem(
        .unavailable, "The disk that holds \(path) is full. Free some space; nothing stored so far is lost.",
        cause: "the disk is full")
    case .SQLITE_READONLY, .SQLITE_PERM:
      Problem(
        .unavailable, "The store \(path) is read only. Make the file and its folder writable.",
        cause: "it is read only")
    case _ where message.hasPrefix("no such table") || message.hasPrefix("no such column"):
      Problem(
        .unavailable,
        "The store \(path) is damaged (\(message)). Move it away to begin anew, or restore it from a backup.",
        cause: Self.damaged)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      Problem(
        .unavailable,
        "The store \(path) is damaged (\(message)). Move it away to begin anew, or restore it from a backup.",
        cause: Self.damaged)
    case .SQLITE_CANTOPEN:
      Problem(
        .unavailable, "The store \(path) cannot be opened. Check that its folder exists and is writable.",
        cause: "it cannot be opened")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      Problem(
        .unavailable, "Another program holds the store \(path) locked. Close it and try again.",
        cause: "another program locks it")
    case .SQLITE_TOOBIG: Problem(.tooLarge, "A value is larger than the store \(path) can hold (1 GB).")
    case .SQLITE_IOERR:
      Problem(
        .unavailable, "The disk that holds \(path) reports an error (\(message)). Check the disk and its free space.",
        cause: "the disk reports an error")
    case .SQLITE_CONSTRAINT:
      Problem(.conflict, "The store \(path) already holds what was to be added (\(message)).")
    default: Problem(.unavailable, "The store \(path) cannot be used: \(message).")
    }
  }
}
