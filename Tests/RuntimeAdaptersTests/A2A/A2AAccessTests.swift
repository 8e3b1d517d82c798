import Foundation
import Orchestration
import RunClient
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

@Suite("Who an agent behind Agent2Agent is, and who may ask it", .timeLimit(.minutes(20)))
struct A2AAccessTests {
  private func complaint(_ runtime: A2ARuntime) async -> String {
    do {
      _ = try await runtime.check()
      return "nothing"
    } catch { return "\(error)" }
  }

  @Test("A check says who the agent is, how it is spoken to, and what is worth a look", arguments: ["1.0", "0.3"])
  func check(_ version: String) async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", version, "--old-card"))
    let check = try await server.runtime(in: bench).check()
    #expect(check.agent == "Scripted agent" && check.agentVersion == "7.1")
    #expect(check.protocolName == "Agent2Agent" && check.protocolVersion == version)
    #expect(check.capabilities == RuntimeCapabilities(supportsStreaming: true, maxParallelTasks: 4))
    // It could push, and nothing here could receive it.
    #expect(!check.capabilities.supportsWebhooks && check.notes.count == 1)
  }

  @Test("An agent that offers 1.0 and does not speak it is spoken to in 0.3")
  func fallsBack() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--version", "0.3", "--card-version", "1.0,0.3"))
    let started = try await A2AStarted(server.runtime(in: bench), bench, "hello")
    #expect(try await started.end().outcome == .succeeded)
    #expect(try server.calls("message/stream") == 1)
  }

  @Test("What is wrong is said with the way out")
  func wrong() async throws {
    let bench = try A2ABench()
    let none = try A2AServer("--no-card")
    #expect(await complaint(none.runtime(in: bench)).contains("There is no agent card at"))
    let future = try A2AServer("--card-version", "2.0")
    #expect(await complaint(future.runtime(in: bench)).contains("version 1.0 or 0.3 is spoken here"))
    let elsewhere = try A2AServer("--interface", "https://agent.example/rpc")
    #expect(await complaint(elsewhere.runtime(in: bench)).contains("name it in \"endpoint\""))
    let unspecified = try A2AServer("--interface", "http://0.0.0.0/rpc")
    #expect(await complaint(unspecified.runtime(in: bench)) == "nothing")
    let moved = try A2AServer("--redirect", "http://agent.example/card.json")
    #expect(await complaint(moved.runtime(in: bench)).contains("redirects to http://agent.example/card.json"))
    #expect(await complaint(bench.runtime("http://127.0.0.1:1/")).contains("Is the agent's server running?"))
    let runtime = bench.runtime("http://127.0.0.1:1/")
    #expect(await runtime.complaint()?.contains("Nothing answers") == true)
    #expect(try await runtime.getCapabilities() == RuntimeCapabilities(maxParallelTasks: 4))
  }

  @Test("A token is read when it is needed, goes to the agent, and is in no error, event or file")
  func token() async throws {
    let (bench, server) = (try A2ABench(), try A2AServer("--token", "s3cret-t0ken"))
    #expect(await complaint(server.runtime(in: bench)).contains("Give the runtime a \"token\""))
    let wrong = server.runtime(in: bench) { $0.token = { "wr0ng-t0ken" } }
    let refused = await complaint(wrong)
    #expect(refused.contains("The token is not one that it takes") && !refused.contains("wr0ng"))
    let path = bench.state + "/token"
    try "s3cret-t0ken\n".write(toFile: path, atomically: false, encoding: .utf8)
    let runtime = server.runtime(in: bench) { $0.token = { try SecretReference.file(path).read(environment: [:]) } }
    let started = try await A2AStarted(runtime, bench, "hello")
    #expect(try await started.end().outcome == .succeeded)
    #expect(!started.recorder.events().contains { "\($0)".contains("s3cret") })
    for name in Files.names(in: bench.folder(started.run)) {
      #expect(try Files.text(bench.folder(started.run) + "/" + name)?.contains("s3cret") != true)
    }
    await #expect(throws: Problem.self) { try await A2AStarted(wrong, bench, "hello") }
  }

  @Test(
    "Plain HTTP stays on this machine unless it is allowed, and never carries a token elsewhere",
    arguments: [
      ("http://127.0.0.1:9/", true, false, true), ("http://localhost/", true, false, true),
      ("http://[::1]:9/x", false, false, true), ("https://agent.example", true, false, true),
      ("http://agent.example/", false, false, false), ("http://agent.example/", false, true, true),
      ("http://agent.example/", true, true, false), ("ftp://agent.example/", false, true, false),
      ("http://127.0.0.1@agent.example/", false, false, false), ("https://u:p@agent.example/", false, false, false),
      ("http://127.0.0.1.agent.example/", false, false, false), ("https://agent.example/?token=1", false, false, false),
      ("http://127.0.0.1:99999/", false, false, false), ("https://", false, false, false),
      ("http://127.0.0.1\\@agent.example/", false, false, false),
    ])
  func addresses(_ url: String, _ hasToken: Bool, _ isInsecure: Bool, _ isRight: Bool) {
    let fault = A2ARuntime.Configuration.fault(in: url, hasToken: hasToken, isInsecure: isInsecure)
    #expect((fault == nil) == isRight, "\(fault ?? "")")
    #expect(fault?.contains("u:p") != true)
  }

  @Test("TLS: trusted by a file, shown a certificate, and each lack of trust says what to mend")
  func tls() async throws {
    let bench = try A2ABench()
    let certificates = try Certificates(in: bench.state)
    let server = try A2AServer(
      "--certificate", certificates.path("server.pem"), "--key", certificates.path("server.key"))
    let url = server.url.replacing("http:", with: "https:")
    #expect(await complaint(bench.runtime(url)).contains("name its file in \"ca\""))
    let trusting = bench.runtime(url) {
      $0.tls = { try ClientTLS.load(ca: certificates.path("ca.pem"), certificate: nil, key: nil) }
    }
    let started = try await A2AStarted(trusting, bench, "hello")
    #expect(try await started.end().outcome == .succeeded)
    let missing = bench.runtime(url) { $0.tls = { try ClientTLS.load(ca: "/no/such.pem", certificate: nil, key: nil) } }
    #expect(await complaint(missing).contains("/no/such.pem"))
    let picky = try A2AServer(
      "--certificate", certificates.path("server.pem"), "--key", certificates.path("server.key"), "--client-ca",
      certificates.path("ca.pem"))
    let pickyURL = picky.url.replacing("http:", with: "https:")
    let shown = bench.runtime(pickyURL) {
      $0.tls = {
        try ClientTLS.load(
          ca: certificates.path("ca.pem"), certificate: certificates.path("client.pem"),
          key: certificates.path("client.key"))
      }
    }
    #expect(await complaint(shown) == "nothing")
    let hidden = bench.runtime(pickyURL) {
      $0.tls = { try ClientTLS.load(ca: certificates.path("ca.pem"), certificate: nil, key: nil) }
    }
    #expect(await complaint(hidden) != "nothing")
    let plain = try A2AServer()
    #expect(await complaint(bench.runtime("https://127.0.0.1:\(plain.port)/")).contains("does not speak TLS"))
  }
}
