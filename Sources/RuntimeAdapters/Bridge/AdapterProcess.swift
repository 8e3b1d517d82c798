import CProcess
import Dispatch
import Glibc
import RunModel

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
/// `handle` is called on one queue, in order, and must not block. While `ready` has not returned, nothing is read from its
/// standard output, so that a flood waits in the child.
final class AdapterProcess: @unchecked Sendable {  // all that changes is touched on `queue` alone
  enum Input: Sendable {
    case line(LineFramer.Line)
    /// A line of its standard error.
    case remark(LineFramer.Line)
    /// The last: it has ended, or has closed its standard output.
    case ended(String)
  }

  let pid: pid_t
  private let queue = DispatchQueue(label: "adapter")
  private let mark: String
  private let handle: @Sendable (Input) -> Void
  private let ready: @Sendable () async -> Void
  private let input: CInt
  private let output: CInt
  private let error: CInt
  private let process: CInt
  private var outputSource: (any DispatchSourceRead)?
  private var errorSource: (any DispatchSourceRead)?
  private var processSource: (any DispatchSourceRead)?
  private var inputSource: (any DispatchSourceWrite)?
  private var outputLines = LineFramer(limit: BridgeBounds.message)
  private var errorLines = LineFramer(limit: BridgeBounds.remark)
  private var unwritten: [UInt8] = []
  private var isPaused = false
  private var isOver = false
  private var isWaitingToWrite = false
  private let clock = ContinuousClock()
  private var pausedSince: ContinuousClock.Instant?
  private var paused = Duration.zero
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  /// Throws a `Problem` when it cannot be started.
  init(
    _ launch: AdapterLaunch, ready: @escaping @Sendable () async -> Void,
    handle: @escaping @Sendable (Input) -> Void
  ) throws(Problem) {
    mark = launch.mark
    self.ready = ready
    self.handle = handle
    var pipes: [[CInt]] = []
    for _ in 0..<3 {
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
    let process = started.failure == 0 ? cprocess_process_fd(started.pid) : -started.failure
    guard process >= 0 else {
      for descriptor in ours { close(descriptor) }
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
    for descriptor in ours { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    pid = started.pid
    self.process = process
    (input, output, error) = (ours[0], ours[1], ours[2])
    queue.async { self.begin() }
  }

  /// How long its standard output has not been read so far, as nobody had room for more.
  var pausedTime: Duration {
    queue.sync { paused + (pausedSince.map { clock.now - $0 } ?? .zero) }
  }

  /// Hands bytes to its standard input, now or when it reads on.
  func write(_ bytes: [UInt8]) {
    queue.async { [self] in
      guard inputSource != nil else { return }
      unwritten += bytes
      if unwritten.count > BridgeBounds.unread {
        return over("it has not read \(unwritten.count >> 20) MB that were written to its standard input")
      }
      flush()
    }
  }

  /// Closes its standard input, waits, and ends it and whatever it has started; returns when nothing of it is left.
  func end(grace: Duration) async {
    queue.async { self.closeInput() }
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
      queue.async { [self] in
        over("it was ended")
        closeAll()
        continuation.resume()
      }
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

  // MARK: On the queue

  /// A descriptor is closed by its source alone, once that has let go of it: closed under the source, it would go on in the
  /// system's list of what is watched while any child that is being spawned holds a copy.
  private func begin() {
    let outputSource = DispatchSource.makeReadSource(fileDescriptor: output, queue: queue)
    outputSource.setEventHandler { [self] in readOutput() }
    outputSource.setCancelHandler { [output] in close(output) }
    outputSource.resume()
    self.outputSource = outputSource
    let errorSource = DispatchSource.makeReadSource(fileDescriptor: error, queue: queue)
    errorSource.setEventHandler { [self] in readError() }
    errorSource.setCancelHandler { [error] in close(error) }
    errorSource.resume()
    self.errorSource = errorSource
    let processSource = DispatchSource.makeReadSource(fileDescriptor: process, queue: queue)
    processSource.setEventHandler { [self] in reap() }
    processSource.setCancelHandler { [process] in close(process) }
    processSource.resume()
    self.processSource = processSource
    // Suspended while there is nothing to wait for.
    let inputSource = DispatchSource.makeWriteSource(fileDescriptor: input, queue: queue)
    inputSource.setEventHandler { [self] in writeOn() }
    inputSource.setCancelHandler { [input] in close(input) }
    self.inputSource = inputSource
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
    guard !isOver else { return }
    guard let count = read(output) else {
      outputSource?.cancel()
      outputSource = nil
      // Mostly it has ended, which says more.
      return queue.asyncAfter(deadline: .now() + .milliseconds(200)) { self.over("it closed its standard output") }
    }
    take(count)
    guard count > 0, !isOver, let outputSource else { return }
    isPaused = true
    pausedSince = clock.now
    outputSource.suspend()
    Task { [self] in  // ends when there is room for more, which there is at the latest when the journal closes
      await ready()
      queue.async { self.readOn() }
    }
  }

  private func readOn() {
    guard isPaused else { return }
    isPaused = false
    if let since = pausedSince { paused += clock.now - since }
    pausedSince = nil
    outputSource?.resume()
  }

  private func take(_ count: Int) {
    let lines = buffer.withUnsafeBytes { outputLines.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    for line in lines where !isOver { handle(.line(line)) }
  }

  private func readError() {
    guard let count = read(error) else {
      errorSource?.cancel()
      errorSource = nil
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
    processSource?.cancel()
    processSource = nil
    // Its last words are in the pipes still; what its descendants go on to say is not waited for.
    var left = Bounds.lastWords
    while left > 0, !isOver, outputSource != nil, let count = read(output), count > 0 {
      take(count)
      left -= count
    }
    left = Bounds.lastWords
    while left > 0, errorSource != nil, let count = read(error), count > 0 {
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

  private func writeOn() {
    guard let inputSource, isWaitingToWrite else { return }
    isWaitingToWrite = false
    inputSource.suspend()
    flush()
  }

  private func flush() {
    guard let inputSource, !isWaitingToWrite else { return }
    var done = 0
    while done < unwritten.count {
      let count = unwritten.withUnsafeBytes { bytes in
        Glibc.write(input, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count > 0 {
        done += count
      } else if errno == EAGAIN {
        unwritten.removeFirst(done)
        isWaitingToWrite = true
        return inputSource.resume()
      } else if errno != EINTR {
        // It reads no more: its end, or a call's limit, says the rest.
        break
      }
    }
    unwritten = []
  }

  private func closeInput() {
    guard let inputSource else { return }
    self.inputSource = nil
    unwritten = []
    if !isWaitingToWrite { inputSource.resume() }
    inputSource.cancel()
  }

  private func closeAll() {
    closeInput()
    if isPaused {
      isPaused = false
      outputSource?.resume()
    }
    // Left to nobody else: what was ended has been reaped, or is now.
    var code: CInt = 0
    var signal: CInt = 0
    if processSource != nil { _ = cprocess_reap(pid, &code, &signal) }
    for source in [outputSource, errorSource, processSource] { source?.cancel() }
    outputSource = nil
    errorSource = nil
    processSource = nil
  }
}
