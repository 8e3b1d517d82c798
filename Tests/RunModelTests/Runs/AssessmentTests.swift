import RunModel
import Testing

@Suite struct AssessmentTests {
  @Test("An assessment reads back whole, and its JSON has design 3's names")
  func roundTrip() throws {
    let assessment = Assessment(
      verdict: .passWithNotes, score: Score(d1: 25, d2: 18, d3: 25, d4: 10),
      criteria: [
        CriterionResult(id: "AC-1", text: "a", proof: .proven, evidence: .init(kind: .test, name: "t")),
        CriterionResult(id: "AC-2", text: "b"),
      ], notes: ["AC-2 is unproven"], reasons: ["a", "b", "c", "d"])
    let json = try JSONValue(parsing: assessment.jsonBytes)
    #expect(Assessment(json: json) == assessment)
    #expect(json["verdict"] == "pass_with_notes")
    #expect(json["score"] == ["total": 78, "tier": "STANDARD", "d1": 25, "d2": 18, "d3": 25, "d4": 10])
    #expect(json["criteria"]?.array?.first?["evidence"] == ["kind": "test", "name": "t"])
    #expect(
      json["reasons"]?.array?.map { $0["basis"]?.string } == [
        "candidate", "candidate", "deterministic", "deterministic",
      ])
  }

  @Test(
    "A score that is none is not read",
    arguments: [
      #"{}"#, #"{"d1":1,"d2":2,"d3":3}"#, #"{"d1":26,"d2":2,"d3":3,"d4":4}"#, #"{"d1":-1,"d2":2,"d3":3,"d4":4}"#,
    ])
  func wrong(text: String) throws { #expect(Score(json: try JSONValue(parsing: text)) == nil) }
}
