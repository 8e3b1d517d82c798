import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import TestSupport

@testable import RuntimeAdapters

/// A temporary folder with a real repository and a state folder, gone with the test, processes and all.
final class Bench: Sendable {
  let folder: String
  let ids = ULIDGenerator()
  var repository: String { folder + "/repository" }
  var state: String { folder + "/state" }

  /// Without a repository there is a plain folder in its place.
  init(hasRepository: Bool = true) throws {
    let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    folder = "\(base)/flightdeck-tests-\(ULIDGenerator().next())"
    try FileManager.default.createDirectory(atPath: repository, withIntermediateDirectories: true)
    guard hasRepository else { return }
    try shell(
      """
      git init -q -b main . && git config user.name Tester && git config user.email tester@example.invalid
      seq 1 40 > kept.txt; seq 1 60 > moved.txt; printf '\\000\\001\\002' > picture.bin; echo old > gone.txt
      printf 'ignored/\\n' > .gitignore
      git add . && git commit -q -m 'first'
      """)
  }

  deinit {
    // Whatever the test has left running was started with a path of this folder in its environment.
    for pid in pids() where contents("/proc/\(pid)/environ")?.contains("FLIGHTDECK_WORKTREE=\(folder)/") == true {
      kill(pid, SIGKILL)
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Runs a script in the repository; throws with its output when it fails.
  @discardableResult
  func shell(_ script: String, in place: String? = nil) throws -> String {
    let out = "\(folder)/shell-\(ids.next())"
    let command = "{ cd '\(place ?? repository)' && \(script)\n} > '\(out)' 2>&1"
    // `sh` by way of a file: Foundation's Process would bring Foundation with it.
    let path = "\(folder)/script-\(ids.next())"
    try command.write(toFile: path, atomically: false, encoding: .utf8)
    let status = run(["/bin/sh", path])
    let text = read(out) ?? ""
    guard status == 0 else { throw ConformanceFailure("sh ended with \(status): \(script)\n\(text)") }
    return text
  }

  /// An executable script in the bench's folder.
  func script(_ name: String, _ text: String) throws -> String {
    let path = "\(folder)/\(name)"
    try ("#!/bin/bash\n" + text + "\n").write(toFile: path + ".text", atomically: false, encoding: .utf8)
    // Written by another process: a program that another test starts just then would hold our descriptor open for a
    // moment, and what is open for writing cannot be executed.
    try shell("cp '\(path).text' '\(path)' && chmod 755 '\(path)'", in: folder)
    return path
  }

  func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  func local(
    _ script: String, confinement: Confinement = .found, _ change: (inout LocalRuntime.Configuration) -> Void = { _ in }
  ) throws -> LocalRuntime {
    var configuration = LocalRuntime.Configuration(command: ["/bin/bash", "-c", script, "agent", "{prompt}"])
    change(&configuration)
    return local(configuration, confinement: confinement)
  }

  func local(
    _ configuration: LocalRuntime.Configuration, adding environment: [String: String] = [:],
    confinement: Confinement = .found
  ) -> LocalRuntime {
    LocalRuntime(
      configuration, state: state,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, launcher: Self.launcher,
      confinement: confinement)
  }

  func contract(_ title: String = "Fix the login", _ change: (inout Contract) -> Void = { _ in }) -> Contract {
    var contract = Contract(title: title)
    contract.runId = RunID(ids.next())
    contract.repository = repository
    change(&contract)
    return contract
  }

  func runFolder(_ run: RunID) -> String { "\(state)/runs/\(run)" }

  /// The built program, beside the test bundle.
  static let launcher: SupervisorLauncher = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    var places = [bundle.split(separator: "/").dropLast().joined(separator: "/")].map { "/" + $0 }
    places.append(FileManager.default.currentDirectoryPath + "/.build/debug")
    for place in places {
      let path = place + "/flightdeck"
      if access(path, X_OK) == 0 { return SupervisorLauncher(executable: path) }
    }
    return SupervisorLauncher(executable: places[0] + "/flightdeck")
  }()
}

/// The pids of living processes whose whole command line is this.
func processes(running command: String) -> [pid_t] {
  let wanted = command.split(separator: " ").joined(separator: "\0") + "\0"
  return pids().filter { contents("/proc/\($0)/cmdline") == wanted }
}

private func pids() -> [pid_t] {
  guard let stream = opendir("/proc") else { return [] }
  defer { closedir(stream) }
  var pids: [pid_t] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if let pid = pid_t(name), pid != getpid() { pids.append(pid) }
  }
  return pids
}

/// A file's text, also of one whose size the system does not tell, as in `/proc`.
private func contents(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = Glibc.read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
    bytes += chunk[..<count]
  }
}

/// Waits until something is so that no event tells of; throws after a minute.
func until(_ what: String, _ isSo: () throws -> Bool) async throws {
  for _ in 0..<6000 {
    if try isSo() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw ConformanceFailure("\(what) did not come about within a minute")
}

/// Runs a program to its end and returns its status.
func run(_ command: [String]) -> Int {
  var pid: pid_t = 0
  var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
  defer { for argument in arguments { free(argument) } }
  // `env` finds the environment by itself: Swift cannot name `environ` safely.
  var variables: [UnsafeMutablePointer<CChar>?] =
    ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
  defer { for variable in variables { free(variable) } }
  guard posix_spawn(&pid, command[0], nil, nil, &arguments, &variables) == 0 else { return -1 }
  var status: CInt = 0
  waitpid(pid, &status, 0)
  return status & 0x7F == 0 ? Int(status >> 8) & 0xFF : 128 + Int(status & 0x7F)
}
