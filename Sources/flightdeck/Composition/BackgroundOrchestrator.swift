import FoundationEssentials
import Glibc
import RunClient
import RunModel
import SQLiteStore

/// Starts this user's orchestrator in the background, as tmux does, when none answers. Two who start at once get one.
struct BackgroundOrchestrator {
  let paths: Paths
  /// Called while it waits, for a line on the terminal.
  var onWait: () -> Void = {}

  /// How long a start may take; a large store is read in.
  var patience = Duration.seconds(30)
  /// How long one that ends may take to be gone.
  var patienceWithLast = Duration.seconds(10)
  /// Not in Glibc's Swift module: the child gets a session of its own and outlives the terminal.
  private static let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID

  /// Returns once the orchestrator answers: true when it had to be started.
  @discardableResult func ensure(_ client: RunClient) async throws -> Bool {
    if try await answers(client) { return false }
    try PrivateFolder.make(paths.state)
    let lock = open(paths.state + "/start.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw failed("open \(paths.state)/start.lock") }
    // Closing lets go of the lock.
    defer { close(lock) }
    let deadline = ContinuousClock.now + patience
    while flock(lock, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw failed("lock \(paths.state)/start.lock") }
      try await pause(until: deadline)
    }
    // Another may have started it while this one waited for the lock.
    if try await answers(client) { return false }
    // One that is just ending holds the store until it is gone.
    let gone = ContinuousClock.now + patienceWithLast
    while ListeningNote(state: paths.state).isPassing(paths.address), ContinuousClock.now < gone {
      try await pause(until: deadline)
      if try await answers(client) { return false }
    }
    let (child, begun) = try spawn()
    while try await !answers(client) {
      var status: Int32 = 0
      if waitpid(child, &status, WNOHANG) == child {
        throw Problem(.unavailable, "The orchestrator could not start. \(lastWords(after: begun))")
      }
      try await pause(until: deadline, after: begun)
    }
    return true
  }

  private func answers(_ client: RunClient) async throws -> Bool {
    do {
      _ = try await client.health()
      return true
    } catch is NoOrchestrator { return false } catch is LinkBroken { return false }
  }

  /// `begun`: how long the log was before.
  private func pause(until deadline: ContinuousClock.Instant, after begun: Int = 0) async throws {
    guard ContinuousClock.now < deadline else {
      throw Problem(
        .unavailable,
        "The orchestrator has not answered within \(RunLimits.words(patience)). \(lastWords(after: begun))")
    }
    onWait()
    try await Task.sleep(for: .milliseconds(20))
  }

  /// The process, and how long the log was before it wrote there.
  private func spawn() throws -> (child: pid_t, begun: Int) {
    var arguments = ["flightdeck", "serve", "--exit-when-idle", "--state", paths.state, "--listen", "\(paths.address)"]
    if paths.configurationWasNamed { arguments += ["--config", paths.configuration] }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    // A line or two for each start: begun anew now and then, as nothing rotates it.
    var status = stat()
    let length = stat(paths.log, &status) == 0 ? Int(status.st_size) : 0
    let isLong = length > 256 << 10
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, paths.log, O_WRONLY | O_CREAT | O_APPEND | (isLong ? O_TRUNC : 0), 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var ignored = sigset_t()
    sigfillset(&ignored)
    posix_spawnattr_setsigdefault(&attributes, &ignored)
    posix_spawnattr_setflags(&attributes, Self.newSession | Int16(POSIX_SPAWN_SETSIGDEF))
    var child: pid_t = 0
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    let result = withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        posix_spawn(&child, "/proc/self/exe", &actions, &attributes, arguments, environment)
      }
    }
    guard result == 0 else {
      throw Problem(.unavailable, "Cannot start the orchestrator: \(String(cString: strerror(result))).")
    }
    return (child, isLong ? 0 : length)
  }

  private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      // The list holds at least the nil at its end, so that there is an address.
      guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
      return body(base)
    }
  }

  /// What the start wrote to the log; where it could not even do that, what is wrong as far as it can be seen from here.
  private func lastWords(after begun: Int) -> String {
    var space = statvfs()
    let free = statvfs(paths.state, &space) == 0 ? UInt64(space.f_bavail) * UInt64(space.f_frsize) : nil
    // Without a log there is nothing to quote.
    let bytes = (try? WholeFile.read(paths.log)) ?? []
    return Self.words(said: bytes.dropFirst(begun), log: paths.log, state: paths.state, free: free) {
      StoreExamination.complaint(about: paths.state, isHeld: false)
    }
  }

  static func words(
    said: some Collection<UInt8>, log: String, state: String, free: UInt64?, complaint: () -> Problem?
  ) -> String {
    let lines = String(decoding: Array(said).suffix(2000), as: UTF8.self).split(separator: "\n").suffix(3)
    if !lines.isEmpty { return "Its last words, from \(log):\n" + lines.joined(separator: "\n") }
    if let free, free < 1 << 20 {
      return
        "The disk that holds \(state) is full (\(ByteCount.text(Int64(clamping: free))) free), so it could not even say so. "
        + "Free some space."
    }
    return complaint()?.detail ?? "It said nothing. To see why: flightdeck serve"
  }

  private func failed(_ what: String) -> Problem {
    Problem(.unavailable, "Cannot \(what): \(String(cString: strerror(errno))).")
  }
}
