import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct AuditScreenTests {
  private let size = Size(width: 120, height: 40)

  private func opened(_ seqs: ClosedRange<Int>) -> DashboardState {
    var state = Sample.state(size)
    state.press("4")
    _ = state.update(.audit(.latest, Pages.trail(seqs)))
    return state
  }

  private func portion(_ effects: [Effect]) -> AuditPortion? {
    for case .fetchAudit(let portion) in effects { return portion }
    return nil
  }

  @Test("The end of the trail is read first, and the newest record is under the cursor")
  func latest() {
    var state = Sample.state(size)
    #expect(portion(state.press("4")) == .latest)
    _ = state.update(.audit(.latest, Pages.trail(9501...10_000)))
    #expect(state.auditRecord?.seq == 10_000)
    #expect(drawDashboard(state).text.contains("10000"))
  }

  @Test("Near the top the part before is asked for, once, and the cursor stays on its record")
  func older() {
    var state = opened(9501...10_000)
    var asked: [AuditPortion] = []
    for _ in 0..<60 { if let portion = portion(state.press("pgup")) { asked.append(portion) } }
    #expect(asked == [.before(9501)])
    let seq = state.auditRecord?.seq
    _ = state.update(.audit(.before(9501), Pages.trail(9001...9500)))
    #expect(state.auditRecord?.seq == seq)
    #expect(state.audit.records.count == 1000)
    #expect(state.audit.records.first?.seq == 9001)
  }

  @Test("g reads the first records, G the last again; parts in between follow on the way")
  func ends() {
    var state = opened(9501...10_000)
    #expect(portion(state.press("g")) == .first)
    _ = state.update(.audit(.first, Pages.trail(1...500)))
    #expect(state.auditRecord?.seq == 1)
    for _ in 0..<30 {
      if let portion = portion(state.press("pgdn")) {
        #expect(portion == .after(500))
        break
      }
    }
    _ = state.update(.audit(.after(500), Pages.trail(501...1000)))
    #expect(state.audit.records.last?.seq == 1000)
    #expect(portion(state.press("G")) == .latest)
    _ = state.update(.audit(.latest, Pages.trail(9501...10_000)))
    #expect(state.auditRecord?.seq == 10_000)
  }

  @Test("What is kept is bounded, and remains one stretch without a gap")
  func bounded() {
    var page = AuditPage()
    _ = page.take(Pages.trail(20_001...20_500), .latest, titles: { _ in nil })
    for step in 1...30 {
      let first = 20_001 - 500 * step
      _ = page.take(Pages.trail(first...(first + 499)), .before(UInt64(first + 500)), titles: { _ in nil })
    }
    #expect(page.records.count == AuditPage.most)
    let seqs = page.records.map(\.seq)
    #expect(zip(seqs, seqs.dropFirst()).allSatisfy { $0 + 1 == $1 })
    #expect(!page.reachesLast && !page.reachesFirst)
    // What joins nowhere is left out.
    _ = page.take(Pages.trail(1...10), .before(99), titles: { _ in nil })
    #expect(page.records.map(\.seq) == seqs)
  }

  @Test("New records come by themselves, a second after events told of them, and the end is followed")
  func live() {
    var state = opened(1...40)
    _ = state.update(.events([Sample.event(2000, .succeeded, Sample.id(5), 1, [:])]))
    #expect(portion(state.update(.tick(Sample.now + .seconds(2)))) == .after(40))
    _ = state.update(.audit(.after(40), Pages.trail(41...42)))
    #expect(state.auditRecord?.seq == 42)
    state.press("k", "k")
    _ = state.update(.events([Sample.event(2001, .failed, Sample.id(6), 4, [:])]))
    #expect(portion(state.update(.tick(Sample.now + .seconds(5)))) == .after(42))
    _ = state.update(.audit(.after(42), Pages.trail(43...43)))
    #expect(state.auditRecord?.seq == 40)
  }

  @Test("A trail that does not join what was read is another one, and read anew")
  func other() {
    var state = opened(1...40)
    _ = state.update(.events([Sample.event(2000, .succeeded, Sample.id(5), 1, [:])]))
    _ = state.update(.tick(Sample.now + .seconds(2)))
    var part = Pages.trail(41...42)
    part.records[0].previousHash = "another"
    #expect(portion(state.update(.audit(.after(40), part))) == .latest)
  }

  @Test("/ leaves the records that have all words; esc shows all again, the record stays under the cursor")
  func filter() {
    var state = opened(1...60)
    state.press("k", "k", "/")
    state.type("ana cancel")
    #expect(state.audit.count > 0 && state.audit.count < 60)
    #expect((0..<state.audit.count).allSatisfy { state.audit[$0]?.actorId == "ana" })
    state.press("enter")
    #expect(state.layers.isEmpty)
    state.press("/", "esc")
    #expect(state.audit.count == 60)
    state.press("/")
    state.type("nothing like this")
    #expect(state.audit.count == 0)
    #expect(drawDashboard(state).text.contains("No record"))
    state.press("esc")
    #expect(state.audit.count == 60)
  }

  @Test("enter opens the run of the record, y copies its hash, Y the run's id")
  func keys() {
    var state = opened(1...40)
    guard case .copy(let hash)? = state.press("y").first, case .copy(let id)? = state.press("Y").first else {
      Issue.record("nothing copied")
      return
    }
    #expect(hash == state.auditRecord?.eventHash)
    #expect(id == state.auditRecord?.run?.description)
    let run = state.auditRecord?.run
    state.press("enter")
    #expect(state.open?.id == run)
    state.press("esc")
    #expect(state.screen == .audit)
  }

  @Test("V checks the whole chain and says what it found")
  func verify() {
    var state = opened(501...1000)
    guard case .verifyAudit? = state.press("V").first else {
      Issue.record("not asked")
      return
    }
    #expect(state.press("V").isEmpty)
    _ = state.update(.auditVerified(AuditTrail(checked: 1000)))
    #expect(drawDashboard(state).text.contains("the chain is whole, records 1 to 1000"))
    _ = state.update(
      .auditVerified(AuditTrail(checked: 7, broken: "its content does not match its event_hash", brokenAt: 8)))
    #expect(drawDashboard(state).text.contains("the chain breaks at record 8"))
  }

  @Test("A broken record carries its mark and says what is wrong")
  func broken() {
    var state = Sample.state(size)
    state.press("4")
    var part = Pages.trail(1...40)
    part.complaints[40] = "its content does not match its event_hash"
    _ = state.update(.audit(.latest, part))
    let text = drawDashboard(state).text
    #expect(text.contains("record 40 is broken"))
    #expect(text.contains("✖   40"))
  }

  @Test("A failure is said with the way out, and r reads again")
  func failure() {
    var state = Sample.state(size)
    state.press("4")
    _ = state.update(.failed(Problem(.unavailable, "The orchestrator does not answer."), .audit(.latest)))
    #expect(drawDashboard(state).text.contains("The orchestrator does not answer."))
    #expect(portion(state.press("r")) == .latest)
  }

  @Test("v shows the whole record or not; a click chooses, a double click opens, the wheel moves")
  func mouse() {
    var state = opened(1...60)
    #expect(drawDashboard(state).text.contains("Record 60"))
    state.press("v")
    #expect(!drawDashboard(state).text.contains("Record 60"))
    let at = Point(x: 20, y: state.auditLayout.rows.y)
    _ = state.update(.input(.mouse(Input.Mouse(.press, at: at))))
    #expect(state.audit.cursor == state.audit.top)
    _ = state.update(.input(.mouse(Input.Mouse(.wheelDown, at: at))))
    #expect(state.audit.cursor == state.audit.top + 3)
    _ = state.update(.input(.mouse(Input.Mouse(.doubleClick, at: at))))
    #expect(state.screen == .run)
  }
}
