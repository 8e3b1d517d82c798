import Foundation
import Glibc
import RunClient
import RunModel
import TestSupport
import Testing

/// One round of crashes: several lives of one store, each under load and ended with -9, then an orderly end.
struct CrashRound {
  let seed: UInt64
  private let ledger = CrashLedger()

  init(seed: UInt64) { self.seed = seed }

  static let lines = 30
  static let agent = """
    echo "$FLIGHTDECK_RUN_ID" >> $BASE/starts
    setsid sleep 1000 &
    i=1
    while [ $i -le \(lines) ]; do
      echo "line $i"
      if [ $((i % 10)) = 0 ]; then printf '{"awf":"progress","progress":0.%s}\\n' $i; fi
      if [ $i = 15 ]; then echo work > work.txt; git add work.txt; git commit -qm work; fi
      i=$((i + 1)); sleep 0.02
    done
    echo done > done.txt
    """

  static func configuration(_ folder: String) -> String {
    """
    stopGraceSeconds: 0.3
    runtimes:
      - {id: sim, kind: simulated, maxParallelTasks: 30, medianSeconds: 0.4, maxSeconds: 1.5, attentionRate: 0.05, seed: 7}
      - {id: local, kind: local, command: [/bin/sh, \(folder)/bin/agent.sh], maxParallelTasks: 4, env: {BASE: \(folder)}}
    """
  }

  /// Returns the figures of the round, a line.
  func run() async throws -> String {
    let began = ContinuousClock.now
    var dice = Dice(seed: seed)
    let lives = dice.roll(2...4)
    return try await OrchestratorProcess.with(Self.configuration, starts: false) { here in
      try here.write("bin/agent.sh", Self.agent)
      let repository = try await here.makeRepository()
      for life in 1...lives { try await live(here, repository, life, Dice(seed: dice.next())) }
      let (lines, runs) = try await settle(here)
      let kills = ledger.kills.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      let took = (ContinuousClock.now - began).components.seconds
      return
        "crash round \(seed): \(lives) lives, killed \(kills); \(ledger.dispatched.count) dispatches, \(runs) runs, "
        + "\(ledger.canceled.count) cancels, \(lines) events, \(ledger.received.count) followers, \(took) s"
    }
  }

  // MARK: A life

  private func live(_ here: OrchestratorProcess, _ repository: String, _ life: Int, _ dice: Dice) async throws {
    var dice = dice
    try await here.start()
    try await here.withClient { client in
      async let following: Void = ledger.follow(client)
      guard await ledger.sendAgain(client) else { throw Problem(.internal, "What was unanswered is refused.") }
      let seeds = (0..<4).map { _ in dice.next() }
      async let first: Void = dispatch(client, repository, "\(life)a", Dice(seed: seeds[0]))
      async let second: Void = dispatch(client, repository, "\(life)b", Dice(seed: seeds[1]))
      async let third: Void = dispatch(client, repository, "\(life)c", Dice(seed: seeds[2]))
      async let canceling: Void = cancel(client, Dice(seed: seeds[3]))
      try await kill(here, &dice)
      _ = await (following, first, second, third, canceling)
    }
  }

  private func dispatch(_ client: RunClient, _ repository: String, _ name: String, _ dice: Dice) async {
    var dice = dice
    for number in 1...8 {
      var contract = Contract(title: "Work \(name) \(number)")
      var count = dice.roll(1...5)
      if dice.chance(40) {
        contract.runtime = "local"
        contract.repository = repository
        contract.verify = ["test -f done.txt"]
        count = min(count, 2)
      } else {
        contract.runtime = "sim"
      }
      contract.priority = dice.roll(1...1000)
      let request = DispatchRequest(
        contracts: [contract], count: count, idempotencyKey: "\(seed)-\(name)-\(number)")
      guard await ledger.dispatch(request, client) else { return }
    }
  }

  private func cancel(_ client: RunClient, _ dice: Dice) async {
    var dice = dice
    for _ in 1...12 {
      // Whoever is acknowledged first: the crash comes anyway.
      while ledger.runs.isEmpty { await Task.yield() }
      guard let run = ledger.runs.sorted().randomElement(using: &dice) else { return }
      guard await ledger.cancel(run, force: dice.chance(30), client) else { return }
    }
  }

  /// Kills this and that, and at last the orchestrator, each after so many events.
  private func kill(_ here: OrchestratorProcess, _ dice: inout Dice) async throws {
    var terminal: PseudoTerminal?
    if dice.chance(30) {
      terminal = try PseudoTerminal(
        [Program.path, "--connect", "unix:\(here.socket)"], rows: 24, columns: 80, environment: here.environment,
        directory: here.folder)
    }
    let end = dice.roll(10...300)
    for moment in (0..<dice.roll(0...3)).map({ _ in dice.roll(5...max(6, end)) }).sorted() {
      await ledger.wait(forEvents: moment)
      let isSupervisor = dice.chance(50)
      let victims = here.processesAtHome.filter { pid in
        let line = Self.commandLine(pid)
        return isSupervisor ? line.contains("__supervise") : line.contains("/bin/agent.sh")
      }
      if let victim = victims.sorted().randomElement(using: &dice), Glibc.kill(victim, SIGKILL) == 0 {
        ledger.killed(isSupervisor ? "supervisors" : "agents")
      }
    }
    await ledger.wait(forEvents: end)
    if let terminal {
      terminal.signal(SIGKILL)
      try terminal.waitExitUnread()
      ledger.killed("dashboards")
    }
    await here.kill9()
    ledger.killed("orchestrators")
  }

  private static func commandLine(_ pid: pid_t) -> String {
    FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  // MARK: The end

  /// Lets all runs end, ends the orchestrator in order, and looks at everything that is left.
  private func settle(_ here: OrchestratorProcess) async throws -> (lines: Int, runs: Int) {
    try await here.start()
    try await here.withClient { client in
      #expect(await ledger.sendAgain(client), "seed \(seed)")
    }
    let board = try await here.wait("every run's end (seed \(seed))") { board in
      !board.runs.isEmpty && board.runs.allSatisfy(\.status.isTerminal)
    }
    let stored = try await here.eventLines()
    let verified = try await here.run(["audit", "verify"])
    #expect(verified.status == 0, "seed \(seed): \(verified.output)\(verified.diagnostic)")
    try checkEvents(stored, board)
    try checkRuns(here, board, stored)
    here.signal(SIGTERM)
    #expect(await here.waitExit() == 0, "seed \(seed): \(here.log)")
    try await checkLeavings(here)
    return (stored.count, board.runs.count)
  }

  private func checkEvents(_ stored: [ArraySlice<UInt8>], _ board: RunBoard) throws {
    let gap = try stored.enumerated().first { try RunEvent(parsing: Array($0.element)).seq != UInt64($0.offset + 1) }
    #expect(gap == nil, "seed \(seed)")
    for (life, bytes) in ledger.received.enumerated() {
      let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0
      let lines = bytes[..<end].split(separator: UInt8(ascii: "\n"))
      #expect(lines.count <= stored.count, "seed \(seed)")
      let difference = zip(lines, stored).enumerated().first { $0.element.0 != $0.element.1 }
      #expect(difference == nil, "seed \(seed): life \(life + 1) was told something else than what is stored")
    }
    // Each dispatch is there once, also when it was sent again, and nothing is that nobody asked for.
    let runs = ledger.runs
    #expect(Set(runs).count == runs.count, "seed \(seed)")
    #expect(Set(board.runs.map(\.runId)) == Set(runs), "seed \(seed)")
  }

  private func checkRuns(_ here: OrchestratorProcess, _ board: RunBoard, _ stored: [ArraySlice<UInt8>]) throws {
    var requests: [RunID: Int] = [:]
    var ends: [RunID: Int] = [:]
    var starts: [RunID: Int] = [:]
    var said: [RunID: [String]] = [:]
    for line in stored {
      let event = try RunEvent(parsing: Array(line))
      guard let run = event.run else { continue }
      switch event.type {
      case .cancelRequested: requests[run, default: 0] += 1
      case .started: starts[run, default: 0] += 1
      case .output:
        #expect(event.data["dropped"] == nil, "seed \(seed)")
        said[run, default: []].append(event.data["text"]?.string ?? "")
      default: if event.type.endsRun { ends[run, default: 0] += 1 }
      }
    }
    for run in ledger.canceled {
      #expect(requests[run] ?? 0 >= 1, "seed \(seed): the cancel of \(run) is not on record")
    }
    for run in board.runs {
      #expect(ends[run.runId] == 1, "seed \(seed): \(run.runId) ended \(ends[run.runId] ?? 0) times")
      #expect(starts[run.runId] ?? 0 <= 1, "seed \(seed): \(run.runId)")
      guard run.runtimeId == "local" else { continue }
      let log = try Self.logged("\(here.state)/runs/\(run.runId)/output")
      let told = (said[run.runId] ?? []).filter { $0.hasPrefix("line ") }
      #expect(told == log, "seed \(seed): \(run.runId) \(run.status) \(run.reason ?? "")")
      #expect(log == (0..<log.count).map { "line \($0 + 1)" }, "seed \(seed)")
      if run.status == .succeeded { #expect(log.count == Self.lines, "seed \(seed)") }
      #expect(run.reason?.contains("could not be committed") != true, "seed \(seed): \(run.reason ?? "")")
      #expect(run.reason?.contains("git could not") != true, "seed \(seed): \(run.reason ?? "")")
    }
    let began = ((try? here.read("starts")) ?? "").split(separator: "\n")  // none has, so early
    #expect(Set(began).count == began.count, "seed \(seed): an agent was started twice")
  }

  /// The agent's own lines, from what its supervisor wrote.
  private static func logged(_ path: String) throws -> [String] {
    guard let bytes = FileManager.default.contents(atPath: path).map({ Array($0) }) else { return [] }
    var lines: [String] = []
    var place = 0
    while let newline = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) {
      let words = bytes[place..<newline].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
      guard words.count == 3, let length = Int(words[2]), newline + 1 + length < bytes.count else { break }
      let text = String(decoding: bytes[(newline + 1)..<(newline + 1 + length)], as: UTF8.self)
      if words[0] == "o", text.hasPrefix("line ") { lines.append(text) }
      place = newline + 2 + length
    }
    return lines
  }

  private func checkLeavings(_ here: OrchestratorProcess) async throws {
    // The last supervisors end right after they have said so.
    for _ in 0..<3000 where !here.processesAtHome.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    let left = here.processesAtHome.map { "\($0) \(Self.commandLine($0).replacing("\0", with: " "))" }
    #expect(left == [], "seed \(seed)")
    #expect(!FileManager.default.fileExists(atPath: here.socket), "seed \(seed)")
    #expect(try await here.shell("find $HERE/repo/.git $HERE/s/worktrees -name '*.lock'") == "", "seed \(seed)")
    #expect(try await here.shell("git -C $HERE/repo worktree list --porcelain | grep -c ^locked || :") == "0")
    #expect(
      try await here.shell("git -C $HERE/repo fsck --no-dangling 2>&1 | grep -v notice: || :") == "", "seed \(seed)")
    #expect(try StoreCheck.complaints(about: here.state) == [], "seed \(seed)")
  }
}
