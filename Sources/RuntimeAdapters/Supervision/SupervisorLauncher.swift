import CProcess
import Dispatch
import Glibc
import RunModel

/// Starts supervisors, and speaks with those that run.
package struct SupervisorLauncher: Sendable {
  /// A program that calls `superviseMain`; by default the one that runs now, also when its file was replaced.
  let executable: String

  package init(executable: String = "/proc/self/exe") { self.executable = executable }

  /// Returns the supervisor's pid once the command that `spec.json` names runs.
  ///
  /// Throws when it cannot be started; then no process is left.
  func launch(_ folder: SupervisedFolder, environment: [String: String]) async throws -> pid_t {
    try await withCheckedThrowingContinuation { continuation in
      // Waiting for the supervisor's first line blocks for some milliseconds, which no task's thread should.
      DispatchQueue.global().async {
        continuation.resume(with: Result { try start(folder, environment: environment) })
      }
    }
  }

  private func start(_ folder: SupervisedFolder, environment: [String: String]) throws -> pid_t {
    var ends: [CInt] = [-1, -1]
    let failure = cprocess_pipe(&ends)
    guard failure == 0 else { throw Files.problem(-failure, "make a pipe for", folder.path) }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    let diagnostics = open(folder.path + "/supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { for descriptor in [ends[0], null, diagnostics] where descriptor >= 0 { close(descriptor) } }
    guard null >= 0, diagnostics >= 0 else {
      let code = errno
      close(ends[1])
      throw Files.problem(code, "write", folder.path)
    }
    let started = spawn(
      executable, ["flightdeck", superviseArgument, folder.path],
      environment: environment.map { "\($0.key)=\($0.value)" }, input: null, output: ends[1], error: diagnostics)
    close(ends[1])
    guard started.failure == 0 else {
      throw started.failure == E2BIG
        ? Problem(.tooLarge, "The agent's environment is too large for the system to start a program with.")
        : Problem(
          .unavailable,
          "Cannot start the supervisor \(executable): \(String(cString: strerror(started.failure))).")
    }
    let line = readLine(ends[0])
    if line.hasPrefix("ok ") { return started.pid }
    var status: CInt = 0
    waitpid(started.pid, &status, 0)
    let words = line.split(separator: " ", maxSplits: 2)
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

  private func readLine(_ descriptor: CInt) -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < 4096 {
      let count = read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 || byte == 0x0A { break }
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
  }
}

extension SupervisedFolder {
  /// The longest line that `send` takes: what the FIFO holds at once.
  static let longestCommand = 60_000

  /// Hands one line to the supervisor; false when there is none, or its FIFO is full.
  func send(_ command: String) -> Bool {
    let descriptor = open(control, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return Files.writeAll(Array((command + "\n").utf8), to: descriptor)
  }

  /// Ends what a dead supervisor left behind: every process that was started with `mark` in its environment. Returns
  /// how many there were and how many had to be killed.
  static func sweep(mark: String, grace: Duration = .seconds(1)) async -> (processes: Int, killed: Int) {
    let first = ProcessTable.marked(by: mark)
    guard !first.isEmpty else { return (0, 0) }
    for process in first {
      kill(process, SIGTERM)
      kill(process, SIGCONT)
    }
    let clock = ContinuousClock()
    let deadline = clock.now + grace
    var killed = Set<pid_t>()
    while true {
      let living = ProcessTable.marked(by: mark)
      if living.isEmpty { return (max(first.count, killed.count), killed.count) }
      if clock.now >= deadline {
        for process in living where kill(process, SIGKILL) == 0 { killed.insert(process) }
      }
      // A canceled task must not spin here: the processes have to go all the same.
      await Task { try? await clock.sleep(for: .milliseconds(20)) }.value
    }
  }
}
