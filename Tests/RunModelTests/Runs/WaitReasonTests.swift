import RunModel
import Testing

@Suite struct WaitReasonTests {
  @Test(
    "A reason reads back from its text",
    arguments: [
      WaitReason.slot("local"), .health("a-b"), .health("a", reason: "not found (in PATH)"), .approval,
      .dependency("GH-102"),
      .dependency("01ARZ3NDEKTSV4RRFFQ69G5FAV"), .dependency("GH-1", ended: .failed),
      .dependency("GH-1", ended: .canceled),
    ])
  func roundTrip(reason: WaitReason) { #expect(WaitReason(reason.text) == reason) }

  @Test("A reason is a sentence of its own, and its text is what scripts have always read")
  func words() {
    #expect(WaitReason.slot("local").text == "a slot on local")
    #expect(WaitReason.slot("local").sentence == "waits for a slot on local")
    #expect(WaitReason.health("local").text == "local to be healthy again")
    #expect(WaitReason.approval.sentence == "approval pending")
    #expect(WaitReason.dependency("GH-1", ended: .failed).text == "GH-1, which did not succeed (failed); retry it")
    #expect(WaitReason("GH-1").kind == .dependency)
  }
}
