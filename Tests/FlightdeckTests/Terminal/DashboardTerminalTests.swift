import TestSupport
import Testing

/// The built dashboard on terminals of its own, against an own orchestrator: keys go in, cells come out.
@Suite("The dashboard on a terminal", .serialized) struct DashboardTerminalTests {
  /// A terminal's size, named in failures.
  struct Shape: Sendable, CustomTestStringConvertible {
    var columns: Int
    var rows: Int
    var testDescription: String { "\(columns)×\(rows)" }
  }

  static let small = Shape(columns: 80, rows: 24)
  static let large = Shape(columns: 200, rows: 50)

  /// Runs that stand still until someone acts: one asks, one goes on for ever, one has ended.
  static func mock(_ folder: String) -> String {
    "runtimes: [{id: mock, kind: mock, script: \(folder)/script.json}]"
  }

  static let script = """
    {"runs": [
      {"match": "Asks", "steps": [
        {"output": "thinking"}, {"progress": 0.25},
        {"attention": "Go on?", "attentionId": "a1", "options": ["yes", "no"]},
        {"end": "succeeded"}]},
      {"match": "Forever", "steps": [{"output": "first line"}, {"progress": 0.5, "message": "half way"}]},
      {"match": "Done", "artifacts": {"files_changed": ["a.txt"], "diff_summary": " a.txt | 1 +",
        "handoff_note": "All is well."},
        "steps": [{"output": "a line"}, {"progress": 0.5}, {"changes": {"files": 1, "added": 1, "removed": 0}},
        {"end": "succeeded"}]}]}
    """

  /// With the mock runtime at hand; the script lies there before the orchestrator reads it.
  static func withMock(_ body: (OrchestratorProcess) async throws -> Void) async throws {
    try await OrchestratorProcess.with(mock, files: ["script.json": script], body)
  }

  static func open(
    _ here: OrchestratorProcess, _ shape: Shape = small, _ environment: [String: String] = [:]
  ) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(
      [Program.path], rows: shape.rows, columns: shape.columns,
      environment: here.environment.merging(environment) { $1 }, directory: here.folder)
    try terminal.wait(forText: " live")
    return terminal
  }

  /// Drops what moves with the clock and where the cursor is.
  static func still(_ text: String) -> String {
    text.replacing("▌", with: " ").replacing(/[0-9]{2}:[0-9]{2}(:[0-9]{2})?/, with: "00:00")
      .replacing(/[0-9.]+k? ev\/s/, with: "0 ev/s").replacing(/[0-9]+ (s|min)\b/, with: "0 s")
      .replacing(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, with: "*").replacing(/\ +/, with: " ")
      .replacing(/\ +(\n|$)/, with: "\n")
  }
}

extension PseudoTerminal {
  /// The lines that hold a text: in the table, and on wide terminals beside it.
  func row(_ text: String) -> String {
    (0..<rows).map(line).filter { $0.contains(text) }.joined(separator: "\n")
  }

  /// Waits until the run with this title carries a mark.
  func wait(_ title: String, shows mark: String) throws {
    try wait("\(mark) on “\(title)”") { row(title).contains(mark) }
  }
}
