import Orchestration
import RunModel

/// Opens pull requests for branches of the operator's repositories: git pushes, the host's own program opens.
actor RequestDesk {
  private let settings: PullRequestSettings
  private let git: Git
  /// For what goes over the network.
  private let pusher: Git
  private let runner: RequestToolRunner
  private let now: @Sendable () -> ContinuousClock.Instant
  private var logins: [Login: (isIn: Bool, until: ContinuousClock.Instant)] = [:]
  private var general: Bool?

  private struct Login: Hashable {
    var tool: RequestTool
    var host: String
  }

  static let toolLimit = Duration.seconds(60)
  static let pushLimit = Duration.seconds(120)
  static let memory = Duration.seconds(60)
  static let longestReason = 600

  init(
    _ settings: PullRequestSettings, git: Git, environment: [String: String], standIns: String?,
    pushLimit: Duration = RequestDesk.pushLimit,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.settings = settings
    self.git = git
    pusher = Git(environment: environment, standIns: standIns, patience: pushLimit)
    runner = RequestToolRunner(environment: environment, scratch: standIns ?? environment["TMPDIR"] ?? "/tmp")
    self.now = now
  }

  /// Whether a program is there with somebody logged in, found out once: what a runtime says of itself stays so.
  func couldOpen() async -> Bool {
    if let general { return general }
    var could = false
    for tool in RequestTool.allCases where !could && runner.locate(tool) != nil {
      could = await isLoggedInSomewhere(tool)
    }
    general = could
    return could
  }

  /// Why it would not work for a repository; nil when it would.
  func obstacle(in repository: String) async -> String? {
    do {
      let remote = try await remote(of: try await git.locate(repository))
      _ = try await tool(for: remote)
      return nil
    } catch let failure as PullRequestFailure { return failure.reason } catch { return "\(error)" }
  }

  func open(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    do { return try await opened(draft) } catch let failure as PullRequestFailure { throw failure } catch {
      throw PullRequestFailure(Self.plain((error as? Problem)?.detail ?? "\(error)"))
    }
  }

  private func opened(_ draft: PullRequestDraft) async throws -> OpenedPullRequest {
    guard RepositoryNames.isBranch(draft.branch) else {
      throw PullRequestFailure("\"\(Self.plain(draft.branch))\" is no name of a branch that can be pushed.")
    }
    let main = try await git.locate(draft.repository)
    let remote = try await remote(of: main)
    let tool = try await tool(for: remote)
    let base = try await base(draft, in: main)
    let place = draft.repository.quotedForShell
    let pushByHand =
      "git -C \(place) push \(settings.remote.quotedForShell) \(draft.commit):refs/heads/\(draft.branch.quotedForShell)"
    let byHand = tool.handCommand(remote, branch: draft.branch.quotedForShell, base: base?.quotedForShell)
    do {
      try await push(draft, to: remote, in: main)
    } catch let failure as PullRequestFailure {
      throw PullRequestFailure(failure.reason, command: "\(pushByHand) && \(byHand)")
    } catch {
      throw PullRequestFailure(
        Self.plain((error as? Problem)?.detail ?? "\(error)"), command: "\(pushByHand) && \(byHand)")
    }
    do {
      if let url = try await existing(tool, remote, draft.branch) { return OpenedPullRequest(url: url, isNew: false) }
      let url = try await create(draft, tool, remote, base: base)
      return OpenedPullRequest(url: url, isNew: true)
    } catch let failure as PullRequestFailure {
      throw PullRequestFailure("\(draft.branch) is pushed, but \(failure.reason)", command: byHand)
    }
  }

  // MARK: Where to

  private func remote(of main: Checkout) async throws -> RemoteRepository {
    for key in ["pushurl", "url"] {
      let answer = try await git.look(
        ["config", "--no-includes", "--file", main.common + "/config", "--get", "remote.\(settings.remote).\(key)"],
        from: "/")
      guard answer.status == 0 else { continue }
      guard let remote = RemoteRepository(url: answer.text) else {
        throw PullRequestFailure(
          "the remote \"\(settings.remote)\" of \(main.top) is no https or ssh address of a repository on a host")
      }
      return remote
    }
    throw PullRequestFailure(
      "\(main.top) has no remote \"\(settings.remote)\": add one with git remote add \(settings.remote) URL")
  }

  private func tool(for remote: RemoteRepository) async throws -> RequestTool {
    let known = RequestTool.allCases.filter { $0.serves(remote.host) == true }
    let candidates = known.isEmpty ? RequestTool.allCases.filter { $0.serves(remote.host) == nil } : known
    let installed = candidates.filter { runner.locate($0) != nil }
    guard !installed.isEmpty else {
      let names = candidates.map(\.rawValue).joined(separator: " or ")
      throw PullRequestFailure(
        "\(names) is not installed, which opens requests at \(remote.host): install it and log in, or push the branch "
          + "yourself (git push \(settings.remote) BRANCH) and open one there")
    }
    for tool in installed where await isLoggedIn(tool, at: remote.host) { return tool }
    let logins = installed.map { "\($0.rawValue) auth login --hostname \(remote.host)" }.joined(separator: " or ")
    throw PullRequestFailure("nobody is logged in at \(remote.host): run \(logins)")
  }

  private func isLoggedIn(_ tool: RequestTool, at host: String) async -> Bool {
    let login = Login(tool: tool, host: host)
    if let known = logins[login], known.until > now() { return known.isIn }
    let isIn = await status(tool, tool.statusArguments(host: host))?.status == 0
    if logins.count > 100 { logins.removeAll() }
    logins[login] = (isIn, now() + Self.memory)
    return isIn
  }

  /// Also where one login of several is out of date, for which both say that something is wrong.
  private func isLoggedInSomewhere(_ tool: RequestTool) async -> Bool {
    for arguments in tool.loginArguments {
      guard let answer = await status(tool, arguments) else { continue }
      if answer.status == 0 || tool.namesLogin(in: answer.output + "\n" + answer.diagnostics) { return true }
    }
    return false
  }

  /// Nil for one that cannot be run or does not answer, whatever the reason.
  private func status(_ tool: RequestTool, _ arguments: [String]) async -> RequestToolRunner.Answer? {
    // As above: it says no then.
    (try? await runner.run(tool, arguments, within: settings.statusLimit)) ?? nil
  }

  /// Where it is to be merged, if what the work began from is a branch; nil: where the host says.
  private func base(_ draft: PullRequestDraft, in main: Checkout) async throws -> String? {
    guard var base = draft.base, base != draft.branch else { return nil }
    let prefix = settings.remote + "/"
    var reference = "refs/heads/\(base)"
    if base.hasPrefix(prefix) {
      base.removeFirst(prefix.count)
      reference = "refs/remotes/\(prefix)\(base)"
    }
    guard RepositoryNames.isBranch(base) else { return nil }
    let answer = try await git.run(["show-ref", "--verify", "--quiet", reference], in: main)
    return answer.status == 0 ? base : nil
  }

  // MARK: What is done

  private func push(_ draft: PullRequestDraft, to remote: RemoteRepository, in main: Checkout) async throws {
    let answer = try await pusher.run(
      [
        "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no", "--",
        remote.url, "\(draft.commit):refs/heads/\(draft.branch)",
      ], in: main, adding: ["GIT_ALLOW_PROTOCOL": "https:ssh:file", "SSH_ASKPASS_REQUIRE": "never"])
    guard answer.status != 0 else { return }
    throw PullRequestFailure(Self.rejection(answer, remote))
  }

  /// What git and the other side said of a push that was not taken.
  static func rejection(_ answer: Git.Answer, _ remote: RemoteRepository) -> String {
    let refused = answer.text.split(separator: "\n").first { $0.hasPrefix("!") }?.split(separator: "\t").last
    let words = answer.diagnostics.split(separator: "\n").map(String.init)
    let remarks = words.filter { $0.hasPrefix("remote:") }.map { line in
      String(line.dropFirst(7)).split(separator: " ").joined(separator: " ")
    }.filter { !$0.isEmpty }.prefix(4)
    let fatal = words.last { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") }.map { String($0.dropFirst(7)) }
    var reason = "\(remote.host)/\(remote.path) did not take the branch: "
    reason += refused.map(String.init) ?? fatal ?? words.last ?? "git ended with status \(answer.status)"
    if !remarks.isEmpty { reason += " (\(remarks.joined(separator: "; ")))" }
    // An address may hold a password.
    return plain(reason.replacing(remote.url, with: "\(remote.host)/\(remote.path)"))
  }

  private func existing(_ tool: RequestTool, _ remote: RemoteRepository, _ branch: String) async throws -> String? {
    let answer = try await ask(tool, tool.listArguments(remote, branch: branch))
    return tool.existing(in: answer)
  }

  private func create(
    _ draft: PullRequestDraft, _ tool: RequestTool, _ remote: RemoteRepository, base: String?
  ) async throws -> String {
    var base = base
    if base == nil, let arguments = tool.defaultBranchArguments(remote) {
      let answer = try await ask(tool, arguments)
      base = (try? JSONValue(parsing: Array(answer.utf8)))?["default_branch"]?.string
    }
    let text = PullRequestDraftText(title: Self.title(draft.title), body: Self.body(draft.body))
    let (arguments, input) = tool.create(text, remote, branch: draft.branch, base: base, isDraft: settings.isDraft)
    let answer = try await ask(tool, arguments, input: input)
    guard let url = tool.created(in: answer) else {
      throw PullRequestFailure("\(tool.rawValue) did not say where the \(tool.request) is")
    }
    return url
  }

  private func ask(_ tool: RequestTool, _ arguments: [String], input: [UInt8] = []) async throws -> String {
    guard let answer = try await runner.run(tool, arguments, input: input, within: Self.toolLimit) else {
      throw PullRequestFailure(
        "\(tool.rawValue) took longer than \(Self.toolLimit.milliseconds / 1000) s and was ended")
    }
    guard answer.status == 0 else {
      let words = (answer.diagnostics + "\n" + answer.output).split(separator: "\n").first.map(String.init)
      throw PullRequestFailure(
        Self.plain("\(tool.rawValue) ended with \(answer.status): \(words ?? "it said nothing")"))
    }
    return answer.output
  }

  // MARK: Words

  /// One line without what steers a terminal.
  static func plain(_ text: String) -> String {
    clean(text.replacing("\n", with: " ")).bounded(longestReason)
  }

  static func title(_ text: String) -> String {
    let title = clean(text.replacing("\n", with: " ")).bounded(200)
    return title.allSatisfy(\.isWhitespace) ? "Work by an agent" : title
  }

  /// GitHub takes 65,536 characters.
  static func body(_ text: String) -> String { clean(text).bounded(60_000) }

  private static func clean(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar == "\n" || scalar == "\t": clean.append(scalar)
      case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: clean.append(" ")
      default: clean.append(scalar)
      }
    }
    return String(clean)
  }
}

package enum RepositoryNames {
  /// A remote's name that is no option and no key of another kind.
  package static func isRemote(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasPrefix(".")
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
  }

  /// A branch's name that is no option, no revision and nothing that steers what reads it.
  static func isBranch(_ name: String) -> Bool {
    guard (1...200).contains(name.utf8.count), !name.hasPrefix("-"), !name.hasPrefix("/"), !name.hasSuffix("/"),
      !name.hasSuffix(".lock"), !name.hasSuffix("."), !name.contains(".."), !name.contains("//"), !name.contains("@{")
    else { return false }
    return name.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
      default: !"~^:?*[\\".unicodeScalars.contains(scalar)
      }
    }
  }
}
