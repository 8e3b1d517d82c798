import Orchestration
import RunModel
import RuntimeAdapters
import TestSupport
import Testing

@Suite("Mock scripts")
struct MockScriptTests {
  @Test(
    "What is wrong in a script is named with its line and key",
    arguments: [
      ("{}", "line 1", "runs"), ("{\"runs\": [\n{\"setps\": []}]}", "line 2", "steps"),
      ("{\"runs\": [{\"steps\": [\n\n{\"outptu\": \"x\"}]}]}", "line 3", "output"),
      ("{\"runs\": [{\"steps\": [{\"progress\": \"much\"}]}]}", "line 1", "progress"),
      ("{\"runs\": [{\"steps\": [{\"end\": \"gone\"}]}]}", "line 1", "succeeded or failed"),
      ("{\"runs\": [{\"steps\": [{\"after\": -1, \"output\": \"x\"}]}]}", "line 1", "after"),
      ("{\"capabilities\": {\"canFly\": true}}", "line 1", "canFly"), ("{\"runs\": [", "line 1", ""),
      ("{\"runs\": [{\"artifacts\": {\"files\": []}}]}", "line 1", "files_changed"),
    ])
  func errors(_ text: String, _ line: String, _ key: String) {
    let problem = #expect(throws: Problem.self) { try MockScript(parsing: Array(text.utf8), name: "demo.json") }
    #expect(problem?.detail.contains("demo.json, \(line)") == true, "\(problem?.detail ?? "")")
    #expect(key.isEmpty || problem?.detail.contains(key) == true, "\(problem?.detail ?? "")")
  }

  @Test("A run is chosen by its title, a start can fail, and a question waits for its answer")
  func plays() async throws {
    let script = try MockScript(
      parsing: Array(
        """
        {"runs": [
          {"match": "full", "startError": "No seat is free."},
          {"sessionId": "s1", "patch": "p", "steps": [
            {"plan": [{"text": "ask", "status": "in_progress"}]},
            {"tool": "edit", "attention": "May I?", "options": ["yes"], "choices": ["allow_once"]}, {"output": "went on"},
            {"end": "failed", "exitCode": 2, "reason": "scripted"}]}]}
        """.utf8))
    let runtime = MockRuntime(script: script)
    let recorder = RuntimeEventRecorder(runtime)
    let ids = ULIDGenerator()
    var contract = Contract(title: "it is full")
    contract.runId = RunID(ids.next())
    let full = contract
    await #expect(throws: Problem(.unavailable, "No seat is free.")) { _ = try await runtime.startTask(full) }
    contract.title = "another"
    let run = try #require(contract.runId)
    #expect(try await runtime.startTask(contract).runtimeSessionId == "s1")
    try await recorder.first("the question") { $0.type == "attention" }
    try await runtime.answer(run, attentionId: "a1", answer: "yes")
    #expect(try await recorder.end(of: run) == TaskEnd(.failed, exitCode: 2, reason: "scripted"))
    #expect(recorder.events(of: run).map(\.type) == ["plan", "attention", "resolved", "output", "ended"])
    #expect(
      recorder.events(of: run)[1].kind
        == .attention(
          id: "a1", question: "May I?", options: ["yes"], kind: "question",
          detail: AttentionDetail(tool: .edit, choices: [.allowOnce])))
    #expect(try await runtime.patch(of: run) == Array("p".utf8))
  }
}
