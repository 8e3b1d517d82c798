import DashboardUI
import FoundationEssentials
import Glibc
import RunModel
import TerminalKit

/// Runs the person's own command for a notification, with the facts in its environment.
struct Notifier: Sendable {
  let command: [String]
  /// The orchestrator's name.
  let place: String

  /// How long it may take; then it is killed.
  private static let patience = 200
  private static let pause = Duration.milliseconds(50)

  /// Columns of one fact: a title may be of any length, and an environment may not.
  private static let longest = 4000

  /// What the command finds in its environment, beside ours: lines that are safe to print.
  static func facts(_ notification: RunNotification, place: String) -> [String: String] {
    var facts = [
      "FLIGHTDECK_NOTIFICATION": notification.kind.rawValue, "FLIGHTDECK_TEXT": notification.text,
      "FLIGHTDECK_COUNT": String(notification.runs.count), "FLIGHTDECK_ORCHESTRATOR": place,
      "FLIGHTDECK_RUN_IDS": notification.runs.prefix(100).map(\.runId.description).joined(separator: " "),
    ]
    guard notification.runs.count == 1, let run = notification.runs.first else { return facts.mapValues(safe) }
    facts["FLIGHTDECK_RUN_ID"] = run.runId.description
    facts["FLIGHTDECK_TITLE"] = run.title
    facts["FLIGHTDECK_STATUS"] = run.status.rawValue
    facts["FLIGHTDECK_REASON"] = run.reason ?? run.attention?.question ?? ""
    return facts.mapValues(safe)
  }

  private static func safe(_ fact: String) -> String {
    Table.cut(DisplayText(fact, maxWidth: longest), to: longest).text
  }

  func tell(_ notification: RunNotification) async throws {
    let environment = ProcessInfo.processInfo.environment.merging(Self.facts(notification, place: place)) { $1 }
    let status = try await ChildProcess.run(command, environment: environment, patience: Self.patience)
    if status != 0 { throw Problem(.conflict, "The notification's command \(command[0]) ended with status \(status).") }
  }
}

/// A program without a terminal: started, fed, waited for within bounds.
enum ChildProcess {
  private static let pause = Duration.milliseconds(50)

  /// The exit status; 128 and the signal when it was killed. `input` is what it reads; `patience` counts pauses of 50 ms.
  static func run(
    _ words: [String], environment: [String: String] = ProcessInfo.processInfo.environment, input: [UInt8]? = nil,
    patience: Int = 200
  ) async throws -> Int32 {
    var ends: [Int32] = [-1, -1]
    if input != nil {
      guard pipe(&ends) == 0 else { throw failed(words, errno) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    let child = try spawn(words, environment, reading: ends[0])
    if let input {
      close(ends[0])
      await feed(ends[1], input)
    }
    var status: Int32 = 0
    for step in 0... {
      let found = waitpid(child, &status, WNOHANG)
      if found == child || found < 0 && errno != EINTR { break }
      if step == patience { kill(child, SIGKILL) }
      // Ends early only when the task is canceled; the loop then goes round without a pause and is bounded all the same.
      try? await Task.sleep(for: pause)
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  private static func spawn(_ words: [String], _ environment: [String: String], reading: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if reading >= 0 {
      posix_spawn_file_actions_adddup2(&actions, reading, STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    // What it says must not reach the screen.
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var child: pid_t = 0
    let result = posix_spawnp(&child, words.first ?? "", &actions, nil, &arguments, &variables)
    guard result == 0 else {
      if reading >= 0 { close(reading) }
      throw failed(words, result)
    }
    return child
  }

  /// Writes what the child takes; one that reads no more ends it.
  @concurrent private static func feed(_ descriptor: Int32, _ bytes: [UInt8]) async {
    defer { close(descriptor) }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBufferPointer { write(descriptor, $0.baseAddress, $0.count) }
      if count <= 0, errno != EINTR { return }
      sent += max(0, count)
    }
  }

  private static func failed(_ words: [String], _ error: Int32) -> Problem {
    Problem(.unavailable, "Cannot start \(words.first ?? ""): \(String(cString: strerror(error))).")
  }
}
