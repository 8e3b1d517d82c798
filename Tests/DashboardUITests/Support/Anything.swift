import RunModel
import TerminalKit

@testable import DashboardUI

/// Whatever may come, by lot: keys, sizes, pastes, clicks, time, events and results, with hostile content.
struct Anything {
  var state: DashboardState
  private var random: Seeded
  private var now = Sample.now
  private var seq: UInt64 = 5000

  init(seed: Int, size: Size) {
    state = Sample.state(size)
    random = Seeded(UInt64(seed))
  }

  static let keys: [Key] =
    (0x21...0x7E).compactMap { Unicode.Scalar(UInt8($0)) }.map { Key.character(Character($0)) } + [
      .character(" "), .character("é"), .character("日"), .enter, .enter, .enter, .tab, .tab, .shiftTab, .escape,
      .escape,
      .escape, .backspace, .delete, .up, .down, .down, .left, .right, .home, .end, .pageUp, .pageDown, .alt("x"),
      .function(5), .wordLeft, .wordRight, .wordBackspace, .wordDelete, .textStart, .textEnd, .altEnter, .alt("b"),
      .alt("d"), .alt("f"), .alt("y"),
    ] + "abcdefghijklmnopqrstuvwxyz".map { Key.ctrl($0) }

  /// Text as an agent may send it.
  static let texts = [
    "hello", "", "a\u{1B}[31mred\u{1B}[0m", "\u{9B}2J\u{85}next", "tab\tand\r\nlines\u{B}\u{C}", "\u{7F}\u{0}nul",
    "日本語のテキスト🚀",
    "👩‍👩‍👧‍👦🇩🇪👍🏽", "\u{202E}backwards\u{2066}\u{200B}\u{FEFF}", "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
    "\u{301}mark first",
    "שלום \u{5D0}\u{5B0} مرحبا", String(repeating: "long ", count: 400), "\u{1B}]52;c;aGk=\u{7}\u{1B}P1$r\u{1B}\\",
    "ﷺ㍿½",
    "{\"json\": [1, 2]}", "/a/very/deep/path/日本/file.swift", "\u{FFFD}\u{10FFFF}\u{E000}",
  ]

  private mutating func text() -> String { Self.texts.randomElement(using: &random) ?? "" }

  /// One thing happens. New sizes are of these columns and rows.
  mutating func step(sizes columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) {
    _ = state.update(message(columns, rows))
  }

  private mutating func message(_ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) -> Message {
    let run = Sample.id(Int.random(in: 1...12, using: &random))
    switch Int.random(in: 0..<26, using: &random) {
    case 0:
      return .input(
        .resize(
          Size(width: Int.random(in: columns, using: &random), height: Int.random(in: rows, using: &random))))
    case 1: return .input(.paste(text() + "\n" + text()))
    case 2:
      let at = Point(x: Int.random(in: 0..<200, using: &random), y: Int.random(in: 0..<60, using: &random))
      let action =
        [Input.Mouse.Action.press, .doubleClick, .wheelUp, .wheelDown].randomElement(using: &random) ?? .press
      return .input(.mouse(Input.Mouse(action, at: at)))
    case 3:
      now = now + .milliseconds(Int.random(in: 0...2000, using: &random))
      return .tick(now)
    case 4, 5: return .events((0..<5).map { _ in event(run) })
    case 6:
      var artifacts = Sample.artifacts
      artifacts.handoffNote = "# " + text() + "\n\n- " + text() + "\n| a | b |\n|---|---|\n| " + text() + " | x |\n"
      artifacts.filesChanged = [text(), "src/" + text(), "a.txt"]
      artifacts.commandsRun = [text()]
      artifacts.testsRun = [TestRecord(name: text(), status: .failed, durationMilliseconds: 12, output: text())]
      return .artifacts(run, artifacts)
    case 7:
      let hostile = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-\(text())\n+\(text())\n \(text())\n"
      let bytes = Bool.random(using: &random) ? Array(hostile.utf8) + [0xFF, 0xFE, 0x0A] : Array(Sample.patch.utf8)
      return .patch(run, Array(bytes.prefix(Int.random(in: 0...1500, using: &random))))
    case 8: return .backlog(run, Sample.backlog(run) + [event(run)])
    case 9: return [.runtimes(Sample.runtimes), .runtimes([])].randomElement(using: &random) ?? .runtimes([])
    case 10:
      var runs = Array(Sample.runs.prefix(Int.random(in: 0...10, using: &random)))
      for place in runs.indices where Bool.random(using: &random) {
        runs[place].title = text()
        runs[place].reason = text()
        runs[place].activity = text()
        runs[place].branch = text()
      }
      return .snapshot(Snapshot(seq: seq, runs: runs, runtimes: Sample.runtimes))
    case 11:
      return [
        .link(.live), .link(.connecting), .link(.lost(since: now, nextTry: nil)),
        .link(.refused(since: now, reason: "No.")),
      ].randomElement(using: &random)
        ?? .link(.live)
    case 12: return .detail(run, Sample.detail(Sample.runs[4]))
    case 13: return .failed(Problem(.internal, text()), .here)
    case 14: return .input(.background(UInt32.random(in: 0...0xFFFFFF, using: &random)))
    default: return .input(.key(Self.keys.randomElement(using: &random) ?? .enter))
    }
  }

  private mutating func event(_ run: RunID) -> RunEvent {
    let types: [EventType] = [
      .queued, .started, .progress, .output, .tool, .attention, .resolved, .cancelRequested, .stopSent, .canceled,
      .failed, .artifacts, "x.y",
    ]
    seq += 1
    return RunEvent(
      seq: seq, type: types.randomElement(using: &random) ?? .output, run: run, time: now,
      data: [
        "text": .string(text()), "contractId": .string(Sample.contract(40).description), "title": .string(text()),
        "attentionId": "q", "question": .string(text()), "options": .array([.string(text()), "no"]), "progress": 0.5,
        "name": .string(text()), "target": .string(text()), "reason": .string(text()), "message": .string(text()),
      ])
  }
}

/// What changes the direction or hides, and so must never be in a cell.
func isSteering(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: true
  default: false
  }
}
