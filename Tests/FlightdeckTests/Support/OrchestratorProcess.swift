import Foundation
import Glibc
import RunClient
import RunModel
import Synchronization
import TestSupport

/// The built `flightdeck serve` as a process of its own, with a folder that holds everything: home, store, socket,
/// configuration. `with` ends every process that came of it, whatever happens.
final class OrchestratorProcess: Sendable {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// How it is started; may be changed between two starts.
  struct Launch: Sendable {
    /// What starts the program, if something does: `unshare` and the like.
    var wrapper: [String] = []
    var program = Program.path
    var arguments = ["serve"]
    var environment: [String: String] = [:]
    /// Where it listens, when `arguments` say so.
    var socket: String?
  }

  let folder: String
  var state: String { folder + "/s" }
  var socket: String { launch.withLock { $0.socket } ?? state + "/flightdeck.sock" }
  var address: ServerAddress { .unix(path: socket) }
  let launch = Mutex(Launch())
  private let pid = Mutex<pid_t>(0)
  var serving: pid_t { pid.withLock { $0 } }
  /// Where it listens beside the socket.
  private let listen: [String]
  private let variables: [String: String]
  private let listening = Mutex<[String]>([])

  /// Longer than anything takes on the slowest machine.
  static let patience = 60

  private init(configuration: (String) -> String, listen: [String], variables: [String: String]) throws {
    self.listen = listen
    self.variables = variables
    var template = Array("/tmp/fde-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template))
    for name in ["bin", "run", "pids"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    try write("config.yaml", configuration(folder))
    try write(".gitconfig", "[user]\n name = Agent\n email = agent@example.org\n[init]\n defaultBranch = main\n")
  }

  /// `configuration` gets the folder's path; `files` lie there before the start. The orchestrator runs already when `body` begins.
  static func with<Result>(
    _ configuration: (String) -> String, files: [String: String] = [:], listen: [String] = [],
    variables: [String: String] = [:], starts: Bool = true,
    _ body: (OrchestratorProcess) async throws -> Result
  ) async throws -> Result {
    let orchestrator = try OrchestratorProcess(configuration: configuration, listen: listen, variables: variables)
    defer { orchestrator.endEverything() }
    for (name, text) in files { try orchestrator.write(name, text) }
    if starts { try await orchestrator.start() }
    do { return try await body(orchestrator) } catch {
      throw Failure(description: "\(error)\n\nThe orchestrator's own words:\n\(orchestrator.log)")
    }
  }

  // MARK: Its folder

  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
  }

  func read(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

  var log: String { (try? read("serve.err")) ?? "" }  // nothing was said

  /// The variables of everything that is started here; `HOME` marks the processes for `endEverything`.
  var environment: [String: String] {
    PseudoTerminal.environment.merging([
      "HOME": folder, "XDG_RUNTIME_DIR": folder + "/run", "XDG_CONFIG_HOME": folder + "/config",
      "XDG_STATE_HOME": folder + "/state", "FLIGHTDECK_STATE": state, "FLIGHTDECK_CONFIG": folder + "/config.yaml",
      "TZ": "UTC",
    ]) { $1 }
  }

  // MARK: Its life

  /// Returns once it listens.
  func start() async throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure(description: "No pipe: errno \(errno).") }
    let (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, writing, 1)
    posix_spawn_file_actions_addopen(&actions, 2, folder + "/serve.err", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let launch = launch.withLock { $0 }
    let places = listen.isEmpty ? [] : (["\(address)"] + listen).flatMap { ["--listen", $0] }
    let command = launch.wrapper + [launch.program] + launch.arguments + places
    var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    let environment = environment.merging(variables) { $1 }.merging(launch.environment) { $1 }
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = 0
    let failed = posix_spawn(&child, command[0], &actions, nil, &argv, &envp)
    close(writing)
    guard failed == 0 else { throw Failure(description: "flightdeck serve did not start: errno \(failed).") }
    let started = child
    pid.withLock { $0 = started }
    let awaited = listen.count + 1
    let words = await onThread {
      defer { close(reading) }
      var text = ""
      var buffer = [UInt8](repeating: 0, count: 4096)
      let deadline = Date(timeIntervalSinceNow: Double(Self.patience))
      while text.split(separator: "\n").count < awaited, Date() < deadline {
        var wait = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, 1000) > 0 else { continue }
        let count = Glibc.read(reading, &buffer, buffer.count)
        if count <= 0 { break }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      return text
    }
    let found = words.split(separator: "\n").filter { $0.hasPrefix("listening on ") }.map { String($0.dropFirst(13)) }
    guard found.count == awaited else { throw Failure(description: "flightdeck serve does not listen: \(log)") }
    listening.withLock { $0 = found }
  }

  /// Of the orchestrator itself.
  var processID: pid_t { pid.withLock { $0 } }

  /// The TCP address, with the real port.
  var tcp: String { listening.withLock { $0.first { !$0.hasPrefix("unix:") } ?? "" } }

  func signal(_ number: Int32) { kill(pid.withLock { $0 }, number) }

  /// The exit status, or 128 and the signal that ended it; -1 when it does not end.
  @discardableResult
  func waitExit() async -> Int32 {
    let child = pid.withLock { $0 }
    let status = await onThread { Reaper.wait(child, patience: Self.patience) }
    pid.withLock { $0 = 0 }
    return status
  }

  /// Pulls the plug.
  func kill9() async {
    signal(SIGKILL)
    await waitExit()
  }

  /// Every process with our HOME and every one that a script wrote down, until none is left.
  private func endEverything() {
    let serving = pid.withLock { $0 }
    if serving != 0 {
      kill(serving, SIGKILL)
      _ = Reaper.wait(serving, patience: Self.patience)
    }
    for stray in recordedPids where isAlive(stray) { kill(stray, SIGKILL) }
    for _ in 0..<1000 {
      let found = processesAtHome
      if found.isEmpty { break }
      for stray in found { kill(stray, SIGKILL) }
    }
    // A folder that is gone already is as good.
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// What the scripts wrote into `pids/`, one number a file.
  var recordedPids: [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/pids")) ?? []  // none recorded
    return names.compactMap { name in
      (try? read("pids/" + name)).flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }  // half-written
    }
  }

  /// A zombie is dead.
  func isAlive(_ pid: pid_t) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),  // gone
      let name = stat.lastIndex(of: ")")
    else { return false }
    return stat[name...].split(separator: " ").dropFirst().first != "Z"
  }

  /// Those that run with our HOME; the ones we started directly are reaped by who started them.
  var processesAtHome: [pid_t] {
    let mark = Array("HOME=\(folder)\0".utf8)
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // no /proc, no processes
    return all.compactMap { pid_t($0) }.filter { pid in
      guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
      return Array(environment).firstRange(of: mark) != nil && isAlive(pid)
    }
  }

  // MARK: Talking to it

  func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "", program: String = Program.path
  ) async throws -> Program.Ending {
    let command = Program()
    defer { command.remove() }
    return try await command.run(
      arguments, environment: self.environment.merging(environment) { $1 }, input: input, program: program)
  }

  /// The JSON that a command prints; throws when it exits with another status than `status`.
  func json(_ arguments: [String], status: Int32 = 0) async throws -> JSONValue {
    let ending = try await run(arguments)
    guard ending.status == status else {
      throw Failure(description: "\(arguments) exited \(ending.status): \(ending.diagnostic)\(ending.output)")
    }
    return try JSONValue(parsing: ending.output)
  }

  /// Standard output of a shell line that must succeed, without the newline at its end.
  @discardableResult
  func shell(_ line: String) async throws -> String {
    let ending = try await run(["-ec", line], environment: ["HERE": folder], program: "/bin/sh")
    guard ending.status == 0 else {
      throw Failure(description: "\(line) exited \(ending.status): \(ending.diagnostic)\(ending.output)")
    }
    return ending.output.hasSuffix("\n") ? String(ending.output.dropLast()) : ending.output
  }

  func withClient<Result>(_ body: (RunClient) async throws -> Result) async throws -> Result {
    let client = RunClient(address)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }

  /// Follows the orchestrator until `condition` holds of its runs; throws when it never does.
  @discardableResult
  func wait(_ what: String, until condition: @escaping @Sendable (RunBoard) -> Bool) async throws -> RunBoard {
    try await withClient { client in
      let (boards, yield) = AsyncStream<RunBoard>.makeStream()
      let reader = Task {  // canceled below
        let board = Mutex(RunBoard())
        await LiveFeed(client).run { item in
          let met = board.withLock { board -> RunBoard? in
            switch item {
            case .snapshot(let snapshot): board = RunBoard(runs: snapshot.runs, seq: snapshot.seq)
            case .events(let events): for event in events { board.apply(event) }
            case .link, .gap, .glimpse, .outage: return nil
            }
            return condition(board) ? board : nil
          }
          if let met {
            yield.yield(met)
            yield.finish()
          }
        }
      }
      let deadline = Task {  // canceled below
        // Ends early only when it is canceled, where finishing is harmless.
        try? await Task.sleep(for: .seconds(Self.patience))
        yield.finish()
      }
      var found: RunBoard?
      for await board in boards { found = board }
      reader.cancel()
      deadline.cancel()
      await reader.value
      guard let found else { throw Failure(description: "Waited in vain for \(what).") }
      return found
    }
  }

  func wait(_ what: String, of run: RunID, until condition: @escaping @Sendable (Run) -> Bool) async throws -> Run {
    let board = try await wait(what) { $0[run].map(condition) ?? false }
    guard let found = board[run] else { throw Failure(description: "No run \(run).") }
    return found
  }

  /// Dispatches by command line and returns the run's id.
  func dispatch(_ arguments: String...) async throws -> RunID {
    let answer = try await json(["dispatch"] + arguments + ["--json"])
    guard let id = answer.array?.first?["runId"]?.string.flatMap({ RunID($0) }) else {
      throw Failure(description: "dispatch answered \(answer)")
    }
    return id
  }

  /// Every event there is, one line each.
  func eventLines() async throws -> [ArraySlice<UInt8>] {
    try await withClient { client in
      var bytes: [UInt8] = []
      for try await part in try await client.eventLines(EventQuery()) { bytes += part }
      return bytes.split(separator: UInt8(ascii: "\n"))
    }
  }

  /// A git repository with a few files and one commit at `repo`.
  func makeRepository() async throws -> String {
    try await shell(
      """
      mkdir $HERE/repo; cd $HERE/repo; git init -q
      printf 'one\\ntwo\\nthree\\n' > a.txt; seq 1 40 > b.txt; echo gone > d.txt; printf 'echo hi\\n' > run.sh
      git add .; git commit -qm 'The first'
      """)
    return folder + "/repo"
  }
}

/// Runs blocking work on a thread of its own, so that it holds up none of the tests' tasks.
func onThread<Value: Sendable, Failure: Error>(
  _ work: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
  }
  return try result.get()
}

/// Waits for children, and kills those that do not end.
enum Reaper {
  static func wait(_ child: pid_t, patience: Int) -> Int32 {
    let watchdog = DispatchWorkItem { kill(child, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(patience), execute: watchdog)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { if errno != EINTR { return -1 } }
    watchdog.cancel()
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}
