import DashboardUI
import Foundation
import RunModel
import TerminalKit
import TestSupport
import Testing

@testable import flightdeck

/// An orchestrator that says one text wherever a text can be said.
private struct HostileServer {
  let text: String

  var run: Run {
    Samples.run { run in
      run.title = text
      run.externalRef = text
      run.runtimeId = RuntimeID(text)
      run.runtimeSessionId = text
      run.labels = [text]
      run.waitsFor = [text]
      run.branch = text
      run.base = text
      run.worktree = text
      run.commit = text
      run.reason = text
      run.activity = text
      run.attention = Attention(attentionId: text, question: text, options: [text, "b"], since: Samples.time)
      run.attention?.detail = AttentionDetail(
        title: text, command: text, paths: [text], diff: text, choices: [.allowOnce, .other])
      run.plan = [PlanEntry(text)]
      run.remembered = [PermissionRule(.allow, paths: [text], commands: [text], titles: [text], rememberedFrom: text)]
      run.cancellation = Cancellation(by: text, reason: text, force: false, requestedAt: Samples.time)
      run.proof = CancelProof(confirmedAt: Samples.time, processes: 1, killed: 0, commit: text)
    }
  }

  var detail: RunDetail {
    var contract = Contract(title: text)
    contract.prompt = text
    contract.acceptanceCriteria = [.init(id: text, text: text)]
    contract.repository = text
    contract.base = text
    contract.verify = [text]
    contract.externalURL = text
    contract.labels = [text]
    contract.metadata = ["x": .string(text)]
    return RunDetail(run: run, contract: contract, decision: decision, mergeCommand: text)
  }

  var decision: RoutingDecision {
    RoutingDecision(
      runtimeId: RuntimeID(text), considered: [.init(runtimeId: RuntimeID(text), eligible: true, reasons: [text])])
  }

  var artifacts: Artifacts {
    Artifacts(
      filesChanged: [text], diffSummary: text, commandsRun: [text],
      testsRun: [TestRecord(name: text, status: .failed, durationMilliseconds: 1, output: text)], handoffNote: text,
      prURL: text, evidence: .string(text))
  }

  var runtime: RuntimeSummary {
    RuntimeSummary(
      runtimeId: RuntimeID(text), kind: text, capabilities: RuntimeCapabilities(maxParallelTasks: 1), health: .lost,
      healthReason: text, slotsUsed: 0)
  }

  var event: RunEvent {
    RunEvent(
      seq: 7, type: EventType(rawValue: text), run: Samples.id, time: Samples.time,
      data: ["text": .string(text), text: 1])
  }

  var record: AuditRecord {
    var record = AuditRecord(actorType: text, eventType: text, createdAt: Samples.time, runtimeProvider: text)
    record.seq = 1
    record.rationale = text
    record.actorId = text
    record.eventData = .string(text)
    return record
  }

  func start(failing: Bool = false) -> ScriptedServer {
    ScriptedServer { call, answer in
      if failing {
        let problem: JSONValue = [
          "type": "about:blank", "title": .string(text), "status": 409, "detail": .string(text), "code": "conflict",
          "member": .string(text),
        ]
        return answer.json(problem.jsonText, status: 409, type: "application/problem+json")
      }
      let run = "/v1/runs/\(Samples.id)"
      switch (call.method, call.path) {
      case ("POST", "/v1/runs"):
        answer.json(
          [
            DispatchOutcome(
              runId: Samples.id, contractId: Samples.contract, title: text, status: .queued, runtimeId: RuntimeID(text),
              decision: decision)
          ].jsonText)
      case ("GET", "/v1/runs"): answer.json("{\"runs\":[\(self.run.jsonText)],\"next\":null}")
      case ("POST", _): answer.json(self.run.jsonText)
      case (_, run): answer.json(detail.jsonText)
      case (_, run + "/artifacts"): answer.json(artifacts.jsonText)
      case (_, run + "/diff"): answer.json(text, type: "text/x-diff")
      case (_, "/v1/runtimes"): answer.json([runtime].jsonText)
      case (_, "/v1/audit"): answer.json(record.json.jsonText + "\n", type: "application/x-ndjson")
      case (_, "/v1/snapshot"): answer.json(Snapshot(seq: 9, runs: [self.run], runtimes: [runtime]).jsonText)
      case (_, "/v1/events") where call.head.contains("ndjson"):
        answer.json(event.jsonText + "\n", type: "application/x-ndjson")
      case (_, "/v1/events"): answer.json(Samples.frame(event), type: "text/event-stream")
      default: answer.json("{\"status\":\"ok\",\"version\":\"\"}")
      }
    }
  }
}

@Suite("What is printed of what is hostile")
struct HostileOutputTests {
  private static let commands: [[String]] = [
    ["runs"], ["show", "FAV"], ["artifacts", "FAV"], ["artifacts", "FAV", "--files"],
    ["artifacts", "FAV", "--handoff"],
    ["runtimes"], ["audit", "verify"], ["cancel", "FAV", "--reason", "r"], ["answer", "FAV", "--text", "x"],
    ["answer", "FAV", "--option", "c"], ["approve", "FAV", "--why", "w"], ["reject", "FAV", "--why", "w"],
    ["dispatch", "t", "--dry-run"], ["dispatch", "t"], ["retry", "FAV"],
  ]
  private static let values: [[String]] = [
    ["runs", "--json"], ["show", "FAV", "--json"], ["artifacts", "FAV", "--json"],
    ["artifacts", "FAV", "--files", "--json"],
    ["artifacts", "FAV", "--handoff", "--json"], ["artifacts", "FAV", "--diff", "--json"], ["runtimes", "--json"],
    ["events"], ["audit", "export"], ["cancel", "FAV", "--reason", "r", "--json"],
    ["dispatch", "t", "--dry-run", "--json"],
    ["answer", "FAV", "--text", "x", "--json"],
  ]
  private static let screens: [[String]] = ["text", "ansi", "svg", "html"].flatMap { format in
    ["runs", "runtimes", "queue", "audit"].map { ["--once", "--screen", $0, "--size", "200x50", "--format", format] }
  }

  /// All steering and hiding in a few texts: the sanitiser's own tests go through every case.
  static let texts: [String] = {
    let step = HostileText.samples.count / 2
    return stride(from: 0, to: HostileText.samples.count, by: max(1, step)).map { HostileText.samples[$0] } + [
      "\u{1B}]52;c;eA==\u{07}\u{9B}2J\u{202E}\u{7F}\u{E0041}'; touch /tmp/x; '\u{2028}<script>\u{1B}[201~\n"
    ]
  }()

  private func run(_ arguments: [String], _ server: ScriptedServer) async throws -> Program.Ending {
    let program = Program()
    defer { program.remove() }
    return try await program.run(
      arguments.map { $0 == "FAV" ? Samples.id.description : $0 } + ["--connect", "unix:\(server.path)"],
      environment: ["COLORTERM": "truecolor", "TERM": "xterm-256color", "CLICOLOR_FORCE": "1"])
  }

  @Test(
    "No command prints what a terminal would obey, on either stream, nor when it is refused", arguments: texts.indices)
  func plain(number: Int) async throws {
    let source = HostileServer(text: Self.texts[number])
    for failing in [false, true] {
      let server = source.start(failing: failing)
      // One run of each is enough for how failures are told.
      for command in failing ? Array(Self.commands.prefix(4)) : Self.commands {
        let ending = try await run(command, server)
        #expect(TerminalChecker.objection(to: ending.output.utf8, .colours) == nil, "\(command)")
        #expect(TerminalChecker.objection(to: ending.diagnostic.utf8, .colours) == nil, "\(command)")
      }
    }
  }

  @Test("JSON is the same values, in letters that a terminal only prints", arguments: texts.indices)
  func json(number: Int) async throws {
    let source = HostileServer(text: Self.texts[number])
    let server = source.start()
    for command in Self.values {
      let ending = try await run(command, server)
      #expect(ending.status == 0, "\(command): \(ending.diagnostic)")
      #expect(TerminalChecker.objection(to: ending.output.utf8) == nil, "\(command)")
      let value = try JSONValue(parsing: ending.output)
      switch command.joined(separator: " ") {
      case "runs --json": #expect(value.array?.first == (try JSONValue(parsing: source.run.jsonBytes)))
      case "show FAV --json": #expect(value["contract"]?["prompt"]?.string == source.text)
      case "artifacts FAV --json": #expect(value == (try JSONValue(parsing: source.artifacts.jsonBytes)))
      case "artifacts FAV --diff --json": #expect(value.string == source.text)
      case "events": #expect(value == (try JSONValue(parsing: source.event.jsonBytes)))
      case "audit export": #expect(value == source.record.json)
      default: break
      }
    }
  }

  @Test("A screen printed once holds nothing but what we write ourselves", arguments: texts.indices)
  func once(number: Int) async throws {
    let server = HostileServer(text: Self.texts[number]).start()
    for command in Self.screens {
      let ending = try await run(command, server)
      #expect(ending.status == 0, "\(command): \(ending.diagnostic)")
      let allowed: TerminalChecker.Allowed = command.last == "ansi" ? .coloursAndLinks : .nothing
      #expect(TerminalChecker.objection(to: ending.output.utf8, allowed) == nil, "\(command)")
    }
  }

  @Test("A patch goes into a pipe byte for byte, and onto a terminal made safe")
  func diff() async throws {
    let text = "+\u{1B}]0;owned\u{07}\u{9B}2J\u{202E}x\n"
    let server = HostileServer(text: text).start()
    #expect(try await run(["artifacts", "FAV", "--diff"], server).output == text)
    let folder = Program()
    defer { folder.remove() }
    let terminal = try PseudoTerminal(
      [Program.path, "artifacts", Samples.id.description, "--diff", "--connect", "unix:\(server.path)"],
      environment: ["HOME": folder.folder, "XDG_RUNTIME_DIR": folder.folder])
    #expect(try terminal.waitExit() == .exited(0))
    #expect(TerminalChecker.objection(to: terminal.raw, .init(carriageReturn: true)) == nil)
    #expect(terminal.oscs == [])
  }

  @Test("A live dashboard stays what it is: no title, no mode, no command of anybody else's")
  func live() async throws {
    let text = HostileText.packed(
      HostileText.short.filter { $0.bytes.contains(0x1B) && $0.bytes.contains(0x5D) }, width: 2000)[0]
    let server = HostileServer(text: text).start()
    let folder = Program()
    defer { folder.remove() }
    let terminal = try PseudoTerminal(
      [Program.path, "--connect", "unix:\(server.path)"], rows: 40, columns: 160,
      environment: ["HOME": folder.folder, "XDG_RUNTIME_DIR": folder.folder])
    try terminal.wait(forText: "␛]")
    for keys in ["\r", "2", "3", "4", "\u{1B}", "1", "a"] { terminal.send(keys) }
    try terminal.wait("the question") {
      (0..<40).contains { terminal.line($0).contains("answer") } || terminal.altScreen
    }
    #expect(terminal.altScreen)
    #expect(terminal.oscs.allSatisfy { $0.hasPrefix("11;") || $0.hasPrefix("8;") })
    let hurts = [
      "\u{1B}]0;", "\u{1B}]2;", "\u{1B}]52;", "\u{1B}]9;", "\u{1B}P", "\u{1B}_", "\u{1B}^", "\u{1B}X", "\u{9B}",
      "\u{9D}",
    ]
    let written = String(decoding: terminal.raw, as: UTF8.self)
    for mark in hurts { #expect(!written.contains(mark), "\(mark.debugDescription)") }
    terminal.signal(SIGTERM)
    _ = try terminal.waitExit()
  }

  @Test(
    "An option to be copied into a shell is one word of it, or is not offered",
    arguments: [
      ("yes", "--option 'yes'"), ("yes'; touch x; '", "--option 'yes'\\''; touch x; '\\'''"), ("-f", "--option='-f'"),
      ("$(x) `y` \\", "--option '$(x) `y` \\'"), ("a\nb", nil), ("a\u{1B}[2J", nil), ("a\u{202E}b", nil),
      ("a\u{200B}", nil),
    ] as [(String, String?)])
  func option(option: String, shown: String?) { #expect(AttentionSheet.option(option) == shown) }

  @Test("A notification's command finds lines that are safe to print, of a length that a system takes")
  func notification() {
    for text in Self.texts + [String(repeating: "\u{1B}x", count: 1 << 19)] {
      let facts = Notifier.facts(RunNotification(kind: .attention, runs: [HostileServer(text: text).run]), place: text)
      #expect(facts["FLIGHTDECK_TITLE"] != nil)
      for (name, fact) in facts {
        #expect(TerminalChecker.objection(to: fact.utf8) == nil && !fact.contains("\n"), "\(name)")
        #expect(fact.utf8.count < 64_000, "\(name)")
      }
    }
  }

  @Test("The editor is given files of the worktree, and nothing that a path or a link leads to")
  func editor() throws {
    let folder = Program()
    defer { folder.remove() }
    let files = FileManager.default
    let top = folder.folder + "/top"
    try files.createDirectory(atPath: top + "/sub/.git", withIntermediateDirectories: true)
    for name in [
      "secret", "top/file", "top/--help", "top/sub/deep", "top/sub/.git/config", "top/+100", "top/two\nlines",
    ] {
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder.folder + "/" + name))
    }
    for (link, target) in [
      ("out", "../secret"), ("parent", ".."), ("zero", "/dev/zero"), ("in", "file"), ("loop", "loop"),
    ] {
      try files.createSymbolicLink(atPath: top + "/" + link, withDestinationPath: target)
    }
    mkfifo(top + "/pipe", 0o600)
    for path in ["file", "--help", "+100", "sub/deep", "two\nlines"] {
      #expect(try Editor.file(path, in: top) == top + "/" + path)
    }
    for path in [
      "../secret", "/etc/passwd", "sub/../../secret", "sub/./deep", "", "sub", "sub/", "out", "parent/secret", "zero",
      "in",
      "loop", "pipe", "sub/.git/config", "sub/.GIT/config", "none", "file/x", "file\u{0}x",
    ] { #expect(throws: Problem.self, "\(path)") { try Editor.file(path, in: top) } }
  }

  @Test("A saved screen goes through no link and over no file")
  func saving() throws {
    let folder = Program()
    defer { folder.remove() }
    let files = FileManager.default
    try Data("precious".utf8).write(to: URL(fileURLWithPath: folder.folder + "/victim"))
    for (link, target) in [("link", "victim"), ("dangling", "none")] {
      try files.createSymbolicLink(atPath: "\(folder.folder)/\(link)", withDestinationPath: target)
    }
    for name in ["link", "dangling", "victim"] {
      #expect(throws: Problem.self, "\(name)") {
        try ScreenFile.save(
          Frame(size: Size(width: 2, height: 1)), as: .text, to: "\(folder.folder)/\(name)", depth: .none,
          colors: CanvasColors())
      }
    }
    #expect(files.contents(atPath: folder.folder + "/victim") == Data("precious".utf8))
    #expect(!files.fileExists(atPath: folder.folder + "/none"))
  }
}
