import Dispatch
import FoundationEssentials
import Glibc
import Logging
import Orchestration
import RunModel

/// Follows the configuration while an orchestrator works: what it says of runtimes is taken over, a file that cannot be
/// read changes nothing, and what else has changed waits for the next start.
struct ConfigurationReload: Sendable {
  let paths: Paths
  /// As it was at the start.
  let configuration: Configuration
  let setup: RuntimeSetup
  let orchestrator: Orchestrator

  /// Ends by cancellation.
  func run() async throws {
    let (wakes, wake) = AsyncStream.makeStream(of: Bool.self)
    let hangup = Self.onHangup { wake.yield(true) }
    defer { hangup?.cancel() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          // A look costs one system call, and finds files behind links and on other machines too.
          try await Task.sleep(for: .seconds(1))
          wake.yield(false)
        }
      }
      group.addTask { await follow(wakes) }
      try await group.next()
      group.cancelAll()
    }
  }

  private func follow(_ wakes: AsyncStream<Bool>) async {
    var current = configuration.runtimes
    var later: [String] = []
    var isBad = false
    var mark = FileStamp(paths.configuration)
    // It may have changed since it was read.
    var hasChanged = true
    for await isAsked in wakes {
      let now = FileStamp(paths.configuration)
      if now != mark, !isAsked {
        // Whoever writes it may not be through.
        (mark, hasChanged) = (now, true)
        continue
      }
      guard hasChanged || isAsked else { continue }
      (mark, hasChanged) = (now, false)
      do {
        try refuseEmpty()
        let found = try ConfigurationFile.load(paths)
        let changes = try setup.changes(from: current, to: found.runtimes)
        let waiting = configuration.differences(from: found)
        if !changes.isEmpty || waiting != later || isBad {
          await orchestrator.reconfigure(changes, later: waiting, file: paths.configuration)
        }
        (current, later, isBad) = (found.runtimes, waiting, false)
      } catch {
        isBad = true
        await orchestrator.rejectConfiguration((error as? Problem)?.detail ?? "\(error)", file: paths.configuration)
      }
    }
  }

  /// Some editors save in two steps, and a slip empties a file: neither is meant to take every runtime away.
  private func refuseEmpty() throws(Problem) {
    guard let bytes = FileManager.default.contents(atPath: paths.configuration),
      bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) })
    else { return }
    throw Problem(
      .invalid,
      "\(paths.configuration): The file is empty, so what it said before stays. Remove it, or write {}, to go without settings."
    )
  }

  /// At a terminal SIGHUP means that the terminal has gone.
  private static func onHangup(_ body: @escaping @Sendable () -> Void) -> (any DispatchSourceSignal)? {
    guard !LogBook.isAtTerminal else { return nil }
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP)
    source.setEventHandler(handler: body)
    source.activate()
    return source
  }
}

extension Configuration {
  /// The orchestrator's settings, runtimes aside, that are others there: it reads them when it starts.
  func differences(from other: Configuration) -> [String] {
    var names: [String] = []
    if verifyTimeout != other.verifyTimeout { names.append("verifyTimeoutSeconds") }
    if stopGrace != other.stopGrace { names.append("stopGraceSeconds") }
    if approvalsRequired != other.approvalsRequired || approvesOwnRequests != other.approvesOwnRequests {
      names.append("approvals")
    }
    if hostNames != other.hostNames { names.append("hostNames") }
    if tls != other.tls { names.append("tls") }
    if log != other.log { names.append("log") }
    if retention != other.retention { names.append("retention") }
    return names
  }
}

extension RuntimeSetup {
  /// What has to be done to get from the one list to the other. Throws when one of the new cannot be made; then nothing
  /// is to be done.
  func changes(from old: [RuntimeConfiguration], to new: [RuntimeConfiguration]) throws -> [RuntimeChange] {
    var changes: [RuntimeChange] = []
    for runtime in old where !new.contains(where: { $0.id == runtime.id }) { changes.append(.remove(runtime.id)) }
    for runtime in new {
      guard let known = old.first(where: { $0.id == runtime.id }) else {
        changes.append(.add(try registration(runtime)))
        continue
      }
      if known != runtime { changes.append(.change(try registration(runtime))) }
    }
    return changes
  }
}
