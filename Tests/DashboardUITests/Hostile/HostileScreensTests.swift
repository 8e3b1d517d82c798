import Foundation
import FoundationXML
import RunModel
import TerminalKit
import TestSupport
import Testing

@testable import DashboardUI

/// Throws without recording an issue: a field that cannot take the text is none to plant.
private func found<Value>(_ value: Value?) throws -> Value {
  guard let value else { throw Problem(.invalid, "It cannot be read.") }
  return value
}

/// Everything that the dashboard is told, with one text in every field of it that takes a text.
private struct Planted {
  static let run = Planting(
    try! JSONValue(parsing: fullRun.jsonBytes),
    read: { json in try json.jsonBytes.readJSON { reader throws(JSONError) in try Run(from: &reader) } },
    write: { try! JSONValue(parsing: $0.jsonBytes) })
  static let detail = Planting(
    try! JSONValue(parsing: fullDetail.jsonBytes), read: { try RunDetail(parsing: $0.jsonBytes) },
    write: { try! JSONValue(parsing: $0.jsonBytes) })
  static let artifacts = Planting(
    try! JSONValue(parsing: fullArtifacts.jsonBytes), read: { Artifacts(json: $0) },
    write: { try! JSONValue(parsing: $0.jsonBytes) })
  static let runtime = Planting(
    try! JSONValue(parsing: Sample.runtimes[2].jsonBytes), read: { try found(RuntimeSummary(json: $0)) },
    write: { try! JSONValue(parsing: $0.jsonBytes) })
  static let record = Planting(
    Sample.trail.records[1].json, read: { try found(AuditRecord(json: $0)) }, write: { $0.json })

  private static let fullRun: Run = {
    var run = Sample.runs[4]
    run.attention = Sample.runs[3].attention
    run.attention?.detail = AttentionDetail(
      title: "title", command: "command", paths: ["path"], diff: "diff", choices: [.allowOnce, .other, .rejectOnce])
    run.plan = [PlanEntry("plan", .inProgress), PlanEntry("rest")]
    run.remembered = [PermissionRule(.allow, paths: ["in"], commands: ["command"], rememberedFrom: "person")]
    run.labels = ["one", "two"]
    run.waitsFor = ["GH-1"]
    run.reason = "reason"
    run.activity = "activity"
    run.externalRef = "GH-1"
    run.runtimeSessionId = "session"
    run.commit = "commit"
    run.worktree = "/worktree"
    run.cancellation = Sample.runs[2].cancellation
    run.proof = Sample.runs[2].proof
    return run
  }()

  private static let fullDetail: RunDetail = {
    var detail = Sample.detail(fullRun)
    detail.contract.externalURL = "https://example.org/x"
    detail.contract.base = "main"
    detail.contract.taskClass = "class"
    detail.contract.allowedPaths = ["Sources/**"]
    detail.contract.dependsOn = ["GH-2"]
    detail.contract.metadata = ["command": ["a", "b"], "any": ["deep": ["text"]]]
    return detail
  }()

  private static let fullArtifacts: Artifacts = {
    var artifacts = Sample.artifacts
    artifacts.prURL = "https://example.org/pull/1"
    artifacts.evidence = Sample.evidence
    return artifacts
  }()

  let text: String
  let size: Size

  private var first: RunID { Sample.id(5) }

  func state() throws -> DashboardState {
    var state = DashboardState(size: size, now: Sample.now, directory: text)
    _ = state.update(.link(.live))
    var runs = [try Self.run.value(text)]
    for number in 20..<24 {
      var json = try JSONValue(parsing: try Self.run.value(text).jsonBytes).object ?? [:]
      json["runId"] = .string(Sample.id(number).description)
      var run = try JSONValue.object(json).jsonBytes.readJSON { reader throws(JSONError) in try Run(from: &reader) }
      run.status = RunStatus.allCases[number - 20]
      if run.status.isTerminal || run.status == .queued { run.attention = nil }
      runs.append(run)
    }
    _ = state.update(.snapshot(Snapshot(seq: 1000, runs: runs, runtimes: [try Self.runtime.value(text)])))
    return state
  }

  private func events() -> [RunEvent] {
    let types: [EventType] = [
      .output, .tool, .progress, .plan, .message, .attention, .resolved, .artifacts, .started, .usage,
      EventType(rawValue: "awf.runtime.x." + text),
      EventType(rawValue: text),
    ]
    let half = text.index(text.startIndex, offsetBy: text.count / 2)
    return types.enumerated().flatMap { place, type in
      [text, String(text[..<half]), String(text[half...])].enumerated().map { number, part in
        Sample.event(
          UInt64(2000 + place * 3 + number), type, first, -place,
          [
            "text": .string(part), "stream": "stdout", "name": .string(part), "target": .string(part),
            "summary": .string(part), "status": .string(part), "message": .string(part), "question": .string(part),
            "options": [.string(part), "b"], "attentionId": .string(part), "paths": [.string(part)],
            "branch": .string(part),
            "diff": .string(part), "command": .string(part), "title": .string(part), "by": .string(part),
            "entries": [["text": .string(part)]], .init(part): .string(part), "deep": [["x": .string(part)]],
          ])
      }
    }
  }

  private var patch: [UInt8] {
    let name = text.replacing("\n", with: " ")
    return Array(
      ("diff --git a/\(name) b/\(name)\nindex 1..2 100644\n--- a/\(name)\n+++ b/\(name)\n@@ -1,2 +1,3 @@ \(name)\n \(name)\n-\(name)\n"
        + "+\(name)x\n+// \(name) \"\(name)\"\n" + Sample.patch).utf8)
  }

  /// Each screen with what is opened on it.
  func screens() throws -> [(name: String, state: DashboardState)] {
    var screens: [(String, DashboardState)] = []
    let home = try state()
    func add(_ name: String, _ keys: String..., then: (inout DashboardState) throws -> Void = { _ in }) throws {
      var state = home
      for key in keys { state.press(key) }
      try then(&state)
      screens.append((name, state))
    }
    try add("runs")
    try add("runtimes", "2", "enter")
    try add("queue", "3")
    try add("audit", "4") { state in
      _ = state.update(.audit(.latest, AuditPart(records: [try Self.record.value(text)], complaints: [32: text])))
      state.press("v")
    }
    try add("pulse", "5")
    try add("answer", "a")
    try add("message", "M")
    try add("cancel", "x")
    try add("approve", "3", "a")
    try add("palette", ":")
    try add("filter", "/") { state in
      for character in text.prefix(60) { _ = state.update(.input(.key(.character(character)))) }
    }
    try add("paste", "D") { state in _ = state.update(.input(.paste(text))) }
    try add("failed") { state in
      _ = state.update(.failed(Problem(.conflict, text), .cancel(first)))
      _ = state.update(.saved(path: text))
      _ = state.update(.link(.lost(since: Sample.now, nextTry: Sample.now)))
    }
    for tab in RunTab.allCases {
      var state = home
      state.selection = first
      state.openRun(first, tab)
      _ = state.update(.backlog(first, events()))
      _ = state.update(.detail(first, try Self.detail.value(text)))
      _ = state.update(.artifacts(first, try Self.artifacts.value(text)))
      _ = state.update(.patch(first, patch))
      _ = state.update(.runAudit(first, AuditTrail(records: [try Self.record.value(text)], checked: 1)))
      screens.append(("\(tab)", state))
      state.press("j", "enter")
      screens.append(("\(tab) opened", state))
    }
    return screens
  }
}

@Suite("Screens of what is hostile", .serialized)
struct HostileScreensTests {
  /// Every screen with every sample in every form, and megabytes.
  static let isExhaustive = ProcessInfo.processInfo.environment["FLIGHTDECK_EXHAUSTIVE"] != nil

  @Test("The fields that are planted are those that there are")
  func fields() {
    #expect(Planted.run.fields.count >= 20)
    #expect(
      Set(Planted.run.fields).isSuperset(of: ["/title", "/reason", "/branch", "/worktree", "/externalRef", "/labels/0"])
    )
    #expect(Set(Planted.detail.fields).isSuperset(of: ["/contract/prompt", "/contract/verify/0", "/mergeCommand"]))
    #expect(
      Set(Planted.artifacts.fields).isSuperset(of: [
        "/pr_url", "/files_changed/0", "/handoff_note", "/tests_run/0/name",
      ]))
    #expect(Planted.runtime.fields.count >= 3)
    #expect(Planted.record.fields.count >= 5)
  }

  @Test(
    "Each sample in each field of each screen, as text, in colour, as a picture and as a page",
    arguments: HostileText.samples.indices)
  func screens(number: Int) async throws {
    let text = HostileText.samples[number]
    let screens = try Planted(text: text, size: Size(width: 140, height: 40)).screens()
    for (place, screen) in screens.enumerated() {
      // Pictures and pages take long to draw: each screen and each sample has its turn.
      let inAllForms = Self.isExhaustive || (place + number) % 8 == 0
      await Task.yield()
      try check(drawDashboard(screen.state), screen.name, inAllForms: inAllForms)
    }
  }

  @Test(
    "Long lines in each field are as safe", arguments: ["x", "\u{1B}[31m", "\u{E0041}", "漢\u{301}"])
  func long(unit: String) async throws {
    let text = String(repeating: unit, count: (Self.isExhaustive ? 1 << 20 : 1 << 14) / unit.utf8.count)
    for (name, state) in try Planted(text: text, size: Size(width: 120, height: 40)).screens() {
      await Task.yield()
      try check(drawDashboard(state), name, inAllForms: false)
    }
  }

  @Test("A link and a copy carry nothing that was not seen")
  func copies() async throws {
    for text in HostileText.samples {
      await Task.yield()
      var state = try #require(
        try Planted(text: text, size: Size(width: 120, height: 40)).screens().first { $0.name == "overview" }?.state)
      for key in ["y", "Y", "o"] {
        for effect in state.press(key) {
          switch effect {
          case .copy(let copied), .copyWithTool(let copied): #expect(DisplayText.copyable(copied) == copied)
          case .openLink(let address):
            // What is no address is not opened.
            if let link = LinkAddress(address) { #expect(TerminalChecker.objection(to: link.text.utf8) == nil) }
          default: break
          }
        }
      }
    }
  }

  private func check(_ frame: Frame, _ name: String, inAllForms: Bool) throws {
    #expect(TerminalChecker.objection(to: frame.text.utf8) == nil, "\(name) as text")
    let isClean = frame.cells.allSatisfy { !$0.text.unicodeScalars.contains { $0.value < 0x20 } }
    #expect(isClean, "\(name): a control in a cell")
    guard inAllForms else { return }
    var ansi = ANSIRenderer(depth: .trueColor)
    #expect(TerminalChecker.objection(to: ansi.render(frame).utf8, .coloursAndLinks) == nil, "\(name) in colour")
    let svg = SVGRenderer(title: "flightdeck").render(frame)
    let html = HTMLRenderer().render(frame)
    for (form, text) in [("picture", svg), ("page", html)] {
      #expect(TerminalChecker.objection(to: text.utf8) == nil, "\(name) as a \(form)")
      let found = MarkupCheck.objection(to: text)
      #expect(found == nil, "\(name) as a \(form)")
    }
  }
}

/// Holds markup to be well formed and to consist of what our renderers write.
private final class MarkupCheck: NSObject, XMLParserDelegate {
  private static let elements: Set<String> = ["svg", "style", "rect", "circle", "text", "path", "a", "pre", "span"]
  private static let attributes: Set<String> = [
    "xmlns", "width", "height", "viewBox", "rx", "fill", "cx", "cy", "r", "x", "y", "text-anchor", "opacity",
    "textLength",
    "lengthAdjust", "xml:space", "class", "d", "stroke", "stroke-width", "href", "style",
  ]
  private var objection: String?

  static func objection(to text: String) -> String? {
    let check = MarkupCheck()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = check
    guard parser.parse() else {
      return "not well formed: \(parser.parserError.map { "\($0)" } ?? "") at \(parser.lineNumber)"
    }
    return check.objection
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if !Self.elements.contains(name) { objection = "an element \(name)" }
    for (key, value) in attributes {
      if !Self.attributes.contains(key) { objection = "an attribute \(key)" }
      if key == "href", !value.hasPrefix("http://"), !value.hasPrefix("https://") { objection = "a link to \(value)" }
    }
  }
}
