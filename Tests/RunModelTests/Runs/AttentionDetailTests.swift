import RunModel
import Testing

@Suite("What is asked, and what is planned")
struct AttentionDetailTests {
  private let full = AttentionDetail(
    tool: .edit, title: "Edit a", command: "sed -i", paths: ["a", "b"], diff: "-x\n+y\n",
    choices: [.allowOnce, .allowAlways, .rejectOnce, .rejectAlways, .other])

  @Test("A detail travels beside its question's members, and a question without one has none")
  func roundTrip() throws {
    let attention = Attention(
      attentionId: "a", question: "May I?", options: ["y", "n"], kind: "permission", since: Sample.time, detail: full)
    let json = try JSONValue(parsing: attention.jsonBytes)
    #expect(Attention(json: json) == attention)
    #expect(json["tool"] == "edit" && json["paths"]?.array?.count == 2 && json["choices"]?.array?[1] == "allow_always")
    #expect(AttentionDetail(json: ["attentionId": "a", "question": "?", "options": [], "kind": "question"]) == nil)
    #expect(AttentionDetail(json: ["tool": "teleport"])?.tool == .other)
    #expect(AttentionDetail(json: ["choices": ["allow_once", "what"]])?.choices == [.allowOnce, .other])
  }

  @Test("A detail is bounded, and what is left out of a diff is said")
  func bounds() throws {
    var detail = full
    detail.title = String(repeating: "t", count: Bounds.activity + 1)
    detail.paths = (0..<500).map { "f\($0)" }
    detail.diff = String(repeating: "+a line of it\n", count: 10_000)
    let bounded = detail.bounded
    let diff = try #require(bounded.diff)
    #expect(diff.utf8.count < Bounds.attentionDiff + 100 && diff.hasSuffix("more bytes are not shown here\n"))
    #expect(diff.split(separator: "\n").dropLast().allSatisfy { $0 == "+a line of it" })
    #expect(bounded.paths.count == Bounds.attentionPaths + 1 && bounded.paths.last == "… and 400 more")
    #expect(bounded.title.utf8.count < Bounds.activity + 8)
    #expect(full.bounded == full)
  }

  @Test("A plan is bounded, tells its progress and reads back")
  func plan() {
    let plan = [PlanEntry("a", .completed), PlanEntry("b", .inProgress), PlanEntry("c"), PlanEntry("d", .completed)]
    #expect(plan.completed == 2 && plan.progress == 0.5 && [PlanEntry]().progress == nil)
    #expect(plan.json.array?.compactMap(PlanEntry.init(json:)) == plan)
    let long = (0..<80).map { PlanEntry("\($0)" + String(repeating: "x", count: 1000)) }.bounded
    #expect(long.count == Bounds.planEntries + 1 && long.last == PlanEntry("… and 30 more"))
    #expect(long.allSatisfy { $0.text.utf8.count <= Bounds.planText + 4 })
  }

  @Test("A run keeps the question's detail, the latest plan and what is to be remembered")
  func fold() throws {
    var run = try #require(
      Run(queuedBy: Sample.event(1, .queued, ["contractId": .string(Sample.contract.description), "title": "T"])))
    run.apply(Sample.event(2, .plan, ["entries": [["text": "a", "status": "pending"]]]))
    run.apply(
      Sample.event(3, .plan, ["entries": [["text": "a", "status": "completed"], ["text": "b"], ["status": "x"]]]))
    #expect(run.plan == [PlanEntry("a", .completed), PlanEntry("b")])
    var data: JSONObject = ["attentionId": "q", "question": "?", "options": ["y"], "kind": "permission"]
    for (name, value) in full.members { data.append(name, value) }
    run.apply(Sample.event(4, .attention, data))
    #expect(run.attention?.detail == full)
    let rule = PermissionRule(.allow, tools: [.edit], paths: ["**"], rememberedFrom: "ada")
    run.apply(Sample.event(5, .resolved, ["attentionId": "q", "answer": "y", "by": "ada", "remember": rule.json]))
    #expect(run.attention == nil && run.remembered == [rule])
    run.apply(Sample.event(6, .failed))
    #expect(run.plan.count == 2)
    #expect(try run.jsonBytes.readJSON { reader throws(JSONError) in try Run(from: &reader) } == run)
  }
}
