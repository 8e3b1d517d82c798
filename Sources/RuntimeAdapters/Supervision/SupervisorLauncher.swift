import CProcess
import Dispatch
import Glibc
import RunModel
import Synchronization

/// Starts supervisors, and speaks with those that run.
package struct SupervisorLauncher: Sendable {
  /// A program that calls `superviseMain`; by default the one that runs now, also when its file was replaced.
  let executable: String

  package init(executable: String = "/proc/self/exe") { self.executable = executable }

  /// Returns the supervisor's pid once the command that `spec.json` names runs.
  ///
  /// Throws when it cannot be started; then no process is left.
  func launch(_ folder: SupervisedFolder, environment: [String: String]) async throws -> pid_t {
    try await begin(try await standBy(folder, environment: environment), in: folder)
  }

  /// A supervisor that is up, so that its start overlaps with what else is made for the run; `spec.json` is read later.
  func standBy(_ folder: SupervisedFolder, environment: [String: String]) async throws -> Standby {
    try await blocking { try start(folder, environment: environment) }
  }

  /// As `launch` does.
  func begin(_ standby: Standby, in folder: SupervisedFolder) async throws -> pid_t {
    try await blocking { try confirm(standby, in: folder) }
  }

  /// Starting a process and waiting for its first line block for some milliseconds, which no task's thread should.
  private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
  }

  private func start(_ folder: SupervisedFolder, environment: [String: String]) throws -> Standby {
    var word: [CInt] = [-1, -1]
    var reply: [CInt] = [-1, -1]
    // The word must not end us when the supervisor is gone: a pipe would.
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    var failure = socketpair(AF_UNIX, kind, 0, &word) == 0 ? 0 : -errno
    if failure == 0 { failure = cprocess_pipe(&reply) }
    let log = open(folder.path + "/supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    let code = errno
    defer { for descriptor in [word[0], reply[1], log] where descriptor >= 0 { close(descriptor) } }
    do {
      guard failure == 0 else { throw Files.problem(-failure, "make a pipe for", folder.path) }
      guard log >= 0 else { throw Files.problem(code, "write", folder.path) }
      let started = spawn(
        executable, ["flightdeck", superviseArgument, folder.path],
        environment: environment.map { "\($0.key)=\($0.value)" }, input: word[0], output: reply[1], error: log)
      guard started.failure == 0 else {
        throw started.failure == E2BIG
          ? Problem(.tooLarge, "The agent's environment is too large for the system to start a program with.")
          : Problem(
            .unavailable,
            "Cannot start the supervisor \(executable): \(String(cString: strerror(started.failure))).")
      }
      return Standby(pid: started.pid, word: word[1], reply: reply[0])
    } catch {
      for descriptor in [word[1], reply[0]] where descriptor >= 0 { close(descriptor) }
      throw error
    }
  }

  private func confirm(_ standby: Standby, in folder: SupervisedFolder) throws -> pid_t {
    let supervisor = standby.pid
    let reply = standby.begin()
    defer { close(reply) }
    let word = readLine(reply, from: supervisor)
    if word == nil { kill(supervisor, SIGKILL) }
    // It was killed before it could say so, but may have started the command by then: a second start could do the work
    // twice, and would leave the first one alone. As that of a run that lost its supervisor this start is swept.
    if word?.isEmpty ?? true, Files.exists(folder.output) { return supervisor }
    guard let line = word else {
      var status: CInt = 0
      waitpid(supervisor, &status, 0)
      throw Problem(.unavailable, "The command kept its supervisor from its work, so both were ended.")
    }
    if line.hasPrefix("ok ") { return supervisor }
    var status: CInt = 0
    waitpid(supervisor, &status, 0)
    let words = line.split(separator: " ", maxSplits: 2)
    if words.count == 3, words[0] == "group" { throw GroupRefusal(reason: String(words[2])) }
    if words.count == 3, words[0] == "error" {
      switch CInt(words[1]) {
      case 0?: throw Problem(.unavailable, String(words[2]))
      case E2BIG?:
        throw Problem(
          .tooLarge, "The command line is too long for the system. Use {promptFile} instead of {prompt}.")
      case ENOEXEC?:
        throw Problem(.invalid, "The command is no program: a script must begin with a line such as #!/bin/sh.")
      case ENOENT?: throw Problem(.invalid, "The command or the interpreter that it names does not exist.")
      default: throw Problem(.invalid, "The command cannot be started: \(words[2]).")
      }
    }
    throw Problem(.unavailable, "The supervisor \(executable) ended before it had started the command.")
  }

  /// The supervisor's first line; empty when it ended without one, nil when it does not come.
  private func readLine(_ descriptor: CInt, from supervisor: pid_t) -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    var waits = 0
    while line.count < 4096 {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&polled, 1, 100) == 0 {
        waits += 1
        if waits >= 100 { return nil }
        // The command runs already, and may have stopped the supervisor before it could say so.
        kill(supervisor, SIGCONT)
        continue
      }
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 || byte == 0x0A { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }
}

/// A supervisor that waits for the word to begin; let go of before that, or left behind by a killed orchestrator, it ends.
final class Standby: Sendable {
  let pid: pid_t
  /// Where the word goes, until it has gone.
  private let word: Mutex<CInt?>
  private let reply: CInt

  init(pid: pid_t, word: CInt, reply: CInt) {
    self.pid = pid
    self.word = Mutex(word)
    self.reply = reply
  }

  /// To be called once. The descriptor is the caller's then; the supervisor's first line comes there.
  func begin() -> CInt {
    word.withLock { descriptor in
      // One that was killed meanwhile is told by the missing line.
      if let word = descriptor.take() {
        _ = send(word, "\n", 1, CInt(MSG_NOSIGNAL))
        close(word)
      }
    }
    return reply
  }

  deinit {
    guard let word = word.withLock({ $0 }) else { return }
    close(word)
    close(reply)
    Task { [pid] in await reap(pid) }
  }
}

/// Collects the supervisor's exit status, so that no dead child of ours stays; it is at its very end.
func reap(_ supervisor: pid_t) async {
  var code: CInt = 0
  var signal: CInt = 0
  for _ in 0..<100 where cprocess_reap(supervisor, &code, &signal) == 0 {
    // Nothing waits for this task, so a sleep cut short by cancelation only makes it quicker.
    try? await Task.sleep(for: .milliseconds(50))
  }
}

extension SupervisedFolder {
  /// The longest line that `send` takes, of an answer for a supervisor of an earlier version: what the FIFO holds at once.
  static let longestCommand = 60_000

  /// Hands one line to the supervisor; false when there is none, or its FIFO is full.
  func send(_ command: String) -> Bool {
    let descriptor = open(control, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return Files.writeAll(Array((command + "\n").utf8), to: descriptor)
  }

  /// Ends what a dead supervisor left behind: every process in its group, and every one that was started with `mark` in
  /// its environment. Returns what it took; only processes that are in no group and have cleared their environment can
  /// have got away.
  static func sweep(
    mark: String, group: ControlGroup? = nil, grace: Duration = .seconds(1),
    complain: (String) -> Void = { _ in }
  ) async -> CancelProof {
    defer { group?.remove() }
    var proof = CancelProof(stopSentAt: .now)
    var known = Set(living(mark, group))
    guard !known.isEmpty else {
      proof.confirmedAt = .now
      return proof
    }
    for process in known {
      kill(process, SIGTERM)
      kill(process, SIGCONT)
    }
    proof.how = .term
    let clock = ContinuousClock()
    let began = clock.now
    var killed = Set<pid_t>()
    var hasComplained = false
    while true {
      var living = living(mark, group)
      if living.isEmpty { break }
      let spent = clock.now - began
      if spent >= grace {
        if group?.isPopulated == true, group?.kill() == true { proof.how = .cgroup }
        // Again at once while there are new ones: a storm must not be given the time to go on.
        for _ in 0..<32 {
          let fresh = living.filter { !killed.contains($0) }
          for process in fresh where kill(process, SIGKILL) == 0 { killed.insert(process) }
          known.formUnion(fresh)
          if fresh.isEmpty { break }
          living = self.living(mark, group)
        }
        if proof.how != .cgroup { proof.how = .kill }
      }
      if spent >= grace + .milliseconds(StopMachine.patience), !hasComplained {
        hasComplained = true
        if let complaint = Reach.complaint(about: ProcessTable()[living]) { complain(complaint) }
      }
      // A canceled task must not spin here: the processes have to go all the same.
      await Task { try? await clock.sleep(for: .milliseconds(20)) }.value
    }
    proof.processes = known.count
    proof.killed = killed.count
    proof.milliseconds = (clock.now - began).milliseconds
    proof.confirmedAt = .now
    return proof
  }

  private static func living(_ mark: String, _ group: ControlGroup?) -> [pid_t] {
    var found = Set(ProcessTable().marked(by: mark).map(\.pid))
    if let group { found.formUnion(group.processes) }
    found.remove(getpid())
    return found.sorted()
  }
}

/// The command could not be started in its control group: it must do without.
struct GroupRefusal: Error {
  var reason: String
}
