import RunModel
import Subprocess

/// The program that a host's own makers give for it: `gh` for GitHub, `glab` for GitLab. Both use the operator's login.
enum RequestTool: String, Sendable, CaseIterable {
  case gh, glab

  /// What a request is called there.
  var request: String { self == .gh ? "pull request" : "merge request" }

  /// Whether the host is one of its kind by its name; nil when the name does not tell.
  func serves(_ host: String) -> Bool? {
    if host.contains("github") { return self == .gh }
    if host.contains("gitlab") { return self == .glab }
    return nil
  }

  /// Ends with 0 when somebody is logged in at the host.
  func statusArguments(host: String) -> [String] { ["auth", "status", "--hostname", host] }

  /// Say together whether somebody is logged in anywhere. glab looks at one host unless it is told to look at all, which
  /// older ones do by themselves.
  var loginArguments: [[String]] {
    switch self {
    case .gh: [["auth", "status"]]
    case .glab: [["auth", "status"], ["auth", "status", "--all"]]
    }
  }

  /// Whether a status names a login that works, whatever it says of others.
  func namesLogin(in text: String) -> Bool { text.contains("Logged in to ") }

  /// Lists the requests for a branch, as JSON.
  func listArguments(_ remote: RemoteRepository, branch: String) -> [String] {
    switch self {
    case .gh:
      [
        "pr", "list", "--repo", "\(remote.host)/\(remote.path)", "--head", branch, "--state", "all", "--limit", "20",
        "--json", "url,state",
      ]
    case .glab:
      [
        "api", "--hostname", remote.host,
        "projects/\(Self.escaped(remote.path))/merge_requests?source_branch=\(Self.escaped(branch))&per_page=20",
      ]
    }
  }

  /// Stands in arguments for the path of the file that holds the input.
  static let inputFile = "\0input"

  /// Opens one. What is long or written by others goes to it in a file: a tool that ends before it has read its standard
  /// input would end in a broken pipe, and not with its own words.
  func create(
    _ draft: PullRequestDraftText, _ remote: RemoteRepository, branch: String, base: String?, isDraft: Bool
  ) -> (arguments: [String], input: [UInt8]) {
    switch self {
    case .gh:
      var arguments = [
        "pr", "create", "--repo", "\(remote.host)/\(remote.path)", "--head", branch, "--title=\(draft.title)",
        "--body-file", Self.inputFile,
      ]
      if let base { arguments += ["--base", base] }
      if isDraft { arguments.append("--draft") }
      return (arguments, Array(draft.body.utf8))
    case .glab:
      var object: JSONObject = [
        "source_branch": .string(branch), "title": .string((isDraft ? "Draft: " : "") + draft.title),
        "description": .string(draft.body),
      ]
      object.append("target_branch", .string(base ?? ""))
      return (
        [
          "api", "--hostname", remote.host, "--method", "POST", "--header", "Content-Type: application/json",
          "projects/\(Self.escaped(remote.path))/merge_requests", "--input", Self.inputFile,
        ], Array(JSONValue.object(object).jsonText.utf8)
      )
    }
  }

  /// Says which branch the host merges into by itself. gh needs not be told.
  func defaultBranchArguments(_ remote: RemoteRepository) -> [String]? {
    switch self {
    case .gh: nil
    case .glab: ["api", "--hostname", remote.host, "projects/\(Self.escaped(remote.path))"]
    }
  }

  /// The request that is open, else one that was merged, in what `listArguments` printed.
  func existing(in output: String) -> String? {
    guard let entries = (try? JSONValue(parsing: Array(output.utf8)))?.array else { return nil }
    for wanted in [["open", "opened"], ["merged"]] {
      for entry in entries {
        let state = entry["state"]?.string?.lowercased() ?? ""
        let url = entry[self == .gh ? "url" : "web_url"]?.string
        if wanted.contains(state), let url = url.flatMap(PullRequest.address) { return url }
      }
    }
    return nil
  }

  /// The address of a new one, in what the program printed.
  func created(in output: String) -> String? {
    switch self {
    case .gh: output.split(separator: "\n").reversed().lazy.compactMap { PullRequest.address(String($0)) }.first
    case .glab: (try? JSONValue(parsing: Array(output.utf8)))?["web_url"]?.string.flatMap(PullRequest.address)
    }
  }

  /// For a person to type.
  func handCommand(_ remote: RemoteRepository, branch: String, base: String?) -> String {
    switch self {
    case .gh:
      "gh pr create --repo \(remote.host)/\(remote.path) --head \(branch)" + (base.map { " --base \($0)" } ?? "")
    case .glab:
      "glab mr create --repo https://\(remote.host)/\(remote.path) --source-branch \(branch)"
        + (base.map { " --target-branch \($0)" } ?? "")
    }
  }

  /// As one part of a path, or a value in a query.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        escaped.append(Character(Unicode.Scalar(byte)))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return escaped
  }
}

/// A request's own words, cleaned.
struct PullRequestDraftText: Sendable, Hashable {
  var title: String
  var body: String
}

/// Runs a request tool as the operator would: with their environment, away from any repository, and never asking.
struct RequestToolRunner: Sendable {
  struct Answer: Sendable {
    var status: Int
    var output: String
    var diagnostics: String
  }

  private let environment: [String: String]
  /// A folder for what is handed to the tools.
  private let scratch: String

  init(environment: [String: String], scratch: String) {
    self.scratch = scratch
    var own = LaunchPlan.agentEnvironment(environment)
    // What they print of a request then holds the login.
    for name in ["GH_DEBUG", "DEBUG", "GLAB_DEBUG_HTTP", "GH_REPO", "GITLAB_REPO", "GH_FORCE_TTY"] { own[name] = nil }
    own["GH_PROMPT_DISABLED"] = "1"
    own["GH_NO_UPDATE_NOTIFIER"] = "1"
    own["GLAB_CHECK_UPDATE"] = "false"
    own["NO_PROMPT"] = "1"
    own["NO_COLOR"] = "1"
    own["PAGER"] = "cat"
    self.environment = own
  }

  /// Its path; nil where it is not installed.
  func locate(_ tool: RequestTool) -> String? {
    LaunchPlan.locate(tool.rawValue, in: environment["PATH"] ?? "/usr/bin:/bin", worktree: "")
  }

  /// Nil when it took longer than it may, and then it has been ended.
  func run(
    _ tool: RequestTool, _ arguments: [String], input: [UInt8] = [], within limit: Duration
  ) async throws -> Answer? {
    guard let program = locate(tool) else { return Answer(status: 127, output: "", diagnostics: "not installed") }
    guard !input.isEmpty else { return try await launch(program, arguments, within: limit) }
    let file = "\(scratch)/request-\(ULIDGenerator().next())"
    try Files.makeFolder(scratch)
    try Files.write(input, to: file)
    defer { Files.removeTree(file) }
    return try await launch(program, arguments.map { $0 == RequestTool.inputFile ? file : $0 }, within: limit)
  }

  private func launch(_ program: String, _ arguments: [String], within limit: Duration) async throws -> Answer? {
    var keyed: [Environment.Key: String] = [:]
    for (name, value) in environment { if let key = Environment.Key(rawValue: name) { keyed[key] = value } }
    return try await withThrowingTaskGroup(of: Answer?.self) { [keyed] group in
      group.addTask {
        // In no folder of anybody's, so that no repository that is there is looked at.
        let ending = try await Program.run(
          "env", ["-C", "/", program] + arguments, environment: keyed, limit: 4 << 20)
        return Answer(
          status: ending.status, output: String(decoding: ending.output, as: UTF8.self),
          diagnostics: String(decoding: ending.diagnostics, as: UTF8.self))
      }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
