import DashboardUI
import FoundationEssentials
import Glibc
import RunClient
import RunModel

/// Plays a recording into an inbox, off the terminal's thread. It works only while something moves.
actor ReplayPlayer {
  private var replay: Replay
  private let inbox: EventInbox
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now
  private var turning: Task<Void, Never>?
  private var isOver = false

  init(_ replay: Replay, inbox: EventInbox) {
    self.replay = replay
    self.inbox = inbox
  }

  private var now: Int64 { start.duration(to: clock.now).milliseconds }

  /// Begins, or does what a person asked for.
  func take(_ command: Replay.Command? = nil) {
    if let command { replay.take(command, now) }
    guard turning == nil, !isOver else { return }
    turning = Task { await turn() }  // ended by `end`, or when nothing moves any more
  }

  func end() {
    isOver = true
    turning?.cancel()
  }

  private func turn() async {
    while !isOver {
      for message in replay.advance(now, wantsOutput: { inbox.isOpen($0) }) { await inbox.put(message: message) }
      switch replay.rest(now) {
      case .atOnce: await Task.yield()
      case .soon:
        // Ends early only when it is canceled, which the loop sees.
        try? await Task.sleep(for: .milliseconds(33))
      case .idle:
        turning = nil
        return
      }
    }
  }

  func backlog(_ run: RunID, limit: Int) -> [RunEvent] { replay.backlog(run, limit: limit) }
  var runtimes: [RuntimeSummary] { replay.feed.runtimes }
}

/// What the screens ask for during a replay: as far as the recording knows it.
struct ReplayErrands: ErrandDoer {
  let player: ReplayPlayer
  let memory: PreferencesFile

  @concurrent func answers(to effect: Effect) async -> [Message] {
    func missing(_ errand: Errand) -> [Message] {
      [.failed(Problem(.notFound, "Not in the recording, which holds a run's events and nothing else."), errand)]
    }
    switch effect {
    case .fetchBacklog(let run, let limit): return [.backlog(run, await player.backlog(run, limit: limit))]
    case .fetchRuntimes: return [.runtimes(await player.runtimes)]
    case .fetchDetail(let run): return missing(.detail(run))
    case .fetchArtifacts(let run): return missing(.artifacts(run))
    case .fetchPatch(let run, _): return missing(.patch(run))
    case .fetchRunAudit(let run): return missing(.runAudit(run))
    case .keep(let preferences):
      do throws(Problem) {
        try await memory.write(preferences)
        return []
      } catch { return [.failed(error, .here)] }
    default: return []
    }
  }
}

/// A file of events, read where it lies.
final class RecordingFile: RecordingSource {
  private let descriptor: Int32
  let size: Int

  /// Takes the descriptor over.
  init(descriptor: Int32, size: Int) {
    self.descriptor = descriptor
    self.size = size
  }

  convenience init(_ path: String) throws(Problem) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Problem(.invalid, "Cannot read \(path): \(String(cString: strerror(errno))).")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Problem(.invalid, "\(path) is not a file. A recording is what flightdeck events > FILE writes.")
    }
    self.init(descriptor: descriptor, size: Int(status.st_size))
  }

  deinit { close(descriptor) }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, used in
      used = 0
      while used < range.count {
        let count = pread(
          descriptor, buffer.baseAddress?.advanced(by: used), range.count - used, off_t(range.lowerBound + used))
        if count < 0, errno == EINTR { continue }
        // What has gone meanwhile is told by there being less.
        if count <= 0 { return }
        used += count
      }
    }
  }

  /// What an orchestrator has recorded, of one run or of all, in a file that has no name.
  static func fetch(_ client: RunClient, run: String?) async throws -> RecordingFile {
    let folder = FileManager.default.temporaryDirectory.path
    var name = Array("\(folder)/flightdeck-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw Problem(.unavailable, "Cannot write to \(folder): \(String(cString: strerror(errno))).")
    }
    unlink(&name)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var size = 0
    do {
      for try await lines in try await client.eventLines(EventQuery(runs: run.map { [$0] } ?? [])) {
        size += try write(lines, descriptor, folder)
      }
    } catch {
      close(descriptor)
      throw error
    }
    return RecordingFile(descriptor: descriptor, size: size)
  }

  private static func write(_ bytes: ArraySlice<UInt8>, _ descriptor: Int32, _ folder: String) throws(Problem) -> Int {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBufferPointer { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw Problem(.unavailable, "Cannot write to \(folder): \(String(cString: strerror(errno))).")
      }
      rest = rest.dropFirst(count)
    }
    return bytes.count
  }
}
