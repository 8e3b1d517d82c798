import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel

struct DispatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispatch", abstract: "Hand work to the agents; prints run ids.",
    discussion: """
      The work is a TITLE with an optional --prompt, or contracts from a file: canonical JSON (an object, an array or \
      JSON lines) or GitHub issues as `gh issue list --json number,title,body,labels,url,state` prints them. The other \
      options apply to each contract.

      The repository is that of --repo, else the contract's, else the git repository you stand in.
      """)

  @Argument(help: "What is to be done, in one line.")
  var title: String?
  @Option(help: "What the agent is told; the title if it is left out.")
  var prompt: String?
  @Option(
    help: ArgumentHelp("Take contracts from this file; - is standard input.", valueName: "file"),
    completion: .file())
  var file: String?
  @Option(help: "Pin a runtime; several make one run each of the same contract.")
  var runtime: [String] = []
  @Option(help: "A capability that the runtime must have; may be repeated.")
  var needs: [Capability] = []
  @Option(help: ArgumentHelp("The git repository to work on.", valueName: "dir"), completion: .directory)
  var repo: String?
  @Option(help: ArgumentHelp("The commit or branch to begin at (default: HEAD).", valueName: "ref"))
  var base: String?
  @Option(help: "1 to 1000, higher first (default: 100).")
  var priority: Int?
  @Option(help: "A label, which also says how risky the work is; may be repeated.")
  var label: [String] = []
  @Option(help: "low, medium, high or critical; the labels' own counts when it is higher.")
  var risk: Contract.Risk?
  @Option(help: ArgumentHelp("A command that must succeed in the end; may be repeated.", valueName: "command"))
  var verify: [String] = []
  @Option(help: "Make this many contracts of each.")
  var count = 1
  @Flag(help: "Follow the runs to their end; exit 1 if any did not succeed.")
  var wait = false
  @Flag(help: "Say where it would go and why, and do nothing.")
  var dryRun = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if file != nil, title != nil || prompt != nil {
      throw ValidationError("Give either a TITLE (and --prompt) or --file, not both.")
    }
    if file == nil, (title ?? prompt ?? "").allSatisfy(\.isWhitespace) {
      throw ValidationError("Say what is to be done: flightdeck dispatch \"TITLE\", or --file FILE.")
    }
    if let priority, !(1...1000).contains(priority) { throw ValidationError("--priority must be from 1 to 1000.") }
    if !(1...100_000).contains(count) { throw ValidationError("--count must be from 1 to 100000.") }
    if dryRun, wait { throw ValidationError("--dry-run starts nothing that --wait could wait for.") }
  }

  func run() async throws {
    let work = DispatchRequest(
      contracts: try contracts(workingFolder: FileManager.default.currentDirectoryPath),
      runtimes: runtime.map { RuntimeID($0) }, count: count, dryRun: dryRun,
      idempotencyKey: dryRun ? nil : ULIDGenerator().next().description)
    let succeeded = try await link.withClient { client in
      var outcomes = try await client.dispatch(work)
      if dryRun {
        show(outcomes, of: work.contracts)
        return true
      }
      let runs = outcomes.compactMap(\.runId)
      if !output.json { for run in runs { Console.print(run.description) } }
      for outcome in outcomes { noteTrouble(outcome) }
      guard wait else {
        if output.json { Console.print(outcomes) }
        return true
      }
      let ended = try await FollowToEnd.follow(runs, client)
      let words = RunWords(utf8: Surroundings.present.isUTF8, now: .now)
      for run in ended {
        for place in outcomes.indices where outcomes[place].runId == run.runId {
          outcomes[place].status = run.status
          outcomes[place].runtimeId = run.runtimeId
        }
        if !output.json {
          let reason = run.reason.map { ": " + Plain.line($0) } ?? ""
          Console.print("\(words.status(run))  \(run.runId.shortName)  \(Plain.line(run.title))\(reason)")
        }
      }
      if output.json { Console.print(outcomes) }
      return ended.allSatisfy { $0.status == .succeeded }
    }
    if !succeeded { throw ExitCode(ExitStatus.failed) }
  }

  /// A run that waits for a runtime to be mended is not to wait unnoticed.
  private func noteTrouble(_ outcome: DispatchOutcome) {
    guard let run = outcome.runId else { return }
    for wait in outcome.decision.waitsFor.map({ WaitReason($0) }) where wait.kind == .health {
      Console.note(Plain.line("\(run.shortName) \(wait.sentence)"))
    }
  }

  private func show(_ outcomes: [DispatchOutcome], of contracts: [Contract]) {
    if output.json { return Console.print(outcomes.map(\.decision)) }
    let surroundings = Surroundings.present
    // One contract's runs come one after the other, and as many of each.
    let each = max(1, outcomes.count / max(1, contracts.count))
    for (place, outcome) in outcomes.enumerated() {
      Console.print(Plain.line(outcome.title))
      if contracts.indices.contains(place / each) { Console.print("  " + Self.riskWords(contracts[place / each])) }
      Console.print(DecisionWords.lines(outcome.decision, utf8: surroundings.isUTF8).joined(separator: "\n"))
    }
  }

  /// How risky it is, and by what.
  static func riskWords(_ contract: Contract) -> String {
    var contract = contract
    let own = contract.risk
    let found = RiskRules.classify(contract.labels)
    contract.classify()
    let risk = contract.risk ?? found.risk
    let why =
      own.map { $0 > found.risk } == true
      ? "its own" : found.taskClass == "general_task" ? "no label says more" : "by its labels"
    return Plain.line("risk: \(risk.rawValue) (\(contract.taskClass ?? found.taskClass), \(why))")
  }

  /// What is asked for, as contracts with the options applied.
  func contracts(workingFolder: String) throws -> [Contract] {
    var contracts: [Contract]
    if let file {
      contracts = try ContractIntake.parse(try WholeFile.read(file)).map(\.contract)
      if contracts.isEmpty { throw Problem(.invalid, "\(file) holds no contract and no open issue.") }
    } else {
      let first = prompt?.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
      var contract = Contract(title: title ?? String(first.prefix(80)))
      contract.prompt = prompt
      contracts = [contract]
    }
    let top = Self.gitTopLevel(of: workingFolder)
    for place in contracts.indices {
      if let priority { contracts[place].priority = priority }
      if let base { contracts[place].base = base }
      for label in self.label where !contracts[place].labels.contains(label) { contracts[place].labels.append(label) }
      if let risk { contracts[place].risk = max(contracts[place].risk ?? risk, risk) }
      contracts[place].verify += verify
      for need in needs where !contracts[place].requires.contains(need) { contracts[place].requires.append(need) }
      if let repository = repo ?? contracts[place].repository {
        contracts[place].repository = Paths.absolute(repository, in: workingFolder)
      } else {
        contracts[place].repository = top
      }
    }
    return contracts
  }

  /// The nearest folder upwards that holds `.git`, which is a file in a worktree.
  static func gitTopLevel(of folder: String) -> String? {
    var folder = folder
    while true {
      if FileManager.default.fileExists(atPath: folder == "/" ? "/.git" : folder + "/.git") { return folder }
      if folder == "/" { return nil }
      folder = Paths.parent(of: folder)
    }
  }
}
