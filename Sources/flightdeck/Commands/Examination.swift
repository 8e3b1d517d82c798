import FoundationEssentials
import Glibc
import Orchestration
import RunModel
import RuntimeAdapters

/// What `doctor` looks at on this machine.
struct Examination {
  let surroundings: Surroundings

  func terminal() -> [Finding] {
    var findings: [Finding] = []
    if surroundings.outputIsTerminal {
      let size = "\(surroundings.columns ?? 0)x\(surroundings.rows ?? 0)"
      switch surroundings.variable("TERM") {
      case nil:
        findings.append(
          Finding(
            "terminal", .wrong, "TERM is not set", remedy: "Set it to what your terminal is: export TERM=xterm-256color"
          ))
      case "dumb":
        findings.append(
          Finding(
            "terminal", .wrong, "TERM is dumb: no dashboard can be drawn", remedy: "Use flightdeck runs and --once"))
      case let term?:
        let small = (surroundings.columns ?? 80) < 60 || (surroundings.rows ?? 24) < 12
        findings.append(
          Finding(
            "terminal", small ? .doubtful : .fine, "\(term), \(size), \(colours(term))",
            remedy: small ? "The dashboard wants at least 60x12" : nil))
      }
    } else {
      findings.append(Finding("terminal", .doubtful, "standard output is not a terminal, so it was not examined"))
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { surroundings.variable($0) }.first ?? "not set"
    let folded = locale.lowercased()
    let utf8 = folded.contains("utf-8") || folded.contains("utf8")
    findings.append(
      Finding(
        "locale", utf8 ? .fine : .doubtful, locale,
        remedy: utf8 ? nil : "For more than ASCII: export LANG=C.UTF-8"))
    return findings
  }

  private func colours(_ term: String) -> String {
    if let no = surroundings.variable("NO_COLOR"), !no.isEmpty { return "no colours (NO_COLOR is set)" }
    if ["truecolor", "24bit"].contains(surroundings.variable("COLORTERM") ?? "") { return "24-bit colours" }
    if term.contains("256color") || term.contains("direct") { return "256 colours (COLORTERM=truecolor for more)" }
    return term.hasPrefix("vt") ? "no colours" : "at least 8 colours"
  }

  func git() -> Finding {
    guard let path = find("git") else {
      return Finding("git", .wrong, "not found in PATH", remedy: "apt-get install git")
    }
    guard let version = Self.firstLine(of: path, "--version") else {
      return Finding("git", .wrong, "\(path) does not run", remedy: "apt-get install --reinstall git")
    }
    let numbers = version.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    let old = numbers.count == 2 && (numbers[0], numbers[1]) < (2, 30)
    return Finding(
      "git", old ? .doubtful : .fine, "\(version) (\(path))", remedy: old ? "Version 2.30 or newer is needed" : nil)
  }

  func store(_ paths: Paths) -> [Finding] {
    var findings: [Finding] = []
    var place = paths.state
    while !FileManager.default.fileExists(atPath: place), place != "/" { place = Paths.parent(of: place) }
    var space = statvfs()
    let free = statvfs(place, &space) == 0 ? (UInt64(space.f_bavail) * UInt64(space.f_frsize)) >> 20 : nil
    if access(place, W_OK | X_OK) != 0 {
      findings.append(
        Finding("store", .wrong, "\(place): \(String(cString: strerror(errno)))", remedy: "Choose another with --state")
      )
    } else if let free, free < 200 {
      findings.append(
        Finding(
          "store", .wrong, "\(paths.state): \(free) MiB free", remedy: "Make room, or choose another with --state"))
    } else {
      let note = place == paths.state ? "" : " (made at the first start)"
      let room = free.map { ", \($0) MiB free" } ?? ""
      findings.append(Finding("store", .fine, "\(paths.state)\(room)\(note)"))
    }
    let folder = Paths.parent(of: paths.socket)
    do {
      if FileManager.default.fileExists(atPath: folder) { try PrivateFolder.check(folder) }
      findings.append(Finding("socket", .fine, paths.socket))
    } catch { findings.append(Finding("socket", .wrong, error.detail)) }
    return findings
  }

  /// Every setting that is wrong is a finding of its own; what can be read is used for the rest.
  func configuration(_ paths: Paths) -> (Configuration, [Finding]) {
    let there = FileManager.default.fileExists(atPath: paths.configuration)
    guard there || paths.configurationWasNamed else {
      return (Configuration(), [Finding("configuration", .fine, "\(paths.configuration) (none: the defaults)")])
    }
    do throws(Problem) {
      let text = String(decoding: try WholeFile.read(paths.configuration), as: UTF8.self)
      let (configuration, problems) = ConfigurationFile(path: paths.configuration).check(text)
      guard problems.isEmpty else {
        return (configuration, problems.map { Finding("configuration", .wrong, $0.detail) })
      }
      return (configuration, [Finding("configuration", .fine, paths.configuration)])
    } catch { return (Configuration(), [Finding("configuration", .wrong, error.detail)]) }
  }

  /// Whether work can be dispatched from the folder one is in.
  func folder() -> Finding {
    let here = FileManager.default.currentDirectoryPath
    guard let git = find("git") else { return Finding("folder", .doubtful, "\(here) was not examined without git") }
    guard let top = Self.firstLine(of: git, "rev-parse", "--show-toplevel") else {
      return Finding(
        "folder", .doubtful, "\(here) is in no git repository",
        remedy: "Dispatch from inside one, or name one with --repo; a new one: git init")
    }
    guard let commit = Self.firstLine(of: git, "rev-parse", "--verify", "-q", "HEAD") else {
      return Finding(
        "folder", .doubtful, "\(top) has no commits, so there is nothing to work from",
        remedy: "Make the first: git add -A && git commit -m 'The first'")
    }
    return Finding("folder", .fine, "\(top), at \(commit.prefix(12))")
  }

  /// Each is asked for real, all at once.
  func runtimes(_ configuration: Configuration, showingProgress: Bool) async throws -> [Finding] {
    let progress = CheckProgress(configuration.runtimes.map(\.id.rawValue), isShown: showingProgress)
    let findings = try await RuntimeInspection(configuration: configuration, environment: surroundings.environment)
      .inspect(configuration.runtimes) { progress.end($0.id.rawValue) {} }
    return zip(configuration.runtimes, findings).flatMap { runtime, finding in
      [Self.runtime(finding)] + notes(finding) + limits(runtime)
    }
  }

  private static func runtime(_ finding: RuntimeInspection.Finding) -> Finding {
    let subject = "runtime \(finding.id)"
    if let problem = finding.problem { return Finding(subject, .wrong, "\(finding.kind): \(problem)") }
    return Finding(subject, .fine, "\(finding.kind): \(finding.check?.words ?? "ready")")
  }

  private func notes(_ finding: RuntimeInspection.Finding) -> [Finding] {
    (finding.check?.notes ?? []).map { Finding("runtime \(finding.id)", .doubtful, $0) }
  }

  /// What holds the limits of a runtime, as it is seen from here: an orchestrator in a group of its own may have more.
  private func limits(_ runtime: RuntimeConfiguration) -> [Finding] {
    let limits: RunLimits
    switch runtime.kind {
    case .local(let local): limits = local.limits
    case .acp(let acp): limits = acp.limits
    default: return []
    }
    return Confinement.found.holdings(limits).map { Finding("each run", .fine, $0.text) }
  }

  private func find(_ program: String) -> String? { find(program, in: surroundings.variable("PATH")) }

  /// As a shell finds a program.
  private func find(_ program: String, in path: String?) -> String? {
    if program.contains("/") { return Self.isProgram(program) ? program : nil }
    return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(program)" }.first(
      where: Self.isProgram)
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// The first line that a program prints; nil when it does not succeed.
  private static func firstLine(of path: String, _ words: String...) -> String? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, ends[1])
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var child: pid_t = 0
    var arguments = ([path] + words).map { strdup($0) } + [nil]
    let home = ProcessInfo.processInfo.environment["HOME"].map { ["HOME=\($0)"] } ?? []
    var environment = (["LC_ALL=C"] + home).map { strdup($0) } + [nil]
    defer { for pointer in arguments + environment { free(pointer) } }
    let result = posix_spawn(&child, path, &actions, nil, &arguments, &environment)
    close(ends[1])
    defer { close(ends[0]) }
    guard result == 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = max(0, read(ends[0], &bytes, bytes.count))
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}
