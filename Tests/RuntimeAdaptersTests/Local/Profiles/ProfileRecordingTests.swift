import FoundationEssentials
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters
@testable import flightdeck

@Suite("What recorded agents say through the profiles built in")
struct ProfileRecordingTests {
  @Test("vibe: its words, its edits with their diffs, its command, and its last message as the note")
  func vibe() throws {
    let (kinds, stream) = try play("vibe-streaming", "vibe")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    #expect(tools.map(\.name) == ["file_system.write_file", "file_system.write_file", "file_system.bash"])
    #expect(tools.map(\.status) == ["completed", "completed", "completed"])
    #expect(tools.prefix(2).map(\.target) == ["calc.py", "test_calc.py"])
    #expect(
      tools.first?.diff == """
        --- /dev/null
        +++ b/calc.py
        @@ -0,0 +1,2 @@
        +def add(a, b):
        +    return a + b

        """)
    #expect(tools.last?.target?.hasPrefix("python3 -m unittest -q") == true)
    #expect(tools.last?.summary?.contains("1 passed") == true)
    #expect(
      lines(kinds) == [
        "Reading API keys from the system keyring (set them as environment variables to skip this)", "Step: write.",
        "Step: write.", "Step: shell.", "Done: calc.py added and the check passed.",
      ])
    #expect(stream.language.lastWord == "Done: calc.py added and the check passed.")
    #expect(stream.language.result == nil)
  }

  @Test("vibe: what it replaced in a file is an edit with its diff")
  func vibeEdit() throws {
    let (kinds, _) = try play("vibe-edit", "vibe")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    #expect(tools.map(\.name) == ["file_system.read_file", "file_system.search_replace", "file_system.bash"])
    let diff = "--- a/calc.py\n+++ b/calc.py\n@@ -1,1 +1,1 @@\n-return a + b\n+return b + a\n"
    #expect(tools[1].target == "calc.py" && tools[1].diff == diff && tools[1].status == "completed")
  }

  @Test(
    "vibe: why it stopped is its result",
    arguments: [
      ("vibe-err401", "Error: Invalid API key. Please check your API key and try again."),
      ("vibe-timelimit", "Stopped: deadline"),
    ])
  func vibeFailures(recording: String, reason: String) throws {
    let (_, stream) = try play(recording, "vibe")
    #expect(stream.language.result == ProfileReader.Result(hasFailed: true, reason: reason))
  }

  @Test("claude-code: its words, its files with their diffs, its command with its output, its cost, and its last words")
  func claude() throws {
    let (kinds, stream) = try play("claude-ok", "claude-code")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    #expect(tools.map(\.name) == ["Write", "Write", "Bash", "Bash"])
    #expect(tools.map(\.status) == ["completed", "completed", nil, "completed"])
    #expect(tools.prefix(2).map(\.target) == ["/run/claude/w/calc.py", "/run/claude/w/test_calc.py"])
    #expect(tools[0].diff?.hasSuffix("@@ -0,0 +1,2 @@\n+def add(a, b):\n+    return a + b\n") == true)
    #expect(tools[2].target?.hasPrefix("python3 -m unittest -q") == true)
    #expect(tools[3].summary == "Ran 0 tests in 0.000s\n\nOK\n1 passed")
    let said = ["Step: write.", "Step: write.", "Step: shell.", "Done: calc.py added and the check passed."]
    #expect(lines(kinds) == said)
    #expect(stream.language.lastWord == said.last)
    #expect(stream.usage == RuntimeEvent.Usage(inputTokens: 400, outputTokens: 80, costUSD: 0.0032))
    #expect(stream.language.result == ProfileReader.Result(hasFailed: false, reason: nil))
  }

  @Test("claude-code: what it replaced in a file is an edit with its diff, what it looked at is a tool")
  func claudeEdit() throws {
    let (kinds, _) = try play("claude-edit", "claude-code")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    #expect(tools.map(\.name) == ["Read", "Edit", "Bash", "Bash"])
    #expect(tools[1].diff?.hasSuffix("@@ -1,1 +1,1 @@\n-return a + b\n+return b + a\n") == true)
  }

  @Test("claude-code: a command that fails, or that it is refused, is told with why")
  func claudeRefused() throws {
    let failed = try play("claude-fail", "claude-code").kinds
    let refused = try play("claude-denied", "claude-code").kinds
    func failures(_ kinds: [RuntimeEvent.Kind]) -> [String] {
      kinds.compactMap { if case .tool(let call) = $0, call.status == "failed" { call.summary } else { nil } }
    }
    #expect(failures(failed) == ["Exit code 3\nboom"])
    #expect(failures(refused).count == 3)
    #expect(failures(refused)[0].hasSuffix("but you haven't granted it yet."))
    // Nothing of its own form is left to be read by people.
    #expect(!lines(failed + refused).contains { $0.hasPrefix("{") })
  }

  @Test("claude-code: while its model does not answer, its tries are told")
  func claudeRetries() throws {
    let (kinds, stream) = try play("claude-retry", "claude-code")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    let retry = RuntimeEvent.ToolCall(name: "api_retry", summary: "authentication_failed", status: "waiting")
    #expect(!tools.isEmpty && tools.allSatisfy { $0 == retry })
    #expect(lines(kinds) == [] && stream.language.result == nil)
  }

  @Test(
    "claude-code: why it stopped is its result, also where it exits 0",
    arguments: [
      ("claude-err401", "Failed to authenticate. API Error: 401 stub scripted error 401"),
      ("claude-turns", "Reached maximum number of turns (1)"),
      ("claude-cancel-INT", "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=tool_use"),
    ])
  func claudeFailures(recording: String, reason: String) throws {
    let (_, stream) = try play(recording, "claude-code")
    #expect(stream.language.result == ProfileReader.Result(hasFailed: true, reason: reason))
  }

  @Test("mini-swe-agent: its text stays, its commands are tools with their status, its cost is the usage")
  func mini() throws {
    let (kinds, stream) = try play("mini-ok", "mini-swe-agent")
    let tools = kinds.compactMap { if case .tool(let call) = $0 { call } else { nil } }
    #expect(tools.map(\.name) == Array(repeating: "bash", count: 8))
    #expect(
      tools.map { $0.status ?? "-" } == ["-", "exit 0", "-", "exit 0", "-", "exit 0", "-", "exit -1"])
    #expect(tools.first?.target == "cat > calc.py <<'STUB_EOF' def add(a, b):     return a + b STUB_EOF")
    #expect(tools[6].target == "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
    #expect(stream.usage == RuntimeEvent.Usage(costUSD: 0))
    #expect(stream.language.result == nil)
    let recorded = try records("mini-ok").filter { $0.kind == .stdout || $0.kind == .stderr }
    #expect(lines(kinds) == recorded.map(\.text))
  }

  @Test("mini-swe-agent: having given up it exits 0, and its last line says so")
  func miniGaveUp() throws {
    let (_, stream) = try play("mini-formaterror-rc0", "mini-swe-agent")
    #expect(stream.language.result == ProfileReader.Result(hasFailed: true, reason: "RepeatedFormatError"))
  }

  @Test(
    "In whichever pieces the lines come, and read again, they say the same",
    arguments: [
      ("claude-ok", "claude-code"), ("claude-denied", "claude-code"), ("claude-cancel-TERM", "claude-code"),
      ("vibe-streaming", "vibe"), ("vibe-cancel-INT", "vibe"), ("mini-ok", "mini-swe-agent"),
      ("mini-deterministic", "mini-swe-agent"), ("mini-cancel-INT", "mini-swe-agent"),
    ])
  func pieces(recording: String, profile: String) throws {
    let whole = try play(recording, profile).kinds
    #expect(try play(recording, profile).kinds == whole)
    var stream = AgentStream(ProfileLanguage(try ProfileShelf(folder: "/nowhere").profile(profile)))
    var kinds: [RuntimeEvent.Kind] = []
    for record in try records(recording) {
      let cut = record.payload.count / 3
      let fragment: RuntimeAdapters.LogRecord.Kind = record.kind == .stderr ? .stderrFragment : .stdoutFragment
      kinds += stream.take(RuntimeAdapters.LogRecord(kind: fragment, time: 0, payload: Array(record.payload[..<cut])))
      kinds += stream.take(
        RuntimeAdapters.LogRecord(kind: record.kind, time: 0, payload: Array(record.payload[cut...])))
    }
    #expect(kinds == whole)
  }

  private func play(_ recording: String, _ profile: String) throws -> (kinds: [RuntimeEvent.Kind], AgentStream) {
    var stream = AgentStream(ProfileLanguage(try ProfileShelf(folder: "/nowhere").profile(profile)))
    let kinds = try records(recording).flatMap { stream.take($0) }
    return (kinds, stream)
  }

  private func records(_ name: String) throws -> [RuntimeAdapters.LogRecord] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Agents/Recordings")
    let data = try Data(contentsOf: folder.appending(path: name + ".jsonl"))
    return data.split(separator: 0x0A).compactMap { line in
      guard let json = try? JSONValue(parsing: Array(line)) else { return nil }
      if let text = json["out"]?.string {
        return RuntimeAdapters.LogRecord(kind: .stdout, time: 0, payload: Array(text.utf8))
      }
      if let text = json["err"]?.string {
        return RuntimeAdapters.LogRecord(kind: .stderr, time: 0, payload: Array(text.utf8))
      }
      return nil
    }
  }

  private func lines(_ kinds: [RuntimeEvent.Kind]) -> [String] {
    kinds.compactMap { if case .output(_, let text, _) = $0 { text } else { nil } }
  }
}
