import CProcess
import Glibc

/// Starts a program in a session of its own. `environment` is `NAME=value` each; nil hands the caller's on.
///
/// The failure is an errno.
func spawn(
  _ path: String, _ arguments: [String], environment: [String]? = nil, directory: String? = nil, input: CInt,
  output: CInt, error: CInt
) -> (pid: pid_t, failure: CInt) {
  var pid: pid_t = 0
  let failure = withCStrings(arguments) { arguments in
    guard let environment else {
      return cprocess_spawn(&pid, path, arguments, nil, directory, input, output, error)
    }
    return withCStrings(environment) { environment in
      cprocess_spawn(&pid, path, arguments, environment, directory, input, output, error)
    }
  }
  return (pid, -failure)
}

/// What holds for a command from its first instruction on.
struct SpawnBounds {
  /// The control group that it is born into.
  var group: ControlGroup?
  var processes: Int64?
  var fileBytes: Int64?
  var addressBytes: Int64?
}

/// Starts a program in a session of its own and within bounds. Only for a process with one thread: it forks.
///
/// The failure is an errno; `stage` tells at what: `g` is the group.
func spawn(
  _ path: String, _ arguments: [String], directory: String, input: CInt, output: CInt, error: CInt,
  within bounds: SpawnBounds
) -> (pid: pid_t, failure: CInt, stage: Character) {
  var pid: pid_t = 0
  var stage: CChar = 0
  let failure = withCStrings(arguments + [bounds.group?.path ?? ""]) { strings in
    var bounded = cprocess_bounds(
      group: bounds.group == nil ? nil : UnsafePointer(strings[arguments.count]), processes: bounds.processes ?? -1,
      file_bytes: bounds.fileBytes ?? -1, address_bytes: bounds.addressBytes ?? -1)
    return withCStrings(arguments) {
      cprocess_spawn_bounded(&pid, path, $0, directory, input, output, error, &bounded, &stage)
    }
  }
  return (pid, -failure, Character(Unicode.Scalar(UInt8(bitPattern: stage))))
}

private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies = texts.map { strdup($0) }
  copies.append(nil)
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { buffer in
    guard let address = buffer.baseAddress else { preconditionFailure("an array that holds nil has an address") }
    return body(address)
  }
}

/// Milliseconds of a clock that nobody sets and that stands still while the machine sleeps.
func monotonicMilliseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}

/// Milliseconds since 1970, without Foundation.
func millisecondsNow() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
