import CTerminal
import Synchronization

/// Everything that touches the terminal. One thread is its executor and its poll(2) loop, because ncurses is not safe
/// with two.
@globalActor package actor TerminalActor {
  package static let shared = TerminalActor()
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    TerminalExecutor.shared.asUnownedSerialExecutor()
  }

  /// Runs `body`, which is called on the terminal's thread but not from a task.
  static func assumeIsolated<T>(_ body: @TerminalActor () -> T) -> T {
    shared.preconditionIsolated()
    typealias Plain = () -> T
    // As MainActor.assumeIsolated does: the isolation was checked, and is no part of how a function is called.
    return withoutActuallyEscaping(body) { unsafeBitCast($0, to: Plain.self)() }
  }
}

/// What the loop waits for besides jobs and signals.
struct LoopWait {
  var input = false
  var output = false
  var milliseconds: Int?
}

/// The thread: runs jobs of the actor, and hands what poll(2) says to the open terminal.
final class TerminalExecutor: SerialExecutor {
  static let shared = TerminalExecutor()

  private let jobs = Mutex<[UnownedJob]>([])
  private let thread = Atomic<UInt>(0)

  private init() {
    guard cterm_pipe_open(), cterm_thread_start({ _ in TerminalExecutor.shared.loop() }, nil) else {
      fatalError("No thread for the terminal: the system is out of threads or file descriptors.")
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let wasEmpty = jobs.withLock { jobs in
      defer { jobs.append(job) }
      return jobs.isEmpty
    }
    if wasEmpty { cterm_wake() }
  }

  func checkIsolated() { precondition(isOnThread, "Called off the terminal's thread.") }

  func isIsolatingCurrentContext() -> Bool? { isOnThread }

  private var isOnThread: Bool {
    thread.load(ordering: .relaxed) == UInt(bitPattern: cterm_thread_current())
  }

  private func loop() {
    thread.store(UInt(bitPattern: cterm_thread_current()), ordering: .relaxed)
    while true {
      let batch = jobs.withLock { jobs in
        defer { jobs = [] }
        return jobs
      }
      for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
      TerminalActor.assumeIsolated {
        let wait = Terminal.current?.wait ?? LoopWait()
        let events = cterm_poll(wait.input, wait.output, Int32(clamping: wait.milliseconds ?? -1))
        var signals: [Int32] = []
        if Int(events) & Int(CTERM_WOKEN) != 0 { signals = Self.readSignals() }
        // Keys before the jobs that draw.
        Terminal.current?.handle(LoopEvents(rawValue: Int(events)), signals: signals)
      }
    }
  }

  private static func readSignals() -> [Int32] {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 512) { bytes in
      let count = cterm_signals(bytes.baseAddress, Int32(bytes.count))
      return bytes.prefix(Int(count)).map(Int32.init)
    }
  }
}

struct LoopEvents: OptionSet {
  let rawValue: Int
  static let readable = Self(rawValue: Int(CTERM_READABLE))
  static let writable = Self(rawValue: Int(CTERM_WRITABLE))
  static let gone = Self(rawValue: Int(CTERM_GONE))
}
