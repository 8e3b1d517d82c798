import FoundationEssentials
import Glibc
import RunModel
import RuntimeAdapters

/// Everything the tour uses, in one temporary folder.
struct DemoFolder {
  private let path: String
  var repository: String { path + "/shop" }

  /// Whether a person looks on: the simulated runs then take their time, so that there is something to cancel and answer.
  private let isWatched: Bool

  init(isWatched: Bool) throws {
    self.isWatched = isWatched
    var template = Array((FileManager.default.temporaryDirectory.path + "/flightdeck-demo-XXXXXX").utf8CString)
    guard let made = mkdtemp(&template) else {
      throw Problem(.unavailable, "No temporary folder could be made: \(String(cString: strerror(errno))).")
    }
    path = String(cString: made)
    do {
      try write("agent.sh", Self.agent)
      try write("config.yaml", configuration)
      for (name, text) in Self.project { try write("shop/" + name, text) }
      try git("init", "--quiet", "--initial-branch=main")
      try git("add", "--all")
      try git(
        "-c", "user.name=Flightdeck demo", "-c", "user.email=demo@localhost", "commit", "--quiet",
        "--message=A small shop")
    } catch {
      remove()
      throw error
    }
  }

  func remove() {
    // What cannot be removed lies in the system's folder for temporary files.
    try? FileManager.default.removeItem(atPath: path)
  }

  func paths() throws(Problem) -> Paths {
    try Paths(
      environment: ProcessInfo.processInfo.environment, state: path + "/state", configuration: path + "/config.yaml")
  }

  /// Real edits and tests by the local runtime, with simulated runs beside them.
  var contracts: [Contract] {
    var contracts: [Contract] = []
    for (title, verify) in [
      ("Reject empty orders", "sh test.sh"), ("Round prices to whole cents", "sh test.sh"),
      ("Document the order format", "test -s docs/orders.md"),
    ] {
      var contract = Contract(title: title)
      contract.runtime = "local"
      contract.repository = repository
      contract.verify = [verify]
      contract.priority = 200
      contract.acceptanceCriteria = [.init(id: "AC-1", text: "The check below passes")]
      contract.metadata["criteria"] = ["AC-1": .string(verify)]
      contracts.append(contract)
    }
    for title in [
      "Add retry logic to the entitlement webhook", "Fix checkout validation on mobile", "Write API docs for /reveal",
      "Add rate limiting to the public API", "Migrate user preferences to Postgres", "Bump the TLS floor",
      "Cache product images at the edge", "Show tax per line on invoices", "Trim the start-up of the worker",
      "Translate the mails into Japanese (日本語)",
    ] {
      var contract = Contract(title: title)
      contract.runtime = "simulated"
      contracts.append(contract)
    }
    return contracts
  }

  private var configuration: String {
    """
    runtimes:
      - id: local
        kind: local
        command: [sh, "\(path)/agent.sh", "{title}"]
        maxParallelTasks: 2
      - id: simulated
        kind: simulated
        maxParallelTasks: 4
        medianSeconds: \(isWatched ? 40 : 6)
        maxSeconds: \(isWatched ? 120 : 14)
        attentionRate: 0.3
        failureRate: 0.15
    """
  }

  private func write(_ name: String, _ text: String) throws(Problem) {
    let file = URL(fileURLWithPath: path + "/" + name)
    do {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    } catch {
      throw Problem(.unavailable, "Cannot write \(file.path): \(error)")
    }
  }

  private func git(_ arguments: String...) throws(Problem) {
    var words = (["git", "-C", repository] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    // Started from a hook, the environment names another repository.
    let known = ProcessInfo.processInfo.environment.filter { !Git.repositoryVariables.contains($0.key) }
    var variables = known.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for variable in variables { free(variable) } }
    let result = posix_spawnp(&child, "git", nil, nil, &words, &variables)
    guard result == 0 else { throw Problem(.unavailable, "git could not be started. Install it: apt-get install git") }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw Problem(.unavailable, "git \(arguments.first ?? "") failed in \(repository).") }
  }

  private static let project = [
    "order.sh": """
    # total PRICE QUANTITY: the price of an order line
    total() {
      awk -v price="$1" -v quantity="$2" 'BEGIN { print price * quantity }'
    }

    # accept QUANTITY: whether an order is taken
    accept() {
      return 0
    }
    """ + "\n",
    "test.sh": """
    . ./order.sh
    [ "$(total 2 3)" = 6 ] || { echo "total 2 3 is not 6"; exit 1; }
    accept 1 || { echo "an order of 1 is refused"; exit 1; }
    echo "2 passed"
    """ + "\n",
    "README.md": "# Shop\n\nA shop in a shell, for a tour.\n",
  ]

  /// An agent that nobody trained: it edits real files, commits once, and leaves a note.
  private static let agent = """
    # The agent of the tour: real edits in a real worktree, at a pace that a person can follow.
    say() { printf '{"awf":"progress","progress":%s,"message":"%s"}\\n' "$1" "$2"; sleep 1; }
    edit() { printf '{"awf":"tool","name":"edit","target":"%s","summary":"%s"}\\n' "$1" "$2"; sleep 1; }
    echo "Reading the project: $(ls | tr '\\n' ' ')"
    say 0.1 "reading"
    case $1 in
      *empty*)
        say 0.3 "accept takes any quantity"
        sed -i 's/^  return 0/  [ "$1" -gt 0 ]/' order.sh
        edit order.sh "+1 -1"
        echo 'if accept 0; then echo "an empty order is taken"; exit 1; fi' >> test.sh
        edit test.sh "+1"
        ;;
      *cents*)
        say 0.3 "prices are floating point"
        sed -i 's/print price \\* quantity/printf "%.2f", price * quantity/' order.sh
        edit order.sh "+1 -1"
        sed -i 's/= 6 \\]/= 6.00 ]/' test.sh
        edit test.sh "+1 -1"
        git -c user.name=agent -c user.email=agent@localhost commit --quiet --all --message="Round to cents"
        ;;
      *)
        say 0.4 "writing"
        mkdir -p docs
        printf '# Orders\\n\\n| field | meaning |\\n|---|---|\\n| price | of one piece |\\n| quantity | pieces, above 0 |\\n' > docs/orders.md
        edit docs/orders.md "+6"
        git mv README.md docs/README.md
        edit docs/README.md "moved"
        ;;
    esac
    say 0.7 "trying it out"
    sh test.sh
    say 0.9 "writing the note"
    cat > "$FLIGHTDECK_HANDOFF" <<NOTE
    # $1

    Done in the worktree, on its own branch:

    - the change itself
    - the project's tests, which pass

    Next: read the diff, then merge the branch.
    NOTE
    say 1 "done"
    """ + "\n"
}
