package import RunModel

/// What an adapter reports about a run. It has the `runId` and `type` that AWFAgentRuntime asks for.
package struct RuntimeEvent: Sendable, Equatable {
  package var runId: RunID
  package var kind: Kind
  /// Where it stands in the runtime's own record of the run, if it keeps one that outlives the orchestrator. Stored with
  /// the event, in one transaction, so that a report is on record exactly once whatever dies in between.
  package var position: ReportPosition?

  package init(_ runId: RunID, _ kind: Kind, at position: ReportPosition? = nil) {
    self.runId = runId
    self.kind = kind
    self.position = position
  }

  package enum Kind: Sendable, Equatable {
    /// As the agent reports it, in [0, 1]; a value outside is recorded and not applied.
    case progress(Double, message: String?)
    /// One line without its newline; `dropped` counts the lines lost before it under a stated bound.
    case output(stream: OutputStream, text: String, dropped: Int)
    /// Lines of output that are lost for good.
    case outputCut(OutputCut)
    case tool(ToolCall)
    /// Totals so far.
    case usage(Usage)
    /// The agent waits for a person. `kind`: `question`, or `permission` with a `detail` of what it wants to do, which a
    /// policy may answer. The answer that comes back is the option's text, or free text without options. One at a time for
    /// each run: a second replaces the first, so an adapter holds it back until the first is answered.
    case attention(id: String, question: String, options: [String], kind: String, detail: AttentionDetail? = nil)
    /// All that the agent says that it will do. The adapter reports the progress that follows from it, if it means one.
    case plan([PlanEntry])
    /// The wait is over; `by` says who answered.
    case resolved(id: String, answer: String, by: String)
    /// The stop signal of a cancel has been sent.
    case stopSent
    /// Live counts of the changed files, now and then while it runs; `paths` where they are known, a rename both.
    case changes(files: Int, added: Int, removed: Int, paths: [String]? = nil)
    /// The last event of a run: the agent and every process it started are gone, the work is kept.
    case ended(TaskEnd)
    /// The runtime's own; recorded as `awf.runtime.<runtimeId>.<type>`.
    case custom(type: String, data: JSONObject)
  }

  package enum OutputStream: String, Sendable { case stdout, stderr }

  package struct ToolCall: Sendable, Equatable {
    package var name: String
    package var target: String?
    package var summary: String?
    package var status: String?
    package var diff: String?

    package init(
      name: String, target: String? = nil, summary: String? = nil, status: String? = nil, diff: String? = nil
    ) {
      self.name = name
      self.target = target
      self.summary = summary
      self.status = status
      self.diff = diff
    }
  }

  package struct Usage: Sendable, Equatable {
    package var inputTokens: Int64?
    package var outputTokens: Int64?
    package var costUSD: Double?

    package init(inputTokens: Int64? = nil, outputTokens: Int64? = nil, costUSD: Double? = nil) {
      self.inputTokens = inputTokens
      self.outputTokens = outputTokens
      self.costUSD = costUSD
    }
  }

  /// About the bytes that it takes.
  var weight: Int {
    switch kind {
    case .output(_, let text, _): 160 + text.weight
    case .progress(_, let message): 160 + (message?.utf8.count ?? 0)
    case .tool(let call):
      160 + call.name.utf8.count + (call.target?.utf8.count ?? 0) + (call.summary?.utf8.count ?? 0)
        + (call.status?.utf8.count ?? 0) + (call.diff?.utf8.count ?? 0)
    case .attention(_, let question, let options, _, let detail):
      options.reduce(160 + question.utf8.count + (detail?.weight ?? 0)) { $0 + $1.utf8.count }
    case .plan(let entries): entries.reduce(160) { $0 + 48 + $1.text.utf8.count }
    case .changes(_, _, _, let paths): (paths ?? []).reduce(160) { $0 + 32 + $1.utf8.count }
    case .custom(_, let data): 160 + data.weight
    case .usage, .outputCut, .resolved, .stopSent, .ended: 160
    }
  }

  /// Whether it may be dropped and counted under a bound: it changes nothing about the run.
  var isLine: Bool {
    switch kind {
    case .output, .tool, .custom: true
    case .progress, .outputCut, .usage, .plan, .attention, .resolved, .stopSent, .changes, .ended: false
    }
  }

  /// The name of the event's kind, as on the wire after `awf.run.` for ours.
  package var type: String {
    switch kind {
    case .progress: "progress"
    case .output: "output"
    case .outputCut: "output_cut"
    case .tool: "tool"
    case .usage: "usage"
    case .plan: "plan"
    case .attention: "attention"
    case .resolved: "resolved"
    case .stopSent: "stop_sent"
    case .changes: "artifacts"
    case .ended: "ended"
    case .custom(let type, _): type
    }
  }
}

/// A place in a runtime's own record of a run: all reports up to and with this one.
package struct ReportPosition: Sendable, Hashable, Comparable {
  /// Where the entry begins that the report came from.
  package var offset: Int
  /// How many reports that entry has given so far.
  package var count: Int

  package init(offset: Int, count: Int) {
    self.offset = offset
    self.count = count
  }

  package static func < (a: Self, b: Self) -> Bool { (a.offset, a.count) < (b.offset, b.count) }

  /// `OFFSET COUNT`, as it is stored.
  package var text: String { "\(offset) \(count)" }

  package init?(text: some StringProtocol) {
    let words = text.split(separator: " ")
    guard words.count == 2, let offset = Int(words[0]), let count = Int(words[1]) else { return nil }
    self.init(offset: offset, count: count)
  }
}

/// The kinds of events that a runtime has reported of a run: how much there was to see of it.
struct ReportedKinds: OptionSet, Sendable {
  var rawValue: UInt8
  var count: Int { rawValue.nonzeroBitCount }

  static let progress = Self(rawValue: 1)
  static let output = Self(rawValue: 2)
  static let tool = Self(rawValue: 4)
  static let usage = Self(rawValue: 8)
  static let attention = Self(rawValue: 16)
  static let changes = Self(rawValue: 32)
  static let custom = Self(rawValue: 64)
  static let plan = Self(rawValue: 128)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ kind: RuntimeEvent.Kind) {
    switch kind {
    case .progress: self = .progress
    case .output, .outputCut: self = .output
    case .tool: self = .tool
    case .usage: self = .usage
    case .plan: self = .plan
    case .attention, .resolved: self = .attention
    case .changes: self = .changes
    case .custom: self = .custom
    case .stopSent, .ended: self = []
    }
  }

  /// By the type under which such a report is on record.
  init(_ type: EventType) {
    switch type {
    case .progress: self = .progress
    case .output, .outputCut: self = .output
    case .tool: self = .tool
    case .usage: self = .usage
    case .plan: self = .plan
    case .attention: self = .attention
    case .artifacts: self = .changes
    default: self = type.rawValue.hasPrefix("awf.runtime.") ? .custom : []
    }
  }
}

/// How an agent ended, by its own word; `verify` may still fail the run.
package struct TaskEnd: Sendable, Equatable {
  package enum Outcome: String, Sendable { case succeeded, failed, canceled }

  package var outcome: Outcome
  package var exitCode: Int?
  package var reason: String?
  /// The snapshot commit that holds the work; nil when nothing changed or there is no git.
  package var commit: String?
  /// For a canceled one.
  package var proof: CancelProof?
  /// The work, where there could be no commit of it.
  package var uncommitted: Uncommitted?

  package init(
    _ outcome: Outcome, exitCode: Int? = nil, reason: String? = nil, commit: String? = nil, proof: CancelProof? = nil
  ) {
    self.outcome = outcome
    self.exitCode = exitCode
    self.reason = reason
    self.commit = commit
    self.proof = proof
  }
}
