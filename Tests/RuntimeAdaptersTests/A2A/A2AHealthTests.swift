import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("How an agent behind Agent2Agent is looked after", .timeLimit(.minutes(20)))
struct A2AHealthTests {
  @Test("One that is well is looked at once a minute, one that is not every few seconds, and at once after trouble")
  func pace() {
    var health = A2AHealth()
    #expect(health.urgency(at: .zero) == .high)
    // Somebody looks.
    #expect(health.urgency(at: .seconds(100)) == .none)
    health.found(nil, at: .seconds(100))
    #expect(health.urgency(at: .seconds(159)) == .none)
    #expect(health.urgency(at: .seconds(160)) == .low)
    health.suspect()
    health.found("gone", at: .seconds(161))
    #expect(health.complaint == "gone")
    // The trouble came while it was looked at.
    #expect(health.urgency(at: .seconds(162)) == .high)
    health.found("gone", at: .seconds(162))
    #expect(health.urgency(at: .seconds(169)) == .none)
    #expect(health.urgency(at: .seconds(170)) == .low)
    health.found(nil, at: .seconds(171))
    #expect(health.complaint == nil)
  }

  @Test("Who asks often asks the agent once, a card that is the same is not sent again, and another is taken over")
  func cheap() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let runtime = server.runtime(in: bench)
    for _ in 0..<5 { #expect(await runtime.complaint() == nil) }
    #expect(try server.calls("GET") == 1)
    #expect(try await runtime.check().protocolVersion == "1.0")
    #expect(try server.calls("GET") == 2 && server.calls("GET, and it is the same") == 1)
    server.change("--version", "0.3", "--no-streaming")
    let check = try await runtime.check()
    #expect(check.protocolVersion == "0.3" && !check.capabilities.supportsStreaming)
    #expect(try server.calls("GET, and it is the same") == 1)
    // It has moved, and the place that is known has nothing any more.
    server.change("--old-card")
    #expect(try await runtime.check().protocolVersion == "1.0")
  }

  @Test("A run that has had trouble has the agent looked at before it is called well again")
  func trouble() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer())
    let runtime = server.runtime(in: bench)
    #expect(await runtime.complaint() == nil)
    let started = try await A2AStarted(runtime, bench, "[[hold]]")
    try await started.line("first line")
    server.tell("away")
    try await started.remark("link_lost")
    #expect(await runtime.complaint()?.contains("broke") == true)
    server.tell("release")
    server.tell("back")
    // A check is a look too.
    _ = try await runtime.check()
    #expect(await runtime.complaint() == nil)
    #expect(try await started.end().outcome == .succeeded)
  }
}
