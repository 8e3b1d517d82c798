import Glibc
import RunClient
import RunModel

/// From the command to the first screen: 10,000 runs, 10,000 commits, 10,000 lines, the processes of this machine.
func startBeside(_ workshop: Workshop) async throws -> Comparison {
  let state = try workshop.makeFolder("start")
  let runs = SampleRuns.runs(10_000)
  try await storeRuns(runs, in: state)
  let orchestrator = try OrchestratorProcess(workshop, state: state, configuration: "")
  defer { orchestrator.stop() }
  let names = runs.suffix(60).map { Array($0.runId.shortName.utf8) }
  let history = try workshop.makeHistory("history", commits: 10_000)
  let log = try workshop.write(
    (0..<10_000).map { "2026-11-22T12:00:00.000Z INFO line \($0) of a quiet service\n" }.joined(), to: "start.log")
  return try compare(
    "start", workshop, in: history,
    ours: {
      let start = ContinuousClock.now
      let screen = try Screen(workshop, ["--state", state])
      defer { screen.stop() }
      try screen.wait(forAny: names)
      return start.duration(to: .now).inMilliseconds
    },
    [
      Rival(program: "tig", command: "tig", done: "change 9999"),
      Rival(program: "htop", command: "htop", done: "PID"),
      Rival(program: "lnav", command: "lnav '\(log)'", done: "quiet service"),
      Rival(program: "less", command: "less '\(log)'", done: "quiet service"),
    ])
}

/// A diff of a million lines: from the key to its first lines, and from `G` to its last. For the others, whose key is
/// their command, the first time holds their start.
func diffBeside(_ workshop: Workshop) async throws -> [Comparison] {
  let first = "value0"
  let last = "value497"
  let bytes = millionLines()
  let file = try workshop.write(String(decoding: bytes, as: UTF8.self), to: "million.diff")
  let runs = SampleRuns.runs(10)
  let service = SyntheticService(runs: runs, rate: 0, patch: bytes)
  return try await service.whileServing(on: workshop.folder + "/beside.sock") { address in
    let screen = try Screen(workshop, ["--connect", address.description])
    defer { screen.stop() }
    let open = try compare(
      "open a diff, 1M lines", workshop, in: workshop.folder, rounds: 5,
      ours: {
        try screen.wait(for: "(#1")
        screen.read(for: .milliseconds(300))
        screen.forget()
        let start = ContinuousClock.now
        screen.press("d")
        try screen.wait(forPainted: "value0")
        let time = start.duration(to: .now).inMilliseconds
        screen.read(for: .seconds(2))
        screen.forget()
        screen.press("q")
        return time
      },
      [
        Rival(program: "less", command: "less '\(file)'", done: first),
        Rival(program: "tig", command: "tig < '\(file)'", done: first),
        Rival(program: "lnav", command: "lnav '\(file)'", done: first),
      ])
    screen.read(for: .milliseconds(300))
    screen.press("d")
    try screen.wait(forPainted: "value0")
    screen.read(for: .seconds(2))
    let end = try compare(
      "its last line (G)", workshop, in: workshop.folder, rounds: 5,
      ours: {
        screen.press("g")
        screen.read(for: .milliseconds(500))
        screen.forget()
        let start = ContinuousClock.now
        screen.press("G")
        try screen.wait(forPainted: "value497")
        return start.duration(to: .now).inMilliseconds
      },
      [
        Rival(program: "less", command: "less '\(file)'", keys: "G", ready: first, done: last),
        Rival(program: "tig", command: "tig < '\(file)'", keys: "G", ready: first, done: last),
        Rival(program: "lnav", command: "lnav '\(file)'", keys: "G", ready: first, done: last),
      ])
    return [open, end]
  }
}

/// A hundred thousand lines written at once to what is being followed: until the last of them shows. Ours come from an
/// agent and are stored before they show.
func floodBeside(_ workshop: Workshop) async throws -> Comparison {
  let state = try workshop.makeFolder("flood")
  let pipe = workshop.folder + "/flood.fifo"
  guard mkfifo(pipe, 0o600) == 0 else { throw Problem(.unavailable, "No FIFO can be made at \(pipe).") }
  let orchestrator = try OrchestratorProcess(
    workshop, state: state,
    configuration: """
      runtimes:
        - id: local
          kind: local
          command: [cat, "\(pipe)"]
          stdin: none
      """)
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  var contract = Contract(title: "Say what you are told")
  contract.repository = try workshop.makeRepository("flooded")
  var work = DispatchRequest(contracts: [contract])
  work.runtimes = ["local"]
  guard let run = try await client.dispatch(work).first?.runId else {
    throw Problem(.internal, "The dispatch made no run.")
  }
  let agent = try openWriter(pipe)
  defer { close(agent) }
  let ours = try Screen(workshop, ["--state", state])
  defer { ours.stop() }
  try ours.wait(for: run.shortName)
  ours.press("\r")
  ours.read(for: .milliseconds(500))
  ours.press("2")
  ours.read(for: .milliseconds(500))

  let file = try workshop.write("the beginning\n", to: "flood.log")
  let log = open(file, O_WRONLY | O_APPEND | O_CLOEXEC)
  defer { close(log) }
  var followers: [(name: String, screen: Screen?)] = []
  for (program, command) in [
    ("less", "less +F '\(file)'"), ("lnav", "lnav '\(file)'"), ("tail", "tail -f '\(file)'"),
  ] {
    let rival = Rival(program: program, command: command, done: "the beginning")
    guard rival.isInstalled else {
      followers.append((program, nil))
      continue
    }
    let screen = try Screen(workshop, program: "/bin/sh", ["-c", "exec \(command)"], folder: workshop.folder)
    try screen.wait(forPainted: "the beginning")
    screen.read(for: .milliseconds(500))
    if program == "lnav" { screen.press("G") }
    followers.append((program, screen))
  }
  defer { for follower in followers { follower.screen?.stop() } }

  var own: [Double] = []
  var theirs: [[Double]] = Array(repeating: [], count: followers.count)
  for round in 0..<5 {
    let marker = "END-OF-ROUND-\(round)"
    let lines = Array(
      ((0..<100_000).map { "\(round) line \($0) of a very talkative agent\n" }.joined() + marker + "\n").utf8)
    // One after the other, so that none takes another's time.
    own.append(try lag(marker, on: ours) { send(lines, to: agent) })
    for (place, follower) in followers.enumerated() {
      guard let screen = follower.screen else { continue }
      let own = place == 0 ? lines : lines + Array("again\n\(marker)-\(place)\n".utf8)
      theirs[place].append(try lag(place == 0 ? marker : "\(marker)-\(place)", on: screen) { send(own, to: log) })
    }
  }
  await client.shutdown()
  return Comparison(
    task: "follow 100,000 lines", ours: own.median,
    others: zip(followers, theirs).map { ($0.name, $1.isEmpty ? nil : $1.median) })
}

/// From the first byte sent to the marker on the screen. The sender is a thread of its own, as a pipe holds little.
private func lag(_ marker: String, on screen: Screen, _ send: @escaping @Sendable () -> Void) throws -> Double {
  screen.read(for: .milliseconds(500))
  screen.forget()
  let start = ContinuousClock.now
  let sending = Task { send() }  // ends with the last byte
  try screen.wait(forPainted: marker, seconds: 120)
  _ = sending
  return start.duration(to: .now).inMilliseconds
}

private func send(_ bytes: [UInt8], to descriptor: Int32) {
  var sent = 0
  while sent < bytes.count {
    let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { sent += count }
    if count < 0, errno != EINTR, errno != EAGAIN { return }
    if count < 0, errno == EAGAIN { usleep(200) }
  }
}
