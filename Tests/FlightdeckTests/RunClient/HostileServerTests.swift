import Foundation
import RunClient
import RunModel
import Synchronization
import TestSupport
import Testing

/// A client whose server is broken, or no orchestrator at all.
@Suite(.timeLimit(.minutes(20))) struct HostileServerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var answer: @Sendable (ScriptedServer.Answer) -> Void
    var testDescription: String { name }
  }

  private static let page = String(repeating: "<html>it is broken</html>\n", count: 100)
  private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

  /// Sends until the other side has had enough; the bound is for a client that never has.
  private static func pour(_ answer: ScriptedServer.Answer, _ bytes: [UInt8], upTo bound: Int) {
    var sent = 0
    while sent < bound, answer.send(bytes) { sent += bytes.count }
  }

  static let cases: [Case] = [
    Case(name: "an error page") { $0.json(page, status: 502, type: "text/html") },
    Case(name: "an error page that is 200") { $0.json(page, type: "text/html") },
    Case(name: "an error page of 4 MB") {
      $0.json(String(repeating: page, count: 1600), status: 500, type: "text/html")
    },
    Case(name: "no HTTP at all") { $0.send("SSH-2.0-OpenSSH_9.2\r\n") },
    Case(name: "nothing") { _ in },
    Case(name: "half a head") { $0.send("HTTP/1.1 200 OK\r\nContent-") },
    Case(name: "a head without end") { answer in
      answer.send("HTTP/1.1 200 OK\r\n")
      pour(answer, Array("X-Filler: yes yes yes yes yes\r\n".utf8), upTo: 8 << 20)
    },
    Case(name: "a field without end") { answer in
      answer.send("HTTP/1.1 200 OK\r\nX-Filler: ")
      pour(answer, [UInt8](repeating: UInt8(ascii: "x"), count: 65536), upTo: 8 << 20)
    },
    Case(name: "early words without end") { pour($0, Array("HTTP/1.1 103 Early\r\n\r\n".utf8), upTo: 1 << 20) },
    Case(name: "a redirection") {
      $0.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    },
    Case(name: "a body shorter than told") { $0.send(head + "Content-Length: 1000\r\nConnection: close\r\n\r\n{}") },
    Case(name: "two lengths") { $0.send(head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ") },
    Case(name: "10,000 levels") { $0.json(String(repeating: "[", count: 10_000)) },
    Case(name: "10,000 levels of runs") { $0.json("{\"runs\":[" + String(repeating: "{\"runs\":[", count: 10_000)) },
    Case(name: "a text without end") { answer in
      answer.send(head + "Connection: close\r\n\r\n{\"a\":\"")
      pour(answer, [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20), upTo: 24 << 20)
    },
    Case(name: "a run without end") { answer in
      answer.send(head + "Connection: close\r\n\r\n{\"runs\":[{\"title\":\"")
      pour(answer, [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20), upTo: 24 << 20)
    },
    Case(name: "numbers beyond all") { answer in
      answer.json(
        "{\"seq\":1e308,\"pid\":-1e308,\"counts\":{\"queued\":9223372036854775807},\"runs\":[{\"progress\":1e308}]}")
    },
    Case(name: "closing brackets alone") { $0.json("]]]]}}}}") },
  ]

  @Test("Whatever comes, a snapshot is an error that a person can read", arguments: cases)
  func snapshot(_ example: Case) async throws {
    let server = ScriptedServer { _, answer in example.answer(answer) }
    let client = RunClient(.unix(path: server.path), patience: .seconds(20))
    let error = await #expect(throws: (any Error).self) { try await client.snapshot() }
    #expect(error is Problem || error is LinkBroken || error is NoOrchestrator, "\(String(describing: error))")
    if let error { #expect("\(error)".utf8.count < 2000) }
    await client.shutdown()
  }

  @Test("An answer that stops midway is given up")
  func silence() async throws {
    let server = ScriptedServer { _, answer in
      answer.send(Self.head + "Content-Length: 100\r\n\r\n{")
      answer.waitForEnd()
    }
    let client = RunClient(.unix(path: server.path), patience: .milliseconds(100))
    let problem = await #expect(throws: Problem.self) { try await client.health() }
    #expect(problem?.code == .unavailable)
    await client.shutdown()
  }

  @Test("A feed survives a server that is wrong in every way, and is live once it is right")
  func feed() async throws {
    let calls = Mutex(0)
    let server = ScriptedServer { call, answer in
      let number = calls.withLock { count in
        defer { count += 1 }
        return count
      }
      let wrong = Self.cases.filter { $0.name != "a text without end" && $0.name != "a run without end" }
      if number < wrong.count { return wrong[number].answer(answer) }
      switch call.path {
      case "/v1/snapshot": answer.json(Snapshot(seq: 1, runs: [], runtimes: []).jsonText)
      case "/healthz": answer.json("{\"status\":\"ok\",\"version\":\"x\",\"pid\":1,\"seq\":1}")
      default:
        answer.stream()
        answer.send(": hello\n\n")
        answer.waitForEnd()
      }
    }
    let client = RunClient(.unix(path: server.path), patience: .seconds(20))
    var pace = LiveFeed.Pace()
    pace.firstRetry = .milliseconds(1)
    pace.longestRetry = .milliseconds(1)
    let feed = LiveFeed(client, pace: pace)
    let (live, isLive) = AsyncStream<Void>.makeStream()
    let running = Task {  // canceled below
      await feed.run { item in if case .link(.live) = item { isLive.finish() } }
    }
    for await _ in live {}
    running.cancel()
    server.stop()
    await running.value
    await client.shutdown()
  }

  @Test("An orchestrator with another store is noticed though its order goes on past ours")
  func otherStore() async throws {
    let names = (1...2).map { StoreID(ULID(high: 0x0190_0000_0000_0000, low: $0)) }
    let connections = Mutex(0)
    let server = ScriptedServer { call, answer in
      let store = names[min(1, connections.withLock { $0 })]
      switch call.path {
      case "/v1/snapshot": answer.json(Snapshot(store: store, seq: 50, runs: [], runtimes: []).jsonText)
      case "/healthz":
        answer.json("{\"status\":\"ok\",\"version\":\"x\",\"pid\":1,\"seq\":99,\"store\":\"\(store)\"}")
      default:
        // What the client sends along is what the snapshot told.
        guard call.query("store") == store.description else { return answer.json("{}", status: 500) }
        let nth = connections.withLock { count in
          count += 1
          return count
        }
        answer.stream()
        answer.send(": hello\n\n")
        if nth > 1 { answer.waitForEnd() }
      }
    }
    let client = RunClient(.unix(path: server.path))
    let stores = Mutex<[StoreID?]>([])
    let gaps = Mutex(0)
    let (done, isDone) = AsyncStream<Void>.makeStream()
    let running = Task {  // canceled below
      await LiveFeed(client).run { item in
        if case .gap(50) = item { gaps.withLock { $0 += 1 } }
        guard case .snapshot(let snapshot) = item else { return }
        if stores.withLock({ stores in
          stores.append(snapshot.store)
          return stores.count
        }) == 2 {
          isDone.finish()
        }
      }
    }
    for await _ in done {}
    running.cancel()
    server.stop()
    await running.value
    await client.shutdown()
    #expect(stores.withLock { $0 } == names.map { $0 })
    #expect(gaps.withLock { $0 } == 1)
  }
}
