import CProcess
import Dispatch
import Glibc
import RunModel
import Synchronization

/// What starts an adapter.
struct AdapterLaunch: Sendable {
  /// Absolute.
  var program: String
  /// With the program's own name.
  var arguments: [String]
  var environment: [String: String]
  var directory: String
  /// `NAME=value` of the environment, by which what an adapter has left is found.
  var mark: String
}

/// A child with pipes on its three streams, in a session of its own.
///
/// A thread of its own waits for all that happens: `handle` is called there, in order, and must not block. While `ready` has not returned, nothing is read from its
/// standard output, so that a flood waits in the child.
final class AdapterProcess: @unchecked Sendable {  // all that changes is behind a lock, or touched by `work` alone
  enum Input: Sendable {
    case line(LineFramer.Line)
    /// A line of its standard error.
    case remark(LineFramer.Line)
    /// The last: it has ended, or has closed its standard output.
    case ended(String)
  }

  let pid: pid_t
  private let mark: String
  private let handle: @Sendable (Input) -> Void
  private let ready: @Sendable () async -> Void
  private let clock = ContinuousClock()
  private let orders = Mutex(Orders())
  private let pauses = Mutex((paused: Duration.zero, since: ContinuousClock.Instant?.none))
  private let process: CInt
  /// A byte in it ends the wait for something to happen.
  private let wake: [CInt]
  /// Below 0 once closed.
  private var input: CInt
  private var output: CInt
  private var error: CInt
  private var isReaped = false
  private var outputLines = LineFramer(limit: BridgeBounds.message)
  private var errorLines = LineFramer(limit: BridgeBounds.remark)
  private var unwritten: [UInt8] = []
  private var isPaused = false
  private var isOver = false
  private var endOfOutput: ContinuousClock.Instant?
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  /// What others want of `work`.
  private struct Orders {
    var bytes: [UInt8] = []
    var closesInput = false
    var readsOn = false
    var ends: [CheckedContinuation<Void, Never>] = []
    /// It works no more.
    var isClosed = false
  }

  /// Throws a `Problem` when it cannot be started.
  init(
    _ launch: AdapterLaunch, ready: @escaping @Sendable () async -> Void,
    handle: @escaping @Sendable (Input) -> Void
  ) throws(Problem) {
    mark = launch.mark
    self.ready = ready
    self.handle = handle
    var pipes: [[CInt]] = []
    for _ in 0..<4 {
      var ends: [CInt] = [-1, -1]
      let failure = cprocess_pipe(&ends)
      guard failure == 0 else {
        for descriptor in pipes.joined() { close(descriptor) }
        throw Problem(.unavailable, "Cannot make a pipe for an adapter: \(String(cString: strerror(-failure))).")
      }
      pipes.append(ends)
    }
    let theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
    let ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
    let started = spawn(
      launch.program, launch.arguments, environment: launch.environment.map { "\($0.key)=\($0.value)" },
      directory: launch.directory, input: theirs[0], output: theirs[1], error: theirs[2])
    for descriptor in theirs { close(descriptor) }
    wake = pipes[3]
    let process = started.failure == 0 ? cprocess_process_fd(started.pid) : -started.failure
    guard process >= 0 else {
      for descriptor in ours + pipes[3] { close(descriptor) }
      if started.failure == 0 {
        kill(started.pid, SIGKILL)
        var status: CInt = 0
        waitpid(started.pid, &status, 0)
      }
      let why =
        process == -ENOEXEC
        ? "it is no program: a script must begin with a line such as #!/bin/sh" : String(cString: strerror(-process))
      throw Problem(.invalid, "\(launch.program) cannot be started: \(why).")
    }
    for descriptor in ours + pipes[3] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    pid = started.pid
    self.process = process
    (input, output, error) = (ours[0], ours[1], ours[2])
    // A queue of its own has a thread of its own, which may block.
    DispatchQueue(label: "adapter").async { self.work() }
  }

  /// How long its standard output has not been read so far, as nobody had room for more.
  var pausedTime: Duration {
    pauses.withLock { $0.paused + ($0.since.map { clock.now - $0 } ?? .zero) }
  }

  /// Hands bytes to its standard input, now or when it reads on.
  func write(_ bytes: [UInt8]) {
    _ = order { $0.bytes += bytes }
  }

  /// False when there is nobody any more to carry it out.
  private func order(_ change: (inout Orders) -> Void) -> Bool {
    orders.withLock { orders in
      guard !orders.isClosed else { return false }
      change(&orders)
      var byte: UInt8 = 0
      // Full, it wakes all the same.
      _ = Glibc.write(wake[1], &byte, 1)
      return true
    }
  }

  /// Closes its standard input, waits, and ends it and whatever it has started; returns when nothing of it is left.
  func end(grace: Duration) async {
    _ = order { $0.closesInput = true }
    await pause(upTo: grace) { self.living().isEmpty }
    var known = Set<pid_t>()
    let began = clock.now
    while true {
      let living = living()
      if living.isEmpty { break }
      let mustDie = clock.now - began >= grace
      for process in living where mustDie || known.insert(process).inserted {
        kill(process, mustDie ? SIGKILL : SIGTERM)
        if !mustDie { kill(process, SIGCONT) }
      }
      await pause(upTo: .milliseconds(20)) { false }
    }
    await withCheckedContinuation { continuation in
      if !order({ $0.ends.append(continuation) }) { continuation.resume() }
    }
  }

  /// The adapter and whatever came of it, wherever it hides: by its mark, its session and its parents.
  private func living() -> [pid_t] {
    let table = ProcessTable()
    var found = Set(table.marked(by: mark).map(\.pid))
    found.formUnion(table.descendants(of: pid).map(\.pid))
    for entry in table.entries where (entry.session == pid || entry.pid == pid) && !entry.isZombie {
      found.insert(entry.pid)
    }
    found.remove(getpid())
    return found.sorted()
  }

  /// Not to be cut short by cancelation: the processes have to go all the same.
  private func pause(upTo limit: Duration, _ isDone: @escaping @Sendable () -> Bool) async {
    await Task { [clock] in
      let began = clock.now
      repeat {
        if isDone() { return }
        try? await clock.sleep(for: .milliseconds(20))  // only cancelation ends it early, and there is none here
      } while clock.now - began < limit
    }.value
  }

  // MARK: On its thread

  private func work() {
    while true {
      let taken = orders.withLock { orders in
        defer { orders = Orders() }
        return orders
      }
      if input >= 0 { unwritten += taken.bytes }
      if unwritten.count > BridgeBounds.unread {
        over("it has not read \(unwritten.count >> 20) MB that were written to its standard input")
      }
      if taken.closesInput { closeInput() }
      if taken.readsOn { readOn() }
      if !taken.ends.isEmpty { return finish(taken.ends) }
      flush()
      wait()
    }
  }

  /// Until something happens, and then sees to it.
  private func wait() {
    var limit: CInt = -1
    if let endOfOutput, !isOver {
      let left = Duration.milliseconds(200) - (clock.now - endOfOutput)
      // Mostly it has ended, which says more.
      guard left > .zero else { return over("it closed its standard output") }
      limit = CInt(left.milliseconds) + 1
    }
    var polled = [
      pollfd(fd: wake[0], events: Int16(POLLIN), revents: 0),
      pollfd(fd: isPaused || isOver ? -1 : output, events: Int16(POLLIN), revents: 0),
      pollfd(fd: error, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isReaped ? -1 : process, events: Int16(POLLIN), revents: 0),
      pollfd(fd: unwritten.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
    ]
    guard poll(&polled, nfds_t(polled.count), limit) > 0 else { return }
    if polled[0].revents != 0 { _ = read(wake[0]) }
    if polled[1].revents != 0 { readOutput() }
    if polled[2].revents != 0 { readError() }
    if polled[3].revents != 0 { reap() }
  }

  /// Nil at the end, empty when there is nothing now.
  private func read(_ descriptor: CInt) -> Int? {
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count > 0 { return count }
      if count == 0 { return nil }
      if errno == EINTR { continue }
      return errno == EAGAIN ? 0 : nil
    }
  }

  private func readOutput() {
    guard let count = read(output) else {
      close(output)
      output = -1
      endOfOutput = clock.now
      return
    }
    take(count)
    guard count > 0, !isOver else { return }
    isPaused = true
    pauses.withLock { $0.since = clock.now }
    Task { [self] in  // ends when there is room for more, which there is at the latest when the journal closes
      await ready()
      _ = order { $0.readsOn = true }
    }
  }

  private func readOn() {
    isPaused = false
    pauses.withLock { pauses in
      if let since = pauses.since { pauses.paused += clock.now - since }
      pauses.since = nil
    }
  }

  private func take(_ count: Int) {
    let lines = buffer.withUnsafeBytes { outputLines.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    for line in lines where !isOver { handle(.line(line)) }
  }

  private func readError() {
    guard let count = read(error) else {
      close(error)
      error = -1
      if let line = errorLines.finish() { handle(.remark(line)) }
      return
    }
    let lines = buffer.withUnsafeBytes { errorLines.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    for line in lines { handle(.remark(line)) }
  }

  private func reap() {
    var code: CInt = -1
    var signal: CInt = -1
    guard cprocess_reap(pid, &code, &signal) != 0 else { return }
    isReaped = true
    // Its last words are in the pipes still; what its descendants go on to say is not waited for.
    var left = Bounds.lastWords
    while left > 0, !isOver, output >= 0, let count = read(output), count > 0 {
      take(count)
      left -= count
    }
    left = Bounds.lastWords
    while left > 0, error >= 0, let count = read(error), count > 0 {
      let lines = buffer.withUnsafeBytes { errorLines.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      for line in lines { handle(.remark(line)) }
      left -= count
    }
    over(signal > 0 ? "it was ended by signal \(signal)" : "it ended with status \(code)")
  }

  /// Nothing is taken from it any more.
  private func over(_ reason: String) {
    guard !isOver else { return }
    isOver = true
    if let line = errorLines.finish() { handle(.remark(line)) }
    handle(.ended(reason))
  }

  private func flush() {
    guard input >= 0, !unwritten.isEmpty else { return }
    var done = 0
    while done < unwritten.count {
      let count = unwritten.withUnsafeBytes { bytes in
        Glibc.write(input, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count > 0 {
        done += count
      } else if errno == EAGAIN {
        unwritten.removeFirst(done)
        return
      } else if errno != EINTR {
        // It reads no more: its end, or a call's limit, says the rest.
        break
      }
    }
    unwritten = []
  }

  private func closeInput() {
    unwritten = []
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  private func finish(_ waiting: [CheckedContinuation<Void, Never>]) {
    over("it was ended")
    closeInput()
    // Left to nobody else: what was ended has been reaped, or is now.
    var code: CInt = 0
    var signal: CInt = 0
    if !isReaped { _ = cprocess_reap(pid, &code, &signal) }
    let late = orders.withLock { orders in
      orders.isClosed = true
      return orders.ends
    }
    for descriptor in [output, error, process] + wake where descriptor >= 0 { close(descriptor) }
    for continuation in waiting + late { continuation.resume() }
  }
}
