import Logging

/// `log:` of the configuration: where the orchestrator writes down what it does.
struct LogSettings: Sendable, Equatable {
  enum Format: String, Sendable, CaseIterable { case json, text }

  var level = Logger.Level.info
  /// Absolute path; nil: `<state>/log/flightdeck.log`.
  var file: String?
  /// Bytes that no file grows past.
  var maxSize = 10 << 20
  /// Earlier files that are kept: `flightdeck.log.1` is the newest of them.
  var keep = 5
  var format = Format.json

  static let sizes = (1 << 12)...(1 << 30)
  static let keeps = 0...100
}
