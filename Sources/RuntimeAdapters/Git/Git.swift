import RunModel
import Subprocess

/// The `git` command, kept from asking, locking, paging, signing, fetching and running anybody's hooks.
///
/// In a `Checkout` it never looks for its repository and never reads that repository's configuration, which agents can
/// write: filters, file system monitors, drivers and the like are the operator's own (global or system) or nobody's.
package struct Git: Sendable {
  /// What a command printed. A status other than 0 is an answer, not an error.
  struct Answer {
    var status: Int
    var output: [UInt8]
    var diagnostics: String

    var text: String { Self.text(of: output[...]) }

    static func text(of output: ArraySlice<UInt8>) -> String {
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
  let standIns: StandIns
  let places = KnownPlaces()
  /// A command that takes longer is ended: a planted FIFO would keep it for ever.
  private let patience: Duration

  /// Variables that tie git to one repository: an orchestrator started from a hook has them.
  package static let repositoryVariables: Set<String> = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_EXTERNAL_DIFF", "GIT_CONFIG",
    "GIT_ATTR_SOURCE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_INTERNAL_SUPER_PREFIX",
  ]

  /// `standIns` is the folder for what stands in for repositories; nil: one that is gone with this value.
  package init(environment: [String: String], standIns: String? = nil, patience: Duration = .seconds(600)) {
    self.standIns = StandIns(folder: standIns, temporary: environment["TMPDIR"])
    self.patience = patience
    var own = environment.filter { !Self.repositoryVariables.contains($0.key) && !$0.key.hasPrefix("FLIGHTDECK_") }
    own["GIT_OPTIONAL_LOCKS"] = "0"
    own["GIT_TERMINAL_PROMPT"] = "0"
    own["GIT_PAGER"] = "cat"
    // Nothing that we ask for needs the network: what a repository lacks is not fetched by a transport of its choosing.
    own["GIT_ALLOW_PROTOCOL"] = "none"
    own["GIT_NO_LAZY_FETCH"] = "1"
    // A replacement would show another work than the one that is merged and pushed.
    own["GIT_NO_REPLACE_OBJECTS"] = "1"
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
    "diff.mnemonicPrefix=false", "diff.external=", "diff.submodule=short", "submodule.recurse=false",
    "status.submoduleSummary=false", "core.splitIndex=false", "safe.bareRepository=explicit",
    "user.useConfigOnly=true",
    "advice.detachedHead=false", "advice.addEmbeddedRepo=false", "advice.waitingForEditor=false",
  ].flatMap { ["-c", $0] }

  /// Runs git in a checkout. Throws when git itself cannot be run, takes too long, or prints more than `limit` bytes.
  func run(
    _ arguments: [String], in checkout: Checkout, adding: [String: String] = [:], limit: Int = 64 << 20,
    input: [UInt8] = []
  ) async throws -> Answer {
    let standIn = try await standIns.standIn(for: checkout.common) { try await settings(of: $0) }
    let own = [
      "GIT_DIR": checkout.gitFolder, "GIT_WORK_TREE": checkout.top, "GIT_COMMON_DIR": standIn.path,
    ].merging(adding) { $1 }
    var answer = try await look(arguments, from: checkout.top, adding: own, limit: limit, input: input)
    answer.diagnostics = standIn.translated(answer.diagnostics)
    return answer
  }

  /// Runs git in a folder that need be no repository: to find one, or for what needs none. Nothing that looks at a work
  /// tree or at objects may be asked this way, as the configuration that it finds there counts.
  func look(
    _ arguments: [String], from folder: String, adding: [String: String] = [:], limit: Int = 64 << 20,
    input: [UInt8] = []
  ) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
      group.addTask { try await self.launch(arguments, from: folder, adding: adding, limit: limit, input: input) }
      group.addTask { [patience] in
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let answer = first else {
        throw Problem(
          .unavailable,
          "git \(arguments.first ?? "") took longer than \(patience.milliseconds / 1000) s in \(folder) and was ended.")
      }
      return answer
    }
  }

  private func launch(
    _ arguments: [String], from folder: String, adding: [String: String], limit: Int, input: [UInt8]
  ) async throws -> Answer {
    var environment = environment
    for (name, value) in adding {
      if let key = Environment.Key(rawValue: name) { environment[key] = value }
    }
    do {
      let ending = try await Program.run(
        "git", ["-C", folder] + Self.settings + arguments, environment: environment, limit: limit, input: input)
      return Answer(
        status: ending.status, output: ending.output,
        diagnostics: String(decoding: ending.diagnostics, as: UTF8.self))
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw Problem(.unavailable, "git is not in PATH. Install it (apt-get install git) and try again.")
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      throw Problem(.tooLarge, "git \(arguments.first ?? "") did not come to an end: \(error).")
    }
  }

  /// Runs git and throws a `Problem` that says `doing` when it fails.
  func demand(
    _ arguments: [String], in checkout: Checkout, adding: [String: String] = [:], limit: Int = 64 << 20,
    input: [UInt8] = [], _ doing: String
  ) async throws -> Answer {
    let answer = try await run(arguments, in: checkout, adding: adding, limit: limit, input: input)
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
