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

/// Milliseconds of a clock that nobody can set, for deadlines and graces.
func steadyMilliseconds() -> Int64 {
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
