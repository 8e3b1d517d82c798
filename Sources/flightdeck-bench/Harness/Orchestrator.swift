import CProcess
import Glibc
import RunModel

/// A real `flightdeck serve` on a Unix socket.
final class OrchestratorProcess {
  let pid: pid_t
  let address: ServerAddress
  let socket: String
  private let output: Int32

  /// Returns when it listens. `configuration`: the text of a config.yaml.
  init(_ workshop: Workshop, state: String, configuration: String) throws {
    socket = state + "/flightdeck.sock"
    address = .unix(path: socket)
    let file = try workshop.write(configuration, to: "config-\(state.split(separator: "/").last ?? "").yaml")
    var ends: [Int32] = [-1, -1]
    guard cprocess_pipe(&ends) == 0 else { throw Problem(.unavailable, "No pipe can be made.") }
    output = ends[0]
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    let log = open("\(state)/serve.err", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    var pid: pid_t = 0
    let words = [workshop.program, "serve", "--state", state, "--config", file, "--listen", "unix:\(socket)"]
    let failure = withCStrings(words) { arguments in
      withCStrings(workshop.environment) { environment in
        cprocess_spawn(&pid, workshop.program, arguments, environment, workshop.folder, nothing, ends[1], log)
      }
    }
    // Its end is seen only when nobody else can write.
    for descriptor in [ends[1], nothing, log] { close(descriptor) }
    guard failure == 0 else {
      throw Problem(
        .unavailable,
        "\(workshop.program) cannot be started (\(String(cString: strerror(-failure)))). "
          + "Build it first, in the same configuration: swift build -c release --product flightdeck.")
    }
    self.pid = pid
    try awaitReady(state)
  }

  private func awaitReady(_ state: String) throws {
    var told = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !told.contains("listening on") {
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else {
        throw Problem(.unavailable, "The orchestrator ended before it listened: see \(state)/serve.err.")
      }
      told += String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  func stop() {
    kill(pid, SIGTERM)
    reap(pid, within: 10_000)
    close(output)
  }
}

/// Waits for a child's end, and makes it after that many milliseconds.
func reap(_ pid: pid_t, within milliseconds: Int, meanwhile: () -> Void = {}) {
  var status: Int32 = 0
  for _ in 0..<(milliseconds / 10) {
    if waitpid(pid, &status, WNOHANG) != 0 { return }
    meanwhile()
    usleep(10_000)
  }
  kill(pid, SIGKILL)
  waitpid(pid, &status, 0)
}

/// Calls `body` with `words` as a C vector that ends in nil.
func withCStrings<Result>(_ words: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result)
  -> Result
{
  let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
  for (place, word) in words.enumerated() { vector[place] = strdup(word) }
  vector[words.count] = nil
  defer {
    for place in words.indices { free(vector[place]) }
    vector.deallocate()
  }
  return body(vector)
}

/// Resident memory in megabytes (10⁶ bytes).
func residentMegabytes(of pid: pid_t) -> Double {
  guard let file = fopen("/proc/\(pid)/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
  let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
    separator: " ")
  return words.count > 1 ? (Double(words[1]) ?? 0) * Double(getpagesize()) / 1_000_000 : 0
}

/// The processor time that a process has taken so far.
func processorTime(of pid: pid_t) -> Duration {
  var clock = clockid_t()
  var time = timespec()
  guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .zero }
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
