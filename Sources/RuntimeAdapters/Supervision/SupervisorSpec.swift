import Glibc
import RunModel

/// What a supervisor is told, as `spec.json` in its folder. The environment is its own, handed on.
struct SupervisorSpec: Equatable {
  enum Input: String {
    case prompt, none
    /// What the input log holds and will hold.
    case log
    /// The same by way of the control FIFO: how supervisors of an earlier version take it.
    case answers
  }

  /// An absolute path, then the arguments.
  var command: [String]
  var directory: String
  var input = Input.none
  var graceMilliseconds: Int64 = 5000
  var strayGraceMilliseconds: Int64 = 1000
  /// Stopped after this long; nil for never.
  var limitMilliseconds: Int64?
  /// Bytes of output that are kept; beyond them only lines that speak to us are.
  var outputLimit = Bounds.outputLog
  /// Every line that begins with `{` speaks to us, and none may be lost: one that says too much is stopped.
  var isConversation = false
  /// An entry (`NAME=value`) of the command's environment by which its processes are known wherever they are.
  var mark: String?
  /// The control group that the command is born into; it is there already.
  var group: ControlGroup?
  /// Another's group that the command is born into where it has none of its own: not its supervisor's to end.
  var birthGroup: ControlGroup?
  /// Limits that the supervisor watches over, and those that it has the kernel hold.
  var limits = RunLimits()
  /// Limits that the group's controllers hold: `pids`, `memory`.
  var controllers: Set<String> = []
}

extension SupervisorSpec {
  /// What the command is born into.
  var bounds: SpawnBounds {
    var bounds = SpawnBounds(group: group ?? birthGroup, fileBytes: limits.disk, addressBytes: limits.addressSpace)
    if let limit = limits.processes, !controllers.contains("pids"), getuid() != 0 {
      // It counts the threads of everything that the user runs, so it can only be a brake for storms.
      bounds.processes = Int64(ProcessTable.threads(of: getuid()) + 2 * limit)
    }
    return bounds
  }

  func writeMembers(to json: inout JSONWriter) {
    json.member("command", command)
    json.member("directory", directory)
    json.member("stdin", input.rawValue)
    json.member("graceMilliseconds", graceMilliseconds)
    json.member("strayGraceMilliseconds", strayGraceMilliseconds)
    json.member("limitMilliseconds", limitMilliseconds)
    json.member("outputLimit", outputLimit)
    if isConversation { json.member("conversation", true) }
    json.member("mark", mark)
    json.member("group", group?.path)
    if let birthGroup { json.member("birthGroup", birthGroup.path) }
    if !limits.isEmpty { json.member("limits", limits) }
    if !controllers.isEmpty { json.member("controllers", controllers.sorted()) }
  }

  init?(json: JSONValue) {
    guard let command = json["command"]?.array?.compactMap(\.string), !command.isEmpty,
      let directory = json["directory"]?.string
    else { return nil }
    self.init(command: command, directory: directory)
    input = json["stdin"]?.string.flatMap(Input.init) ?? .none
    graceMilliseconds = json["graceMilliseconds"]?.int ?? graceMilliseconds
    strayGraceMilliseconds = json["strayGraceMilliseconds"]?.int ?? strayGraceMilliseconds
    limitMilliseconds = json["limitMilliseconds"]?.int
    outputLimit = json["outputLimit"]?.int ?? outputLimit
    isConversation = json["conversation"]?.bool ?? false
    mark = json["mark"]?.string
    group = json["group"]?.string.map(ControlGroup.init)
    birthGroup = json["birthGroup"]?.string.map(ControlGroup.init)
    limits = json["limits"].map(RunLimits.init) ?? limits
    controllers = Set(json["controllers"]?.array?.compactMap(\.string) ?? [])
  }
}

/// The last thing a supervisor writes, as `exit.json`: every process of the command is gone.
struct ExitRecord: Equatable {
  /// One of the two.
  var exitCode: Int?
  var signal: Int?
  /// Why it was stopped; nil when the command ended by itself.
  var stopped: StopMachine.Cause?
  /// When the stop was sent, to strays of a command that ended by itself too.
  var stopSentAt: Int64?
  var startedAt: Int64
  /// When it was seen that no process is left.
  var confirmedAt: Int64
  /// Processes found when the stop was sent.
  var processes = 0
  /// Those that had to be killed.
  var killed = 0
  /// Those that had left the agent's session.
  var strays = 0
  /// What it took to end them; nil when nothing had to be ended.
  var how: CancelProof.How?
  /// From the stop to the end of the last, by a clock that nobody sets.
  var milliseconds: Int64?
  /// The limit for which it was stopped.
  var exceeded: ExceededLimit?
}

extension ExitRecord: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("exitCode", exitCode)
      json.member("signal", signal)
      json.member("stopped", stopped?.rawValue)
      json.member("stopSentAt", stopSentAt)
      json.member("startedAt", startedAt)
      json.member("confirmedAt", confirmedAt)
      json.member("processes", processes)
      json.member("killed", killed)
      json.member("strays", strays)
      json.member("how", how?.rawValue)
      json.member("milliseconds", milliseconds)
      json.member("exceeded", exceeded)
    }
  }

  init?(json: JSONValue) {
    guard let started = json["startedAt"]?.int, let confirmed = json["confirmedAt"]?.int else { return nil }
    self.init(startedAt: started, confirmedAt: confirmed)
    exitCode = json["exitCode"]?.int.map(Int.init)
    signal = json["signal"]?.int.map(Int.init)
    stopped = json["stopped"]?.string.flatMap(StopMachine.Cause.init)
    stopSentAt = json["stopSentAt"]?.int
    processes = Int(json["processes"]?.int ?? 0)
    killed = Int(json["killed"]?.int ?? 0)
    strays = Int(json["strays"]?.int ?? 0)
    how = json["how"]?.string.flatMap(CancelProof.How.init)
    milliseconds = json["milliseconds"]?.int
    exceeded = json["exceeded"].flatMap(ExceededLimit.init)
  }

  /// The proof of a cancel.
  var proof: CancelProof {
    var proof = CancelProof(
      stopSentAt: stopSentAt.map { Timestamp(milliseconds: $0) },
      confirmedAt: Timestamp(milliseconds: confirmedAt), processes: processes, killed: killed)
    proof.strays = strays
    proof.how = how
    proof.milliseconds = milliseconds
    return proof
  }
}

/// The names of what lies in a supervised folder.
struct SupervisedFolder: Hashable {
  var path: String
  var spec: String { path + "/spec.json" }
  var prompt: String { path + "/prompt.txt" }
  /// The output log.
  var output: String { path + "/output" }
  /// What the agent is told.
  var input: String { path + "/input" }
  /// A FIFO that takes `stop MILLISECONDS`, `finish MILLISECONDS`, `kill`, and `input` when the input log has grown, a line
  /// each.
  var control: String { path + "/control" }
  /// Locked while the supervisor lives; holds its pid.
  var lock: String { path + "/lock" }
  var exit: String { path + "/exit.json" }
  /// Holds the exit record's space from the start, so that a full disk cannot keep it from being written.
  var exitReserve: String { path + "/exit.reserve" }

  /// The control group that the command was to be born into.
  var group: ControlGroup? {
    // A spec that was never written whole has no group to end.
    guard let bytes = try? Files.read(spec), let json = try? JSONValue(parsing: bytes) else { return nil }
    return SupervisorSpec(json: json)?.group
  }

  /// The living supervisor.
  var supervisor: pid_t? {
    guard Files.isLocked(lock), let text = ControlGroup.text(lock), let pid = pid_t(text), pid > 1,
      let command = ControlGroup.text("/proc/\(pid)/cmdline"),
      // The file lies where an agent may write too: no other process is ever signaled for what it says.
      command.split(separator: "\0").dropFirst().elementsEqual([superviseArgument[...], path[...]])
    else { return nil }
    return pid
  }

  /// Nil while the supervisor has not come to its end.
  func exitRecord() throws(Problem) -> ExitRecord? {
    guard let bytes = try Files.read(exit) else { return nil }
    do throws(JSONError) {
      return ExitRecord(json: try JSONValue(parsing: bytes))
    } catch {
      throw Problem(.internal, "The exit record \(exit) is damaged: \(error).")
    }
  }
}
