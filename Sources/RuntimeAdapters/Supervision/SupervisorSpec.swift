import RunModel

/// What a supervisor is told, as `spec.json` in its folder. The environment is its own, handed on.
struct SupervisorSpec: Equatable {
  enum Input: String { case prompt, answers, none }

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
}

extension SupervisorSpec {
  func writeMembers(to json: inout JSONWriter) {
    json.member("command", command)
    json.member("directory", directory)
    json.member("stdin", input.rawValue)
    json.member("graceMilliseconds", graceMilliseconds)
    json.member("strayGraceMilliseconds", strayGraceMilliseconds)
    json.member("limitMilliseconds", limitMilliseconds)
    json.member("outputLimit", outputLimit)
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
  }
}

/// The names of what lies in a supervised folder.
struct SupervisedFolder: Hashable {
  var path: String
  var spec: String { path + "/spec.json" }
  var prompt: String { path + "/prompt.txt" }
  /// The output log.
  var output: String { path + "/output" }
  /// A FIFO that takes `stop MILLISECONDS`, `kill` and `stdin TEXT`, a line each.
  var control: String { path + "/control" }
  /// Locked while the supervisor lives.
  var lock: String { path + "/lock" }
  var exit: String { path + "/exit.json" }
  /// Holds the exit record's space from the start, so that a full disk cannot keep it from being written.
  var exitReserve: String { path + "/exit.reserve" }

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
