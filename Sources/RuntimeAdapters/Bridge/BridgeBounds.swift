/// What holds an adapter within bounds; bytes unless it says otherwise.
enum BridgeBounds {
  /// One message; a longer one is skipped, and said so in the log.
  static let message = 16 << 20
  /// What an adapter has not read from its standard input; more means that it hangs.
  static let unread = 32 << 20
  /// One line of the adapter's own words for the log, and how many a second of them.
  static let remark = 4096
  static let remarksPerSecond = 100
  /// Events of runs whose start has not been answered: count and bytes, of one adapter.
  static let heldEvents = 1000
  static let held = 4 << 20
  /// Ended runs that can still be asked about, and what their artifacts and patches may take together.
  static let endedRuns = 256
  static let endedBytes = 64 << 20
  /// An event's own type, and a question's options.
  static let typeLength = 80
  static let options = 32
  /// Questions of one run that wait for another to be answered.
  static let questions = 32
  /// Calls in a row that ran into their limits while nothing else came.
  static let silentCalls = 3
}
