import RunModel
import Subprocess

/// The `git` command, kept from asking, locking, paging, signing and running the operator's hooks.
package struct Git: Sendable {
  /// What a command printed. A status other than 0 is an answer, not an error.
  struct Answer {
    var status: Int
    var output: [UInt8]
    var diagnostics: String

    var text: String {
      var text = String(decoding: output, as: UTF8.self)
      while text.last == "\n" { text.removeLast() }
      return text
    }

    /// Entries of a `-z` listing.
    var entries: [String] {
      output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private let environment: [Environment.Key: String]

  /// Variables that tie git to one repository: an orchestrator started from a hook has them.
  static let repositoryVariables: Set<String> = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_EXTERNAL_DIFF",
  ]

  package init(environment: [String: String]) {
    var own = environment.filter { !Self.repositoryVariables.contains($0.key) && !$0.key.hasPrefix("FLIGHTDECK_") }
    own["GIT_OPTIONAL_LOCKS"] = "0"
    own["GIT_TERMINAL_PROMPT"] = "0"
    own["GIT_PAGER"] = "cat"
    own["LC_ALL"] = "C.UTF-8"
    own["LANGUAGE"] = "en"
    var keyed: [Environment.Key: String] = [:]
    for (name, value) in own {
      if let key = Environment.Key(rawValue: name) { keyed[key] = value }
    }
    self.environment = keyed
  }

  private static let settings = [
    "core.hooksPath=/dev/null", "commit.gpgSign=false", "tag.gpgSign=false", "gc.auto=0", "maintenance.auto=false",
    "core.fsmonitor=false", "core.quotePath=false", "color.ui=false", "diff.noprefix=false",
    "diff.mnemonicPrefix=false", "diff.external=", "advice.detachedHead=false", "advice.addEmbeddedRepo=false",
    "advice.waitingForEditor=false",
  ].flatMap { ["-c", $0] }

  /// Runs git in a folder. Throws when git itself cannot be run or prints more than `limit` bytes.
  func run(
    _ arguments: [String], in folder: String, adding: [String: String] = [:], limit: Int = 64 << 20
  ) async throws -> Answer {
    var environment = environment
    for (name, value) in adding {
      if let key = Environment.Key(rawValue: name) { environment[key] = value }
    }
    do {
      let result = try await Subprocess.run(
        .name("git"), arguments: Arguments(["-C", folder] + Self.settings + arguments),
        environment: .custom(environment), output: .bytes(limit: limit), error: .bytes(limit: 1 << 20))
      let status =
        switch result.terminationStatus {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
      return Answer(
        status: status, output: result.standardOutput,
        diagnostics: String(decoding: result.standardError, as: UTF8.self))
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw Problem(.unavailable, "git is not in PATH. Install it (apt-get install git) and try again.")
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw Problem(.tooLarge, "git \(arguments.first ?? "") did not come to an end: \(error).")
    }
  }

  /// Runs git and throws a `Problem` that says `doing` when it fails.
  func demand(
    _ arguments: [String], in folder: String, adding: [String: String] = [:], limit: Int = 64 << 20, _ doing: String
  ) async throws -> Answer {
    let answer = try await run(arguments, in: folder, adding: adding, limit: limit)
    guard answer.status == 0 else { throw Self.problem(answer, doing) }
    return answer
  }

  static func problem(_ answer: Answer, _ doing: String) -> Problem {
    let lines = answer.diagnostics.split(separator: "\n")
    // What follows the error is advice for somebody at a keyboard.
    let error = lines.last { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") }?.dropFirst(7)
    let words = (error ?? lines.last).map(String.init) ?? "it ended with status \(answer.status)"
    if answer.diagnostics.contains("No space left on device") {
      return Problem(.unavailable, "No space is left to \(doing). Free some and try again. (git: \(words))")
    }
    return Problem(.unavailable, "git could not \(doing): \(words)")
  }
}
