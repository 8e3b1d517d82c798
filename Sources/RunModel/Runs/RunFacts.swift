/// A question an agent waits for a person to answer.
package struct Attention: Sendable, Hashable {
  package var attentionId: String
  package var question: String
  /// Empty: any text answers.
  package var options: [String]
  /// `question` or `permission`.
  package var kind: String
  package var since: Timestamp
  /// What it wants to do; nil for a plain question.
  package var detail: AttentionDetail?

  package init(
    attentionId: String, question: String, options: [String] = [], kind: String = "question", since: Timestamp,
    detail: AttentionDetail? = nil
  ) {
    self.detail = detail
    self.attentionId = attentionId
    self.question = question
    self.options = options
    self.kind = kind
    self.since = since
  }
}

/// How far a cancel has come.
package struct Cancellation: Sendable, Hashable {
  package var by: String
  package var reason: String
  package var force: Bool
  package var requestedAt: Timestamp
  package var stopSentAt: Timestamp?

  package init(by: String, reason: String, force: Bool, requestedAt: Timestamp, stopSentAt: Timestamp? = nil) {
    self.by = by
    self.reason = reason
    self.force = force
    self.requestedAt = requestedAt
    self.stopSentAt = stopSentAt
  }
}

/// That a run's processes are gone, or, for a runtime elsewhere, its own confirmed end.
package struct CancelProof: Sendable, Hashable {
  /// Nil when nothing had been started.
  package var stopSentAt: Timestamp?
  /// Nil when the runtime could not confirm.
  package var confirmedAt: Timestamp?
  /// Processes found when the stop was sent, strays included.
  package var processes: Int
  /// Those of them that had to be killed.
  package var killed: Int
  /// Those of them that had left the agent's own session: daemons, terminals' servers, what was detached.
  package var strays: Int?
  /// What it took.
  package var how: How?
  /// From the stop to the end of the last process.
  package var milliseconds: Int64?

  package enum How: String, Sendable, Hashable {
    /// The stop signal was enough.
    case term
    /// Some had to be killed one by one.
    case kill
    /// The kernel killed the run's control group.
    case cgroup
  }
  /// The snapshot commit that holds the work, if there was any.
  package var commit: String?
  /// The folder where work lies that could not be committed: the disk was full, say.
  package var uncommitted: String?

  package init(
    stopSentAt: Timestamp? = nil, confirmedAt: Timestamp? = nil, processes: Int = 0, killed: Int = 0,
    commit: String? = nil
  ) {
    self.stopSentAt = stopSentAt
    self.confirmedAt = confirmedAt
    self.processes = processes
    self.killed = killed
    self.commit = commit
  }
}

extension CancelProof {
  /// What it took, for a person: `7 processes (3 strays), 2 killed with the control group, in 310 ms`.
  package var words: String {
    var text = processes == 1 ? "1 process" : "\(processes) processes"
    if let strays, strays > 0 { text += strays == 1 ? " (1 stray)" : " (\(strays) strays)" }
    switch how {
    case .term: text += ", ended by the stop signal"
    case .cgroup: text += ", \(killed) killed with the control group"
    case .kill, nil: text += ", \(killed) killed"
    }
    if let milliseconds, processes > 0 { text += ", in \(milliseconds) ms" }
    return text
  }
}

/// A file that another live run of the same repository changes too.
package struct Conflict: Sendable, Hashable {
  /// The other run.
  package var run: RunID
  package var path: String

  package init(run: RunID, path: String) {
    self.run = run
    self.path = path
  }
}

/// One `verify` command that the orchestrator ran.
package struct VerifyResult: Sendable, Hashable {
  package var command: String
  package var exitCode: Int
  package var durationMilliseconds: Int64

  package init(command: String, exitCode: Int, durationMilliseconds: Int64) {
    self.command = command
    self.exitCode = exitCode
    self.durationMilliseconds = durationMilliseconds
  }
}

/// Why a contract went where it went, or waits.
package struct RoutingDecision: Sendable, Hashable {
  package struct Consideration: Sendable, Hashable {
    package var runtimeId: RuntimeID
    package var eligible: Bool
    /// Why not, in a person's words; for the chosen one, why.
    package var reasons: [String]

    package init(runtimeId: RuntimeID, eligible: Bool, reasons: [String]) {
      self.runtimeId = runtimeId
      self.eligible = eligible
      self.reasons = reasons
    }
  }

  /// Nil while none is chosen.
  package var runtimeId: RuntimeID?
  package var considered: [Consideration]
  package var waitsFor: [String]

  package init(runtimeId: RuntimeID? = nil, considered: [Consideration] = [], waitsFor: [String] = []) {
    self.runtimeId = runtimeId
    self.considered = considered
    self.waitsFor = waitsFor
  }
}

extension Attention: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("attentionId", attentionId)
      json.member("question", question)
      json.member("options", options)
      json.member("kind", kind)
      json.member("since", since)
      for (name, value) in detail?.members ?? [:] { json.member(name, value) }
    }
  }

  package init?(json: JSONValue) {
    guard let id = json["attentionId"]?.string else { return nil }
    self.init(
      attentionId: id, question: json["question"]?.string ?? "",
      options: json["options"]?.array?.compactMap(\.string) ?? [], kind: json["kind"]?.string ?? "question",
      since: json["since"]?.string.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0),
      detail: AttentionDetail(json: json))
  }
}

extension Cancellation: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("by", by)
      json.member("reason", reason)
      json.member("force", force)
      json.member("requestedAt", requestedAt)
      json.member("stopSentAt", stopSentAt)
    }
  }

  package init?(json: JSONValue) {
    guard let requested = json["requestedAt"]?.string.flatMap({ Timestamp($0) }) else { return nil }
    self.init(
      by: json["by"]?.string ?? "", reason: json["reason"]?.string ?? "", force: json["force"]?.bool ?? false,
      requestedAt: requested, stopSentAt: json["stopSentAt"]?.string.flatMap { Timestamp($0) })
  }
}

extension CancelProof: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("stopSentAt", stopSentAt)
      json.member("confirmedAt", confirmedAt)
      json.member("processes", processes)
      json.member("killed", killed)
      if let strays { json.member("strays", strays) }
      if let how { json.member("how", how.rawValue) }
      if let milliseconds { json.member("milliseconds", milliseconds) }
      if let commit { json.member("commit", commit) }
      if let uncommitted { json.member("uncommitted", uncommitted) }
    }
  }

  package init(json: JSONValue) {
    self.init(
      stopSentAt: json["stopSentAt"]?.string.flatMap { Timestamp($0) },
      confirmedAt: json["confirmedAt"]?.string.flatMap { Timestamp($0) },
      processes: Int(json["processes"]?.int ?? 0), killed: Int(json["killed"]?.int ?? 0),
      commit: json["commit"]?.string)
    strays = json["strays"]?.int.map(Int.init)
    how = json["how"]?.string.flatMap(How.init)
    milliseconds = json["milliseconds"]?.int
    uncommitted = json["uncommitted"]?.string
  }
}

extension Conflict: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("run", run.description)
      json.member("path", path)
    }
  }

  package init?(json: JSONValue) {
    guard let run = json["run"]?.string.flatMap({ RunID($0) }), let path = json["path"]?.string else { return nil }
    self.init(run: run, path: path)
  }
}

extension VerifyResult: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("command", command)
      json.member("exitCode", exitCode)
      json.member("duration_ms", durationMilliseconds)
    }
  }
}

extension RoutingDecision: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let runtimeId { json.member("runtimeId", runtimeId.rawValue) }
      json.member("considered", considered)
      json.member("waitsFor", waitsFor)
    }
  }

  package init(json: JSONValue) {
    self.init(
      runtimeId: json["runtimeId"]?.string.map { RuntimeID($0) },
      considered: json["considered"]?.array?.map {
        Consideration(
          runtimeId: RuntimeID($0["runtimeId"]?.string ?? ""), eligible: $0["eligible"]?.bool ?? false,
          reasons: $0["reasons"]?.array?.compactMap(\.string) ?? [])
      } ?? [],
      waitsFor: json["waitsFor"]?.array?.compactMap(\.string) ?? [])
  }
}

extension RoutingDecision.Consideration: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("runtimeId", runtimeId.rawValue)
      json.member("eligible", eligible)
      json.member("reasons", reasons)
    }
  }
}
