import Foundation
import Orchestration
import RunModel
import TestSupport
import Testing

@testable import RuntimeAdapters

/// `gh` itself, as Debian has it; what it speaks to is a script with GitHub's name (`Tests/Agents/github-host.py`).
@Suite(
  "Pull requests by the real gh",
  .enabled(if: Files.isProgram("/usr/bin/gh"), "gh is not installed: apt-get install gh"), .timeLimit(.minutes(20)))
struct RealGhTests {
  /// Gone with the value.
  private struct Host {
    let stand: RequestStand
    let process: ScriptProcess
    private let port: String

    init() throws {
      stand = try RequestStand()
      try FileManager.default.createSymbolicLink(atPath: stand.bin + "/gh", withDestinationPath: "/usr/bin/gh")
      let script = A2AServer.agents.appendingPathComponent("github-host.py").path
      process = try ScriptProcess("/usr/bin/python3", [script, stand.bench.folder])
      port = process.line()
    }

    func desk(token: String = "s3cret", _ settings: PullRequestSettings = .init()) -> RequestDesk {
      stand.desk(
        settings,
        adding: [
          "HTTPS_PROXY": "http://127.0.0.1:\(port)", "SSL_CERT_FILE": stand.bench.folder + "/ca.pem",
          "GH_TOKEN": token,
        ])
    }

    var requests: [JSONValue] {
      (stand.bench.read(stand.bench.folder + "/requests") ?? "").split(separator: "\n").compactMap {
        try? JSONValue(parsing: String($0))
      }
    }
  }

  @Test("It says who is logged in, opens the request once, finds it when asked again, and is given no token to show")
  func opens() async throws {
    let host = try Host()
    let desk = host.desk(.init(isDraft: true))
    #expect(await desk.couldOpen())
    #expect(await desk.obstacle(in: host.stand.bench.repository) == nil)
    let draft = host.stand.draft(title: "--base x; $(touch pwned)")
    let opened = try await desk.open(draft)
    #expect(opened == OpenedPullRequest(url: "https://github.com/acme/app/pull/7", isNew: true))
    #expect(try host.stand.pushed() == host.stand.commit)
    let input = host.requests.compactMap { $0["variables"]?["input"] }.last
    #expect(input?["title"]?.string == "--base x; $(touch pwned)")
    #expect(input?["headRefName"]?.string == host.stand.branch && input?["baseRefName"]?.string == "main")
    #expect(input?["draft"]?.bool == true)
    #expect(input?["body"]?.string?.hasPrefix("Note") == true && input?["body"]?.string?.contains("`x`") == true)
    #expect(try await desk.open(draft) == OpenedPullRequest(url: opened.url, isNew: false))
    #expect(host.requests.count { $0["variables"]?["input"] != nil } == 1)
  }

  @Test("A login that is no good is told as that, and nothing is pushed")
  func refused() async throws {
    let host = try Host()
    let desk = host.desk(token: "bad")
    #expect(await !desk.couldOpen())
    let obstacle = await desk.obstacle(in: host.stand.bench.repository)
    #expect(obstacle?.contains("nobody is logged in at github.com: run gh auth login") == true, "\(obstacle ?? "")")
    await #expect(throws: PullRequestFailure.self) { _ = try await desk.open(host.stand.draft()) }
    #expect(throws: (any Error).self) { try host.stand.pushed() }
  }
}
