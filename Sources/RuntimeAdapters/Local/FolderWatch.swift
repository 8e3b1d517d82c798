import CProcess
import Dispatch
import Glibc
import Synchronization

/// Wakes the followers of runs when their folders change: one inotify descriptor for all, and once a second besides,
/// for what makes no such event. Costs nothing while nothing is watched.
final class FolderWatch: Sendable {
  private struct State {
    var wakes: [CInt: AsyncStream<Void>.Continuation] = [:]
    var nextWithoutWatch: CInt = -2
    var isTicking = false
  }

  private let state = Mutex(State())
  private let descriptor: CInt
  private let queue = DispatchQueue(label: "flightdeck.folder-watch")
  // Proof: written in init alone; resume, suspend and cancel of a dispatch source are thread-safe.
  private nonisolated(unsafe) let source: (any DispatchSourceRead)?
  private nonisolated(unsafe) let timer: any DispatchSourceTimer

  init() {
    descriptor = cprocess_watch_open()
    timer = DispatchSource.makeTimerSource(queue: queue)
    // Without inotify (its instances are few for each user) looking ten times a second has to do.
    timer.schedule(
      deadline: .now(), repeating: descriptor < 0 ? .milliseconds(100) : .seconds(1), leeway: .milliseconds(20))
    if descriptor >= 0 {
      let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      self.source = source
      let descriptor = descriptor
      source.setEventHandler { [weak self] in self?.readEvents() }
      source.setCancelHandler { close(descriptor) }
      source.resume()
    } else {
      source = nil
    }
    timer.setEventHandler { [weak self] in self?.wakeAll() }
  }

  deinit {
    source?.cancel()
    // A suspended source must not be released.
    if !state.withLock({ $0.isTicking }) { timer.resume() }
    timer.cancel()
  }

  /// An element now, and one for each change after; changes while nobody waits come as one.
  func wakes(_ folder: String) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { state in
      var watch = descriptor >= 0 ? cprocess_watch_add(descriptor, folder) : -1
      if watch < 0 {
        watch = state.nextWithoutWatch
        state.nextWithoutWatch -= 1
      }
      state.wakes[watch] = continuation
      continuation.onTermination = { [weak self, watch] _ in self?.forget(watch) }
      if !state.isTicking {
        state.isTicking = true
        timer.resume()
      }
    }
    continuation.yield()
    return stream
  }

  private func forget(_ watch: CInt) {
    state.withLock { state in
      state.wakes[watch] = nil
      if watch >= 0 { _ = cprocess_watch_remove(descriptor, watch) }
      if state.wakes.isEmpty, state.isTicking {
        state.isTicking = false
        timer.suspend()
      }
    }
  }

  private func readEvents() {
    var watches = [CInt](repeating: 0, count: 1024)
    let count = Int(cprocess_watch_read(descriptor, &watches, CInt(watches.count), "output", "exit"))
    let woken = state.withLock { state in Set(watches[..<count]).compactMap { state.wakes[$0] } }
    for continuation in woken { continuation.yield() }
  }

  private func wakeAll() {
    let all = state.withLock { Array($0.wakes.values) }
    for continuation in all { continuation.yield() }
  }
}
