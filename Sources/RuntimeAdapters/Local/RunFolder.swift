import Orchestration
import RunModel

/// Where a run's files lie: `<state>/runs/<runId>`.
struct RunFolder: Hashable {
  let path: String

  init(state: String, run: RunID) { path = "\(state)/runs/\(run)" }

  /// The entry of the environment by which a run's processes are known.
  static func mark(of run: RunID) -> String { "FLIGHTDECK_RUN_ID=\(run)" }

  var supervised: SupervisedFolder { SupervisedFolder(path: path) }
  var contract: String { path + "/contract.json" }
  var prompt: String { supervised.prompt }
  var spec: String { supervised.spec }
  /// The note that the agent may write.
  var handoff: String { path + "/handoff.md" }
  /// A repository that the agent made in the place of its worktree's link.
  var ownRepository: String { path + "/agent.git" }
  /// How far an orchestrator of an earlier version had handed the output log on, as a decimal offset; later ones store
  /// that with the events.
  var position: String { path + "/position" }
  /// The id of the agent's session, where another run can go on with it.
  var session: String { path + "/session" }
  /// Where what runs in a terminal of the agent's is supervised.
  func terminal(_ number: Int) -> SupervisedFolder { SupervisedFolder(path: "\(path)/terminal-\(number)") }
  /// How the run ended, once its work is kept.
  var end: String { path + "/end.json" }

  /// Nil where no earlier version has left one.
  func readPosition() throws(Problem) -> ReportPosition? {
    guard let offset = try Files.text(position, limit: 32).flatMap({ Int($0) }) else { return nil }
    return ReportPosition(offset: offset - 1, count: .max)
  }

  /// Whether a supervisor has ever held this folder, or is about to.
  var hasBegun: Bool {
    Files.exists(supervised.exit) || Files.isLocked(supervised.lock) || Files.exists(supervised.output)
      || Files.exists(end)
  }

  func json(_ path: String) throws(Problem) -> JSONValue? {
    guard let bytes = try Files.read(path) else { return nil }
    do throws(JSONError) { return try JSONValue(parsing: bytes) } catch {
      throw Problem(.internal, "\(path) is damaged: \(error).")
    }
  }
}

/// What `spec.json` holds of a run beside the supervisor's part: enough to take the run up again.
struct LocalRunSpec {
  var run: RunID
  var title: String
  /// The runtime that started it; nil in one that an earlier version wrote.
  var runtime: RuntimeID?
  /// In which of the machine's starts.
  var boot: String?
  var workspace: Workspace
  /// What the agent is called in messages.
  var agentName: String
  var supervisor: SupervisorSpec
  /// What held its limits when it was started.
  var holdings: [LimitHolding] = []
  /// The agent's session of an earlier run that this one goes on with.
  var earlierSession: String?
}

extension LocalRunSpec: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("runId", run.description)
      json.member("title", title)
      json.member("runtimeId", runtime?.rawValue)
      json.member("boot", boot)
      json.member("agent", agentName)
      json.member("worktree", workspace.path)
      json.member("branch", workspace.branch)
      json.member("base", workspace.base)
      json.member("repository", workspace.repository)
      json.member("gitFolder", workspace.gitFolder)
      if let earlierSession { json.member("earlierSession", earlierSession) }
      if !holdings.isEmpty { json.member("holdings", holdings) }
      supervisor.writeMembers(to: &json)
    }
  }

  init?(json: JSONValue) {
    guard let run = json["runId"]?.string.flatMap({ RunID($0) }), let path = json["worktree"]?.string,
      let supervisor = SupervisorSpec(json: json)
    else { return nil }
    self.init(
      run: run, title: json["title"]?.string ?? "",
      workspace: Workspace(
        path: path, branch: json["branch"]?.string, base: json["base"]?.string,
        repository: json["repository"]?.string, gitFolder: json["gitFolder"]?.string),
      agentName: json["agent"]?.string ?? "the agent", supervisor: supervisor,
      holdings: json["holdings"]?.array?.compactMap(LimitHolding.init) ?? [])
    runtime = json["runtimeId"]?.string.map { RuntimeID($0) }
    boot = json["boot"]?.string
    earlierSession = json["earlierSession"]?.string
  }
}

/// `end.json`: what the run's `ended` event says, and whether its work is all in the commit.
struct LocalRunEnd: JSONWritable {
  var end: TaskEnd
  var isKept = true

  init(_ end: TaskEnd, isKept: Bool) {
    self.end = end
    self.isKept = isKept
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("outcome", end.outcome.rawValue)
      json.member("exitCode", end.exitCode)
      json.member("reason", end.reason)
      json.member("commit", end.commit)
      json.member("proof", end.proof)
      json.member("kept", isKept)
      json.member("uncommitted", end.uncommitted)
    }
  }

  init?(json: JSONValue) {
    guard let outcome = json["outcome"]?.string.flatMap(TaskEnd.Outcome.init) else { return nil }
    end = TaskEnd(
      outcome, exitCode: json["exitCode"]?.int.map(Int.init), reason: json["reason"]?.string,
      commit: json["commit"]?.string, proof: json["proof"].flatMap { $0.isNull ? nil : CancelProof(json: $0) })
    end.uncommitted = json["uncommitted"].flatMap(Uncommitted.init(json:))
    isKept = json["kept"]?.bool ?? true
  }
}
