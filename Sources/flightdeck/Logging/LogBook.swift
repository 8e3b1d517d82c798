import Dispatch
import Glibc
import Logging
import RunModel
import Synchronization

/// Where the orchestrator writes down what it does: a file that is rotated, and standard error for whoever started it.
final class LogBook: Sendable {
  /// What standard error is to whom.
  enum StandardError: Sendable, Equatable {
    /// Nobody: the background orchestrator's goes to a file that is not rotated.
    case silent
    case text
    /// systemd's journal, which adds the time and wants the priority.
    case journal
  }

  /// What is written at all, and what of it goes to standard error.
  let level: Logger.Level
  fileprivate let errorLevel: Logger.Level
  let path: String?
  fileprivate let format: LogSettings.Format
  fileprivate let standardError: StandardError
  private let file: LogSink?
  private let errors: LogSink?
  private let box: FileBox?

  /// `path`: of the file; nil for none. Its folder must be there.
  init(
    _ settings: LogSettings, path: String?, standardError: StandardError, errorLevel: Logger.Level = .trace
  ) {
    level = settings.level
    self.errorLevel = max(settings.level, errorLevel)
    format = settings.format
    self.path = path
    self.standardError = standardError
    if let path {
      let box = FileBox(RotatingFile(path: path, maxSize: settings.maxSize, keep: settings.keep))
      let format = settings.format
      file = LogSink("flightdeck.log", tell: { Self.dropped($0).line(format) }) { lines in
        box.file.withLock { $0.append(lines) }
      }
      self.box = box
    } else {
      file = nil
      box = nil
    }
    errors =
      standardError == .silent
      ? nil
      : LogSink(
        "flightdeck.log.stderr",
        tell: { standardError == .journal ? Self.dropped($0).journal : Self.dropped($0).text() }
      ) { lines in
        Self.writeToStandardError(lines.flatMap { $0 })
        return lines.count
      }
  }

  private final class FileBox: Sendable {
    let file: Mutex<RotatingFile>
    init(_ file: sending RotatingFile) { self.file = Mutex(file) }
  }

  /// A logger that writes here.
  func logger(_ label: String) -> Logger {
    var logger = Logger(label: label) { BookHandler(label: $0, book: self) }
    logger.logLevel = level
    return logger
  }

  /// Lines that were lost so far.
  var dropped: Int { (file?.dropped ?? 0) + (errors?.dropped ?? 0) }

  /// The next line goes to the file that has the path by then: for who moves it away.
  func reopen() {
    guard let box else { return }
    file?.between { box.file.withLock { $0.close() } }
  }

  /// Returns when what was said is written, or after a moment.
  func flush() {
    file?.flush()
    errors?.flush()
  }

  fileprivate func take(_ record: LogRecord) {
    file?.take(record.line(format))
    if record.level < errorLevel { return }
    switch standardError {
    case .silent: break
    case .text: errors?.take(record.text())
    case .journal: errors?.take(record.journal)
    }
  }

  private static func dropped(_ count: Int) -> LogRecord {
    LogRecord(
      time: .now, level: .warning, label: "flightdeck", message: "\(count) log lines were dropped",
      metadata: [("dropped", "\(count)")])
  }

  private static func writeToStandardError(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress?.advanced(by: sent), $0.count - sent) }
      if count < 0, errno == EINTR { continue }
      // Nobody reads it any more, and it is in the file.
      guard count > 0 else { return }
      sent += count
    }
  }

  /// What standard error is: the journal when systemd says so and it is still that stream (systemd.exec(5)).
  static func standardError(environment: [String: String], isBackground: Bool) -> StandardError {
    if let stream = environment["JOURNAL_STREAM"] {
      var status = stat()
      if fstat(2, &status) == 0, stream == "\(status.st_dev):\(status.st_ino)" { return .journal }
    }
    return isBackground ? .silent : .text
  }
}

extension LogBook {
  /// As the configuration and the environment (`FLIGHTDECK_LOG`: the level) say.
  convenience init(
    _ settings: LogSettings, paths: Paths, environment: [String: String], isBackground: Bool
  ) throws {
    var settings = settings
    let asked = environment["FLIGHTDECK_LOG"].flatMap(Logger.Level.init(rawValue:))
    settings.level = asked ?? settings.level
    let path = paths.logFile(settings)
    let folder = Paths.parent(of: path)
    // A folder that somebody chose may be anybody's; our own must be ours.
    if settings.file == nil || access(folder, F_OK) != 0 { try PrivateFolder.make(folder) }
    let standardError = Self.standardError(environment: environment, isBackground: isBackground)
    // A person at a terminal has seen "listening on"; the journal and the file get everything.
    self.init(
      settings, path: path, standardError: standardError,
      errorLevel: standardError == .text && asked == nil ? .notice : .trace)
  }

  /// SIGHUP opens the file anew, as rotating programs expect. At a terminal it means that the terminal has gone, and is
  /// left to others.
  func reopensOnHangup() -> (any DispatchSourceSignal)? {
    guard !Self.isAtTerminal else { return nil }
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP)
    source.setEventHandler { self.reopen() }
    source.activate()
    return source
  }

  static var isAtTerminal: Bool { isatty(0) == 1 || isatty(2) == 1 }
}

extension LogRecord {
  fileprivate func line(_ format: LogSettings.Format) -> [UInt8] { format == .json ? json : text() }
}

/// swift-log's side of a book.
private struct BookHandler: LogHandler {
  let label: String
  let book: LogBook
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.notice

  init(label: String, book: LogBook) {
    self.label = label
    self.book = book
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
    book.take(
      LogRecord(
        time: .now, level: event.level, label: label, message: "\(event.message)",
        metadata: all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }))
  }
}
