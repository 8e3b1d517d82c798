import CProcess
import Glibc
import RunModel

/// The argument that makes this program a supervisor: `flightdeck __supervise FOLDER`.
package let superviseArgument = "__supervise"

/// Runs the command that `spec.json` in the folder names, to its very end, and ends the process.
///
/// To be called before anything else is touched: it is single-threaded, uses no Foundation, and outlives the
/// orchestrator that spawned it. It begins when a byte comes on its standard input, and ends when that ends without one.
/// Its first line on standard output is `ok PID` or `error ERRNO WHAT`; after that it speaks through its folder alone.
package func superviseMain(runFolder: String) -> Never {
  warmUp()
  guard awaitWord() else { _exit(0) }
  do throws(Problem) {
    var supervisor = try Supervisor(SupervisedFolder(path: runFolder))
    try supervisor.start()
    supervisor.run()
  } catch {
    report("error 0 \(error.detail)")
    exit(1)
  }
}

/// The first of everything takes a millisecond or two, which pass while the worktree is made.
private func warmUp() {
  let spec = SupervisorSpec(command: ["/"], directory: "/")
  var json = JSONWriter()
  json.object { spec.writeMembers(to: &$0) }
  guard let value = try? JSONValue(parsing: json.bytes) else { return }
  _ = SupervisorSpec(json: value)
  _ = ExitRecord(startedAt: 0, confirmedAt: 0).jsonBytes
}

private func awaitWord() -> Bool {
  var byte: UInt8 = 0
  while true {
    let count = read(0, &byte, 1)
    if count < 0, errno == EINTR { continue }
    return count == 1
  }
}

private func report(_ line: String) {
  // The one who waits for it may be gone: then nobody needs to know.
  _ = Files.writeAll(Array((line + "\n").utf8), to: 1)
}

private struct Supervisor: ~Copyable {
  private let folder: SupervisedFolder
  private let spec: SupervisorSpec
  private var machine: StopMachine
  private var record: ExitRecord
  private var agent: pid_t = 0
  private var signals: CInt = -1
  private var control: CInt = -1
  private var log: CInt = -1
  private var exitReserve: CInt = -1
  private var streams = [
    Stream(LineCutter(line: .stdout, fragment: .stdoutFragment)),
    Stream(LineCutter(line: .stderr, fragment: .stderrFragment)),
  ]
  private var input: InputFeed?
  private var commands: [UInt8] = []
  private var frames: [UInt8] = []
  private var logSize: Int64 = 0
  /// The agent's own bytes of what has been kept, newlines included.
  private var kept: Int64 = 0
  /// Lines beyond the limit, and those that could not be written.
  private var beyond: Int64 = 0
  private var toldBeyond: Int64 = 0
  /// When lines began to go, and when the next are told of.
  private var cutSince: Int64 = 0
  private var tellsBeyondAt: Int64 = 0
  private var dropped: Int64 = 0
  private var hasLostMessage = false
  private var reach: Reach
  private var watch: ResourceWatch
  /// The kernel says that we have no child left.
  private var isChildless = false
  private var lastRead = monotonicMilliseconds()
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  private struct Stream {
    var descriptor: CInt = -1
    var cutter: LineCutter
    init(_ cutter: LineCutter) { self.cutter = cutter }
  }

  init(_ folder: SupervisedFolder) throws(Problem) {
    self.folder = folder
    guard let bytes = try Files.read(folder.spec) else { throw Problem(.internal, "There is no \(folder.spec).") }
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue(parsing: bytes) } catch {
      throw Problem(.internal, "\(folder.spec) is damaged: \(error).")
    }
    guard let spec = SupervisorSpec(json: json) else {
      throw Problem(.internal, "\(folder.spec) names no command.")
    }
    self.spec = spec
    let now = monotonicMilliseconds()
    machine = StopMachine(
      grace: spec.graceMilliseconds, strayGrace: spec.strayGraceMilliseconds,
      deadline: spec.limitMilliseconds.map { now + $0 })
    record = ExitRecord(startedAt: millisecondsNow(), confirmedAt: 0)
    reach = Reach(group: spec.group, mark: spec.mark, session: 0)
    watch = ResourceWatch(spec, now: now)
  }

  /// Takes the folder, starts the command and says so.
  mutating func start() throws(Problem) {
    let lock = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw Files.problem(errno, "lock", folder.lock)
    }
    let pid = Array(String(getpid()).utf8)
    ftruncate(lock, 0)
    pwrite(lock, pid, pid.count, 0)
    exitReserve = open(folder.exitReserve, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard exitReserve >= 0, Files.writeAll([UInt8](repeating: 0x20, count: 1024), to: exitReserve) else {
      throw Files.problem(errno, "write", folder.exitReserve)
    }
    log = open(folder.output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else { throw Files.problem(errno, "write", folder.output) }
    guard mkfifo(folder.control, 0o600) == 0 || errno == EEXIST else {
      throw Files.problem(errno, "make", folder.control)
    }
    // Reading and writing: the FIFO then never reports an end when the last writer leaves.
    control = open(folder.control, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard control >= 0 else { throw Files.problem(errno, "open", folder.control) }
    _ = cprocess_become_subreaper()
    for ignored in [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU] { signal(ignored, SIG_IGN) }
    signals = cprocess_signal_fd([SIGCHLD, SIGTERM], 2)
    try startAgent()
    report("ok \(agent)")
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    if null >= 0 { for descriptor in [0, 1] as [CInt] { dup2(null, descriptor) } }
    // Nothing is held busy: neither a mount nor the folder it was started in.
    _ = chdir("/")
  }

  private mutating func startAgent() throws(Problem) {
    var stdin: (read: CInt, write: CInt) = (-1, -1)
    switch spec.input {
    case .prompt: stdin.read = open(folder.prompt, O_RDONLY | O_CLOEXEC)
    case .none: stdin.read = open("/dev/null", O_RDONLY | O_CLOEXEC)
    case .answers, .log: stdin = try pipe()
    }
    guard stdin.read >= 0 else { throw Files.problem(errno, "read", folder.prompt) }
    let out = try pipe()
    let err = try pipe()
    let started = spawn(
      spec.command[0], spec.command, directory: spec.directory, input: stdin.read, output: out.write,
      error: err.write, within: spec.bounds)
    for descriptor in [stdin.read, out.write, err.write] { close(descriptor) }
    guard started.failure == 0 else {
      let word = started.stage == "g" ? "group" : "error"
      report("\(word) \(started.failure) \(String(cString: strerror(started.failure)))")
      exit(1)
    }
    agent = started.pid
    reach = Reach(group: spec.group, mark: spec.mark, session: agent)
    streams[0].descriptor = out.read
    streams[1].descriptor = err.read
    for descriptor in [stdin.write, out.read, err.read] where descriptor >= 0 {
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }
    guard stdin.write >= 0 else { return }
    // Its own descriptor, which only reads; without the log the agent's input stays open and empty.
    let log = open(folder.input, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    input = InputFeed(log: log, pipe: stdin.write)
    writeInput()
  }

  private func pipe() throws(Problem) -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    let failure = cprocess_pipe(&ends)
    guard failure == 0 else {
      throw Problem(.unavailable, "Cannot make a pipe: \(String(cString: strerror(-failure))).")
    }
    return (ends[0], ends[1])
  }

  consuming func run() -> Never {
    while true {
      var polled = [
        pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
        pollfd(fd: control, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams[0].descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: streams[1].descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input?.waitsFor ?? -1, events: Int16(POLLOUT), revents: 0),
      ]
      let found = poll(&polled, nfds_t(polled.count), patience())
      if polled[1].revents != 0 { readControl() }
      for index in streams.indices where polled[2 + index].revents != 0 { drain(index, rounds: 16) }
      if found == 0, monotonicMilliseconds() - lastRead >= 100 { flushFragments() }
      if polled[4].revents != 0 { writeInput() }
      tellBeyond(now: monotonicMilliseconds())
      writeFrames()
      if polled[0].revents != 0 { readSignals() }
      let now = monotonicMilliseconds()
      let overflow = hasLostMessage ? ExceededLimit(limit: .output, allowed: spec.outputLimit) : nil
      if machine.phase == .running, let exceeded = overflow ?? watch.look(now: now, logged: logSize) {
        record.exceeded = exceeded
        perform(machine.stopRequested(.limit, grace: spec.graceMilliseconds, now: now))
      }
      perform(machine.passed(now: now))
    }
  }

  private func patience() -> CInt {
    let now = monotonicMilliseconds()
    var patience = machine.patience(now: now)
    if machine.phase == .running, let look = watch.patience(now: now) { patience = min(patience ?? look, look) }
    if beyond > toldBeyond { patience = min(patience ?? .max, max(0, tellsBeyondAt - now)) }
    if streams.contains(where: \.cutter.isPending) { patience = min(patience ?? 100, 100) }
    return patience.map { CInt(min($0, 60_000)) } ?? -1
  }

  private mutating func perform(_ first: StopMachine.Action) {
    var action = first
    while true {
      switch action {
      case .none: return
      case .look:
        reap()
        let living = reach.isEmpty(isChildless: isChildless) ? 0 : 1
        action = machine.looked(living: living, now: monotonicMilliseconds())
      case .terminate:
        noteStop(reach.terminate())
        return
      case .kill:
        if record.stopSentAt == nil { noteStop(reach.living().count) }
        reach.kill()
        reap()
        return
      case .complain:
        if let complaint = Reach.complaint(about: reach.living()) { append(.stuck, Array(complaint.utf8)) }
        writeFrames()
        return
      case .finish: finish()
      }
    }
  }

  private mutating func noteStop(_ count: Int) {
    record.stopSentAt = millisecondsNow()
    append(.stopSent, Array("{\"processes\":\(count)}".utf8))
    writeFrames()
  }

  private mutating func readSignals() {
    while true {
      let signal = cprocess_next_signal(signals)
      if signal == 0 { break }
      if signal == SIGTERM {
        perform(machine.stopRequested(.signal, grace: spec.graceMilliseconds, now: monotonicMilliseconds()))
      }
    }
    if reap() { perform(machine.agentEnded()) }
  }

  /// True when the agent itself was among those that ended.
  @discardableResult
  private mutating func reap() -> Bool {
    var agentEnded = false
    var code: CInt = -1
    var signal: CInt = -1
    while true {
      let ended = cprocess_reap(-1, &code, &signal)
      if ended <= 0 {
        isChildless = ended == -ECHILD
        break
      }
      guard ended == agent, !machine.agentHasEnded else { continue }
      record.exitCode = code >= 0 ? Int(code) : nil
      record.signal = signal >= 0 ? Int(signal) : nil
      agentEnded = true
    }
    // Also when it was found while looking for others.
    if agentEnded { _ = machine.agentEnded() }
    return agentEnded
  }

  private mutating func readControl() {
    while true {
      let count = read(control, &buffer, buffer.count)
      if count <= 0 { break }
      commands.append(contentsOf: buffer[..<count])
      // No command is as long as that: somebody else writes here.
      if commands.count > Bounds.commands { commands.removeAll() }
    }
    while let newline = commands.firstIndex(of: 0x0A) {
      let line = String(decoding: commands[..<newline], as: UTF8.self)
      commands.removeSubrange(...newline)
      let words = line.split(separator: " ", maxSplits: 1)
      switch words.first {
      case "stop":
        let grace = words.count > 1 ? Int64(words[1]) : nil
        perform(machine.stopRequested(.asked, grace: grace ?? spec.graceMilliseconds, now: monotonicMilliseconds()))
      case "kill": perform(machine.stopRequested(.asked, grace: 0, now: monotonicMilliseconds()))
      case "finish":
        let grace = words.count > 1 ? Int64(words[1]) : nil
        perform(machine.stopRequested(.finished, grace: grace ?? spec.graceMilliseconds, now: monotonicMilliseconds()))
      case "input": writeInput()
      default: break
      }
    }
  }

  private mutating func writeInput() {
    var answers: [[UInt8]] = []
    input?.hand(by: &buffer) { answers.append($0) }
    for answer in answers { append(.answered, answer) }
  }

  /// Reads what waits, at most `rounds` buffers full.
  private mutating func drain(_ index: Int, rounds: Int) {
    for _ in 0..<rounds {
      let descriptor = streams[index].descriptor
      guard descriptor >= 0 else { return }
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        lastRead = monotonicMilliseconds()
        cut(index) { cutter, buffer, emit in
          cutter.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]), emit)
        }
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        close(descriptor)
        streams[index].descriptor = -1
        cut(index) { cutter, _, emit in cutter.finish(emit) }
        return
      } else {
        return
      }
    }
  }

  private mutating func flushFragments() {
    for index in streams.indices { cut(index) { cutter, _, emit in cutter.flush(emit) } }
  }

  private mutating func cut(
    _ index: Int,
    _ body: (inout LineCutter, UnsafeRawBufferPointer, (LogRecord.Kind, UnsafeRawBufferPointer) -> Void) -> Void
  ) {
    let now = millisecondsNow()
    var frames = self.frames
    self.frames = []
    var kept = self.kept
    var cut: Int64 = 0
    var isLost = false
    let limit = spec.outputLimit
    let speech = spec.isConversation ? Self.message : Self.speech
    // Once anything has been cut, no shorter line slips in behind it.
    let hasCut = beyond > 0 || logSize - kept > Bounds.logHeads
    buffer.withUnsafeBytes { bytes in
      body(&streams[index].cutter, bytes) { kind, line in
        let size = kept + Int64(line.count) + 1
        let hasRoom = !hasCut && cut == 0 && size <= limit
        guard hasRoom || (size <= limit + Bounds.speechLog && line.starts(with: speech)) else {
          cut += 1
          isLost = isLost || line.starts(with: Self.message)
          return
        }
        kept = size
        LogRecord.append(kind, time: now, line, to: &frames)
      }
    }
    self.frames = frames
    if isLost, spec.isConversation { hasLostMessage = true }
    self.kept = kept
    if cut > 0, beyond == 0 { cutSince = monotonicMilliseconds() }
    beyond += cut
    tellBeyond(now: monotonicMilliseconds())
    if self.frames.count > Bounds.logWrite { writeFrames() }
  }

  /// Tells of lines that are gone: when the first are, so that nobody waits for what does not come, then every few seconds.
  /// The longer it goes on, the seldomer: never more than a twentieth of the time late, and the log stays small.
  private mutating func tellBeyond(now: Int64) {
    guard beyond > toldBeyond, toldBeyond == 0 || now >= tellsBeyondAt else { return }
    append(.dropped, Array("\(beyond - toldBeyond) \(spec.outputLimit)".utf8))
    toldBeyond = beyond
    tellsBeyondAt = now + max(Self.tellInterval, (now - cutSince) / 20)
  }

  private static let tellInterval: Int64 = 3000
  private static let speech = Array("{\"awf\"".utf8)
  private static let message = Array("{".utf8)

  private mutating func append(_ kind: LogRecord.Kind, _ payload: [UInt8]) {
    payload.withUnsafeBytes { LogRecord.append(kind, time: millisecondsNow(), $0, to: &frames) }
  }

  /// On a full disk the records are lost and counted; half a record never stays.
  private mutating func writeFrames() {
    guard !frames.isEmpty else { return }
    if Files.writeAll(frames, to: log) {
      logSize += Int64(frames.count)
    } else {
      ftruncate(log, off_t(logSize))
      dropped += Int64(frames.count { $0 == 0x0A } / 2)
    }
    frames.removeAll(keepingCapacity: true)
  }

  private consuming func finish() -> Never {
    for index in streams.indices {
      // A process that is none of ours may hold the pipe open: what waits is read, its end is not waited for.
      drain(index, rounds: Bounds.lastWords / buffer.count)
      cut(index) { cutter, _, emit in cutter.finish(emit) }
      writeFrames()
    }
    if beyond > toldBeyond { append(.dropped, Array("\(beyond - toldBeyond) \(spec.outputLimit)".utf8)) }
    if dropped > 0 { append(.dropped, Array(String(dropped).utf8)) }
    writeFrames()
    fsync(log)
    record.stopped = machine.cause
    record.processes = reach.processes
    record.killed = reach.killedProcesses
    record.strays = reach.strayProcesses
    record.how = reach.how
    record.milliseconds = machine.stopSentAt.map { monotonicMilliseconds() - $0 }
    // The wall clock may have been set back meanwhile; the steps keep their order.
    record.confirmedAt = max(millisecondsNow(), record.startedAt, record.stopSentAt ?? 0)
    noteLimit()
    spec.group?.remove()
    let bytes = record.jsonBytes
    // The space is there already: the rest of it stays blank.
    pwrite(exitReserve, bytes, bytes.count, 0)
    fsync(exitReserve)
    rename(folder.exitReserve, folder.exit)
    _exit(0)
  }

  /// Says which limit ended the command, also when the kernel did it and nobody had to stop it.
  private mutating func noteLimit() {
    if record.stopped == .limit, record.exceeded == nil, let time = spec.limitMilliseconds {
      record.exceeded = ExceededLimit(limit: .time, allowed: time)
    }
    guard record.stopped == nil, record.exceeded == nil else { return }
    if record.signal == Int(SIGXFSZ) || record.exitCode == 128 + Int(SIGXFSZ), let disk = spec.limits.disk {
      record.exceeded = ExceededLimit(limit: .fileSize, allowed: disk)
    } else if record.exitCode != 0 {
      record.exceeded = watch.kernelsWord()
    }
  }
}
