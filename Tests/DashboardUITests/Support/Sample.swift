import RunModel
import TerminalKit

@testable import DashboardUI

/// A plausible morning: every kind of run there is, always the same.
enum Sample {
  static let outage = StoreOutage(
    cause: "the disk is full", detail: "The disk that holds the store is full. Free some space.",
    since: now + .seconds(-75), waiting: 12, dropped: 0)

  static let start = Timestamp(milliseconds: 1_795_350_000_000)
  static let now = start + .seconds(1867)

  static func id(_ number: Int) -> RunID {
    RunID(ULID(high: UInt64(start.milliseconds) << 16, low: UInt64(number) &* 0x9E37_79B9_7F4A_7C15))
  }

  static func contract(_ number: Int) -> ContractID { ContractID(ULID(high: 7, low: UInt64(number))) }

  static func run(_ number: Int, _ title: String, _ change: (inout Run) -> Void = { _ in }) -> Run {
    var run = Run(runId: id(number), contractId: contract(number), title: title, createdAt: start, seq: UInt64(number))
    change(&run)
    return run
  }

  static func ended(_ number: Int, _ title: String, _ status: RunStatus, _ change: (inout Run) -> Void) -> Run {
    run(number, title) { run in
      run.status = status
      run.runtimeId = "local"
      run.startedAt = start + .seconds(number)
      run.endedAt = start + .seconds(60 * number + 47)
      run.branch = "awf/\(title.lowercased().prefix(18).replacing(" ", with: "-"))-\(run.runId.shortName.lowercased())"
      change(&run)
    }
  }

  static let runs: [Run] = [
    ended(1, "Bump TLS floor", .failed) { run in
      run.progress = 0.21
      run.progressKnown = true
      run.reason = "verify failed: npm test exited 1"
      run.exitCode = 1
      run.filesChanged = 1
      run.added = 2
      run.removed = 2
      run.testsPassed = 3
      run.testsTotal = 9
    },
    ended(2, "Add rate limiting to public API", .succeeded) { run in
      run.progress = 1
      run.progressKnown = true
      run.filesChanged = 9
      run.added = 377
      run.removed = 12
      run.testsPassed = 48
      run.testsTotal = 48
      run.commit = "4be1c09d2a77"
    },
    ended(3, "Rename the settings page", .canceled) { run in
      run.cancellation = Cancellation(
        by: "ana", reason: "No longer needed", force: false, requestedAt: start + .seconds(200),
        stopSentAt: start + .seconds(201))
      run.proof = CancelProof(
        stopSentAt: start + .seconds(201), confirmedAt: start + .seconds(203), processes: 4, killed: 1,
        commit: "9d3c0613aa42")
    },
    run(4, "Migrate user preferences to Postgres") { run in
      run.status = .running
      run.runtimeId = "local"
      run.startedAt = now + .seconds(-663)
      run.progress = 0.46
      run.progressKnown = true
      run.attention = Attention(
        attentionId: "q1", question: "Drop the old preferences table once the rows are copied?",
        options: ["yes, drop it", "keep it as a backup", "ask me tomorrow"], since: now + .seconds(-40))
      run.filesChanged = 14
      run.added = 902
      run.removed = 77
    },
    run(5, "Add retry logic to entitlement webhook") { run in
      run.status = .running
      run.runtimeId = "vibe"
      run.startedAt = now + .seconds(-252)
      run.progress = 0.63
      run.progressKnown = true
      run.activity = "edit src/webhooks/retry.ts"
      run.filesChanged = 6
      run.added = 214
      run.removed = 37
      run.testsPassed = 31
      run.testsTotal = 31
      run.branch = "awf/add-retry-logic-to-entitlement-webhook-q4mzk9"
      run.worktree = "/home/ana/.local/state/flightdeck/worktrees/01KARWTDG0"
      run.base = "71fe5ac02c1de9924bb0a4e1f7c35d3e1b4c55a0"
      run.inputTokens = 182_400
      run.outputTokens = 9_310
      run.costUSD = 0.8142
    },
    run(6, "Fix checkout validation on mobile") { run in
      run.status = .running
      run.runtimeId = "a2a-web"
      run.startedAt = now + .seconds(-41)
      run.filesChanged = 2
      run.added = 18
      run.removed = 4
    },
    run(7, "Speed up the nightly report") { run in
      run.status = .running
      run.runtimeId = "local"
      run.startedAt = now + .seconds(-1502)
      run.progress = 0.9
      run.progressKnown = true
      run.isVerifying = true
      run.activity = "verify: swift test --parallel"
      run.filesChanged = 3
      run.added = 44
      run.removed = 61
    },
    run(8, "Replace the date picker") { run in
      run.status = .running
      run.runtimeId = "vibe"
      run.startedAt = now + .seconds(-310)
      run.cancellation = Cancellation(
        by: "ana", reason: "wrong branch", force: false, requestedAt: now + .seconds(-3), stopSentAt: now + .seconds(-2)
      )
    },
    run(9, "Write API docs for /reveal") { run in run.waitsFor = ["a slot: local 3/3"] },
    run(10, "Translate the mails into Portuguese") { run in run.waitsFor = ["GH-102"] },
  ]

  static let runtimes: [RuntimeSummary] = {
    var local = RuntimeSummary(
      runtimeId: "local", kind: "local",
      capabilities: RuntimeCapabilities(canCreateBranch: true, supportsStreaming: true, maxParallelTasks: 3),
      slotsUsed: 3)
    local.succeeded = 96
    local.failed = 9
    local.canceled = 7
    local.medianMilliseconds = 312_000
    var vibe = RuntimeSummary(
      runtimeId: "vibe", kind: "local",
      capabilities: RuntimeCapabilities(
        canCreateBranch: true, canCreatePR: true, supportsWebhooks: false, supportsStreaming: true, maxParallelTasks: 8),
      slotsUsed: 2)
    vibe.succeeded = 12
    vibe.failed = 1
    vibe.medianMilliseconds = 64_200
    let web = RuntimeSummary(
      runtimeId: "a2a-web", kind: "a2a",
      capabilities: RuntimeCapabilities(
        canCreateBranch: true, canCreatePR: true, supportsWebhooks: true, supportsStreaming: true, maxParallelTasks: 50),
      health: .degraded, healthReason: "answers took 9 s; see flightdeck doctor", slotsUsed: 1)
    return [local, vibe, web]
  }()

  static func state(_ size: Size) -> DashboardState {
    var state = DashboardState(size: size, now: now, directory: "/home/ana/shop")
    _ = state.update(.link(.live))
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: runtimes)))
    _ = state.update(.backlog(state.openRun ?? id(4), backlog(state.openRun ?? id(4))))
    return state
  }

  static func event(_ seq: UInt64, _ type: EventType, _ run: RunID, _ offset: Int, _ data: JSONObject) -> RunEvent {
    RunEvent(seq: seq, type: type, run: run, time: now + .seconds(offset), data: data)
  }

  static func backlog(_ run: RunID) -> [RunEvent] {
    var events = [
      event(600, .queued, run, -260, ["title": "Add retry logic to entitlement webhook"]),
      event(601, .started, run, -252, ["branch": "awf/add-retry-logic-q4mzk9", "runtimeId": "vibe"]),
    ]
    for number in 0..<30 {
      events.append(
        event(
          UInt64(602 + number), .output, run, -240 + number,
          ["stream": "stdout", "text": .string("reading src/webhooks/part\(number).ts")]))
    }
    events += [
      event(640, .tool, run, -60, ["name": "edit", "target": "src/webhooks/retry.ts", "summary": "+41 -3"]),
      event(
        641, .tool, run, -31, ["name": "run", "target": "npm test -- retry", "summary": "exit 0", "status": "3.1 s"]),
      event(642, .progress, run, -30, ["progress": 0.6, "message": "3 of 5: dead letter queue"]),
      event(643, .output, run, -12, ["stream": "stdout", "text": "31 passing"]),
      event(644, .output, run, -11, ["stream": "stderr", "text": "warning: jitter is not seeded"]),
      event(645, .usage, run, -10, ["inputTokens": 182_400, "outputTokens": 9310, "costUSD": 0.8142]),
      event(646, "awf.runtime.vibe.plan", run, -9, ["done": 3, "of": 5]),
    ]
    return events
  }

  static let patch = """
    diff --git a/src/webhooks/retry.ts b/src/webhooks/retry.ts
    index 3f1c2aa..91be77d 100644
    --- a/src/webhooks/retry.ts
    +++ b/src/webhooks/retry.ts
    @@ -10,9 +10,12 @@ export async function deliver(hook: Hook) {
       const started = clock.now();
       const attempts = hook.attempts;
    -  const delay = 1000;
    +  const delay = backoff(attempts);
    -  await send(hook, { timeout: 3000 });
    +  await send(hook, { timeout: 5000, signal });
    +  if (attempts > 5) {
    +\treturn deadLetter(hook);   
    +  }
       log.info("delivered", hook.id);
       metrics.count("webhook");
       return started;
     }
    @@ -40,3 +43,4 @@ function jitter() {
       return Math.random();
     }
     
    +export { jitter };
    diff --git a/docs/old.md b/docs/webhooks.md
    similarity index 88%
    rename from docs/old.md
    rename to docs/webhooks.md
    index 1111111..2222222 100644
    --- a/docs/old.md
    +++ b/docs/webhooks.md
    @@ -1,3 +1,3 @@
    -# Hooks
    +# Webhooks
     
     How deliveries are retried.
    diff --git a/run.sh b/run.sh
    old mode 100644
    new mode 100755
    diff --git a/logo.png b/logo.png
    new file mode 100644
    index 0000000..7c11d3f
    Binary files /dev/null and b/logo.png differ
    diff --git a/notes.txt b/notes.txt
    deleted file mode 100644
    index 5ea1ed5..0000000
    --- a/notes.txt
    +++ /dev/null
    @@ -1,2 +0,0 @@
    -remember
    -the milk
    \\ No newline at end of file

    """

  static let handoff = """
    # Retry for the entitlement webhook

    Deliveries are now retried with **exponential backoff** and jitter; after five attempts they go to the
    dead letter queue. See `src/webhooks/retry.ts`.

    ## What was done

    - backoff with a cap of *five minutes*
    - jitter, seeded in tests
      - the seed comes from `RETRY_SEED`
    1. run `npm test -- retry`
    2. deploy the queue first

    > The metrics dashboard still counts one attempt.

    ```
    retry(hook, { attempts: 5 })
    ```

    See [the runbook](https://example.com/runbook).
    """

  static func detail(_ run: Run) -> RunDetail {
    var contract = Contract(title: run.title)
    contract.prompt =
      "Deliveries to the entitlement webhook fail when the receiver restarts.\nRetry them with backoff and jitter."
    contract.acceptanceCriteria = [
      .init(id: "AC-1", text: "A failed delivery is tried again, at most five times."),
      .init(id: "AC-2", text: "The wait doubles each time."),
    ]
    contract.repository = "/home/ana/shop"
    contract.verify = ["npm test", "npm run lint"]
    contract.externalRef = "GH-102"
    contract.labels = ["backend", "p1"]
    let decision = RoutingDecision(
      runtimeId: "vibe",
      considered: [
        .init(runtimeId: "local", eligible: false, reasons: ["3 of 3 slots in use"]),
        .init(runtimeId: "vibe", eligible: true, reasons: ["most free slots (6)"]),
        .init(runtimeId: "a2a-web", eligible: true, reasons: []),
      ])
    return RunDetail(
      run: run, contract: contract, decision: decision,
      mergeCommand: "git merge awf/add-retry-logic-to-entitlement-webhook-q4mzk9")
  }

  static let artifacts = Artifacts(
    filesChanged: ["src/webhooks/retry.ts", "docs/old.md", "docs/webhooks.md"], diffSummary: "6 files changed",
    commandsRun: ["npm install", "npm test", "npm run lint"],
    testsRun: [
      TestRecord(
        name: "npm run lint", status: .passed, durationMilliseconds: 2210, exitCode: 0, output: "no problems\n"),
      TestRecord(name: "retry › gives up after five", status: .passed, durationMilliseconds: 31),
      TestRecord(
        name: "npm test", status: .failed, durationMilliseconds: 61_400, exitCode: 1,
        output: "FAIL retry.test.ts\n  expected 5 attempts\n  received 6\n\n30 passing, 1 failing\n"),
      TestRecord(name: "retry › is seeded", status: .skipped, durationMilliseconds: 0),
    ], handoffNote: handoff)

  static let trail: AuditTrail = {
    func record(_ seq: UInt64, _ type: String, _ actor: String, _ offset: Int, _ why: String?) -> AuditRecord {
      var record = AuditRecord(
        actorType: actor == "flightdeck" ? "system" : "human", eventType: "agent_run.\(type)",
        createdAt: now + .seconds(offset), runtimeProvider: "vibe")
      record.seq = seq
      record.actorId = actor
      record.subjectTable = "agent_runs"
      record.subjectId = id(5).description
      record.rationale = why
      record.previousHash = "5d41402abc4b2a76b9719d911017c592ae"
      record.eventHash = "7d793037a0760186574b0282f2f435e7\(seq)"
      return record
    }
    return AuditTrail(
      records: [
        record(31, "dispatched", "ana", -260, nil), record(32, "routed", "flightdeck", -255, "most free slots (6)"),
        record(33, "started", "flightdeck", -252, nil), record(40, "cancel_requested", "ana", -4, "wrong branch"),
      ], checked: 41)
  }()

  static let evidence: JSONValue = [
    "verify": [
      [
        "command": "npm test", "exitCode": 1, "duration_ms": 61_400,
        "output": "FAIL retry.test.ts\n  expected 5 attempts\n  received 6\n",
      ]
    ], "coverage": ["lines": 0.914, "branches": 0.77, "complete": false], "reviewer": nil,
  ]

  /// The run screen of the retry run, with everything fetched.
  static func opened(_ size: Size, _ tab: RunTab) -> DashboardState {
    var state = state(size)
    let run = id(5)
    state.selection = run
    state.cursorTouched = true
    state.openRun(run, tab)
    _ = state.update(.backlog(run, backlog(run)))
    if let known = state.board[run] { _ = state.update(.detail(run, detail(known))) }
    _ = state.update(.artifacts(run, artifacts))
    _ = state.update(.patch(run, Array(patch.utf8)))
    return state
  }
}

extension DashboardState {
  /// Presses keys by name, one after the other; returns what they caused.
  @discardableResult
  mutating func press(_ names: String...) -> [Effect] {
    names.flatMap { name in update(.input(.key(Key(name: name) ?? .character("?")))) }
  }

  @discardableResult
  mutating func type(_ text: String) -> [Effect] {
    text.flatMap { update(.input(.key(.character($0)))) }
  }

  var visibleRuns: [RunID] { list.visible.map { board.runs[Int($0)].runId } }
}
