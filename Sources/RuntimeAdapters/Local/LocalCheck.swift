import Glibc
import Orchestration
import RunModel

/// Whether the command of a `local` runtime can be started: its program, its environment, git. Nothing of it is started:
/// what a command line does with arguments that it does not know, nobody can tell.
struct LocalCheck {
  private let configuration: LocalRuntime.Configuration
  private let git: Git
  private let environment: [String: String]

  /// `environment` is the operator's.
  init(_ configuration: LocalRuntime.Configuration, git: Git, environment: [String: String]) {
    self.configuration = configuration
    self.git = git
    self.environment = environment
  }

  func perform(_ capabilities: RuntimeCapabilities) async throws -> RuntimeCheck {
    let answer = try await git.look(["--version"], from: "/")
    guard answer.status == 0 else { throw Git.problem(answer, "say its version") }
    var check = RuntimeCheck(capabilities: capabilities)
    let variables = try configuration.environment.read(environment: environment)
    check.notes = configuration.environment.warnings
    guard let program = configuration.command?.first else {
      check.features.append("runs each contract's metadata.command")
      return check
    }
    let path = LaunchPlan.agentEnvironment(environment).merging(variables) { $1 }["PATH"] ?? "/usr/bin:/bin"
    if program.contains("/"), !program.hasPrefix("/") {
      check.agent = program
      check.notes.append("\(program) is looked for in each worktree, so whether it is there was not examined.")
      return check
    }
    guard let found = LaunchPlan.locate(program, in: path, worktree: "") else {
      throw Self.missing(program, in: path, configuration)
    }
    check.agent = found
    return check
  }

  /// Says of a file that is there what keeps it from being a program.
  private static func missing(
    _ program: String, in path: String, _ configuration: LocalRuntime.Configuration
  ) -> Problem {
    let folders = path.split(separator: ":").filter { $0.hasPrefix("/") }
    let places = program.hasPrefix("/") ? [program] : folders.map { "\($0)/\(program)" }
    for place in places {
      var status = stat()
      guard stat(place, &status) == 0 else { continue }
      guard status.st_mode & S_IFMT == S_IFREG else {
        return Problem(
          .invalid, "\(place) is a folder, not a program. Correct the command of runtime \(configuration.id).")
      }
      return Problem(.invalid, "\(place) is there, but may not be executed: chmod +x '\(place)'.")
    }
    return LaunchPlan.missing(program, configuration)
  }
}
