import Glibc
import Orchestration
import RunModel
import Synchronization

/// JSON-RPC with one adapter process: calls with time limits out, replies and notifications in.
final class AdapterLink: Sendable {
  /// What comes of its own accord, on one queue and in order.
  enum Report: Sendable {
    case event(JSONObject)
    /// Its own words, noise, or what is wrong with what it sent; for the log.
    case remark(String)
    /// Something went wrong in it that it has survived.
    case complaint(String)
    /// Answered after its limit: whoever asked has gone on without it.
    case late(method: String, run: RunID?, answer: JSONValue?)
  }

  private struct Pending {
    var method: String
    var run: RunID?
    var answer: CheckedContinuation<JSONValue, any Error>?
    var pausedBefore: Duration
  }

  private struct State {
    var process: AdapterProcess?
    var pending: [Int: Pending] = [:]
    var lastId = 0
    /// Calls that ran into their limits since something came last.
    var silent = 0
    /// Why nothing can be asked of it any more.
    var end: String?
    var endWaiters: [CheckedContinuation<String, Never>] = []
    var lastRemarks: [String] = []
  }

  private let id: RuntimeID
  private let state = Mutex(State())
  private let report: @Sendable (AdapterLink, Report) -> Void
  private let sleep: @Sendable (Duration) async throws -> Void

  /// Throws a `Problem` when the adapter cannot be started.
  init(
    _ id: RuntimeID, _ launch: AdapterLaunch, ready: @escaping @Sendable () async -> Void,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    report: @escaping @Sendable (AdapterLink, Report) -> Void
  ) throws(Problem) {
    self.id = id
    self.report = report
    self.sleep = sleep
    let process = try AdapterProcess(launch, ready: ready) { [self] in take($0) }
    state.withLock { $0.process = process }
  }

  var pid: pid_t { state.withLock { $0.process?.pid ?? 0 } }
  var isOpen: Bool { state.withLock { $0.end == nil } }

  /// The result. Throws a `BridgeFault` that the adapter gave, or a `Problem`: it has ended, or the limit is over.
  func call(
    _ method: BridgeMethod, _ params: BridgeParams = BridgeParams(), run: RunID? = nil, limit: Duration
  ) async throws -> JSONValue {
    let name = method.rawValue
    let (call, process) = try state.withLock { state in
      guard let process = state.process, state.end == nil else { throw gone(state, before: name) }
      state.lastId += 1
      return (state.lastId, process)
    }
    let pausedBefore = process.pausedTime
    let watchdog = Task { try await watch(call, process, limit: limit) }  // canceled with the answer
    defer { watchdog.cancel() }
    return try await withCheckedThrowingContinuation { continuation in
      let refusal = state.withLock { state -> Problem? in
        guard state.end == nil else { return gone(state, before: name) }
        state.pending[call] = Pending(method: name, run: run, answer: continuation, pausedBefore: pausedBefore)
        return nil
      }
      if let refusal {
        continuation.resume(throwing: refusal)
      } else {
        process.write(BridgeMessage.call(call, name, params))
      }
    }
  }

  /// Why it ended; returns when it has.
  func ended() async -> String {
    await withCheckedContinuation { continuation in
      let end = state.withLock { state -> String? in
        if state.end == nil { state.endWaiters.append(continuation) }
        return state.end
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  /// Ends the process and all that came of it.
  func end(grace: Duration) async {
    guard let process = state.withLock({ $0.process }) else { return }
    await process.end(grace: grace)
    // Each holds the other.
    state.withLock { $0.process = nil }
  }

  /// The last of its own words, for the reason of its end.
  var lastWords: String? { state.withLock { $0.lastRemarks.last } }

  // MARK: Limits

  private func watch(_ call: Int, _ process: AdapterProcess, limit: Duration) async throws {
    var left = limit
    while left > .zero {
      try await sleep(left)
      // Time in which we did not read what it may have answered is not its own.
      let paused = process.pausedTime
      left = state.withLock { state in
        guard let pending = state.pending[call], pending.answer != nil else { return .zero }
        state.pending[call]?.pausedBefore = paused
        return paused - pending.pausedBefore
      }
    }
    let expired = state.withLock { state -> (Pending, Bool)? in
      guard let pending = state.pending[call], pending.answer != nil else { return nil }
      // Its answer may still come: then it is known what it answers.
      state.pending[call]?.answer = nil
      if state.pending.count > 1000 {
        state.pending = state.pending.filter { $0.value.answer != nil || $0.key == call }
      }
      state.silent += 1
      return (pending, state.silent >= BridgeBounds.silentCalls)
    }
    guard let (pending, isHung) = expired else { return }
    pending.answer?.resume(
      throwing: Problem(
        .unavailable,
        "The adapter of runtime \(id) has not answered \(pending.method) within \(AdapterLife.words(limit)). Look into its log, or give it more time with callTimeoutSeconds.",
        cause: "no answer to \(pending.method)"))
    if isHung {
      close("it hung: nothing came of it while \(pending.method) and others waited \(AdapterLife.words(limit))")
    }
  }

  // MARK: What comes

  private func take(_ input: AdapterProcess.Input) {
    switch input {
    case .line(.whole(let line)): take(BridgeMessage(line: line), line)
    case .line(.tooLong(let beginning, let length)):
      report(
        self,
        .remark(
          "a line of \(length) bytes on its standard output was skipped, as more than \(BridgeBounds.message) is none of the protocol's: \(Self.text(beginning))"
        ))
    case .remark(.whole(let line)): remark(Self.text(line))
    case .remark(.tooLong(let beginning, let length)): remark("\(Self.text(beginning))… (\(length) bytes)")
    case .ended(let reason): close(reason)
    }
  }

  private func take(_ message: BridgeMessage, _ line: [UInt8]) {
    switch message {
    case .reply(let call, let reply):
      let answered = state.withLock { state -> Pending? in
        state.silent = 0
        return state.pending.removeValue(forKey: call)
      }
      guard let answered else { return report(self, .remark("a reply to \(call), which nothing was asked under")) }
      guard let answer = answered.answer else {
        let result: JSONValue? = if case .result(let value) = reply { value } else { nil }
        return report(self, .late(method: answered.method, run: answered.run, answer: result))
      }
      switch reply {
      case .result(let value): answer.resume(returning: value)
      case .fault(let fault): answer.resume(throwing: fault)
      }
    case .notification("event", let event):
      state.withLock { $0.silent = 0 }
      report(self, .event(event))
    case .notification("log", let params):
      let text = (params["message"]?.string ?? JSONValue.object(params).jsonText).bounded(BridgeBounds.remark)
      report(self, params["level"]?.string == "error" ? .complaint(text) : .remark(text))
    case .notification(let method, _):
      report(self, .remark("a notification \(method.bounded(80)), which is none of the protocol's"))
    case .request(let request, let method):
      state.withLock { $0.process }?.write(BridgeMessage.refusal(of: request, method))
    case .noise(let why):
      report(self, .remark("noise on its standard output (\(why)): \(Self.text(line))"))
    }
  }

  private func remark(_ text: String) {
    state.withLock { state in
      state.lastRemarks.append(text)
      if state.lastRemarks.count > 5 { state.lastRemarks.removeFirst() }
    }
    report(self, .remark(text))
  }

  private static func text(_ line: [UInt8]) -> String {
    String(decoding: line.prefix(BridgeBounds.remark), as: UTF8.self)
  }

  private func close(_ reason: String) {
    let closed = state.withLock { state -> (end: String, [Pending], [CheckedContinuation<String, Never>])? in
      guard state.end == nil else { return nil }
      let end = reason + (state.lastRemarks.last.map { ": \($0.bounded(300))" } ?? "")
      state.end = end
      defer {
        state.pending = [:]
        state.endWaiters = []
      }
      return (end, Array(state.pending.values), state.endWaiters)
    }
    guard let (end, pending, waiters) = closed else { return }
    for call in pending {
      call.answer?.resume(
        throwing: Problem(
          .unavailable, "The adapter of runtime \(id) was gone before it answered \(call.method): \(end).",
          cause: BridgeCause.gone))
    }
    for waiter in waiters { waiter.resume(returning: end) }
  }

  private func gone(_ state: State, before method: String) -> Problem {
    Problem(
      .unavailable,
      "The adapter of runtime \(id) is gone, so that \(method) cannot be asked of it: \(state.end ?? "").",
      cause: BridgeCause.gone)
  }
}

/// Why a call came to nothing, where it matters to who asked.
enum BridgeCause {
  static let gone = "its adapter is gone"
}

/// What an adapter is asked.
enum BridgeMethod: String {
  case initialize
  case runtimeId, getCapabilities, startTask, getStatus, cancelTask, getArtifacts
  case answer, sendMessage, getPatch
}
