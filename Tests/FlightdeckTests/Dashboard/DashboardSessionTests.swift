import RunClient
import RunModel
import Synchronization
import Testing

@testable import flightdeck

@Suite("What the dashboard is about", .timeLimit(.minutes(2))) struct DashboardSessionTests {
  @Test("While a replay is looked at the orchestrator stays connected, and what it tells is not kept")
  func rests() async throws {
    let (connected, isConnected) = AsyncStream<Void>.makeStream()
    let (left, hasLeft) = AsyncStream<Void>.makeStream()
    let isOpen = Mutex(true)
    let server = ScriptedServer { call, answer in
      switch call.path {
      case "/v1/snapshot": answer.json(Snapshot(seq: 1, runs: [], runtimes: []).jsonText)
      case "/healthz": answer.json("{\"status\":\"ok\",\"version\":\"x\",\"pid\":1,\"seq\":1}")
      default:
        answer.stream()
        answer.send(": hello\n\n")
        isConnected.yield()
        answer.waitForEnd()
        isOpen.withLock { $0 = false }
        hasLeft.finish()
      }
    }
    let client = RunClient(.unix(path: server.path))
    let paths = try Paths(environment: ["HOME": "/nonexistent"])
    let session = DashboardSession(
      live: client, place: "local", memory: PreferencesFile(paths), templates: "/nonexistent")
    session.begin()
    for await _ in connected { break }
    session.rest()
    // Whatever had ended the stream would have done so before these answers.
    for _ in 0..<20 { _ = try await client.health() }
    #expect(isOpen.withLock { $0 })
    #expect(session.inbox.take().isEmpty)
    await session.end()
    for await _ in left {}
    #expect(!isOpen.withLock { $0 })
    server.stop()
  }
}
