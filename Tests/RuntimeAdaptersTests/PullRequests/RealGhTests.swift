import FoundationEssentials
import Glibc
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
  private struct Host {
    let stand: RequestStand
    let process: pid_t
    let port: String

    func end() {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }

    func environment(token: String) -> [String: String] {
      stand.environment.merging([
        "HTTPS_PROXY": "http://127.0.0.1:\(port)", "SSL_CERT_FILE": stand.bench.folder + "/ca.pem", "GH_TOKEN": token,
      ]) { $1 }
    }

    func desk(token: String = "s3cret", _ settings: PullRequestSettings = .init()) -> RequestDesk {
      let standIns = stand.bench.state + "/git"
      var settings = settings
      settings.statusLimit = .seconds(300)
      let environment = environment(token: token)
      return RequestDesk(
        settings, git: Git(environment: environment, standIns: standIns), environment: environment, standIns: standIns)
    }

    var requests: [JSONValue] {
      (stand.bench.read(stand.bench.folder + "/requests") ?? "").split(separator: "\n").compactMap {
        try? JSONValue(parsing: String($0))
      }
    }
  }

  private func host() async throws -> Host {
    let stand = try RequestStand()
    try FileManager.default.createSymbolicLink(atPath: stand.bin + "/gh", withDestinationPath: "/usr/bin/gh")
    let folder = stand.bench.folder
    let output = open(folder + "/port", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { for descriptor in [output, nothing] { close(descriptor) } }
    let script = FileManager.default.currentDirectoryPath + "/Tests/Agents/github-host.py"
    let started = spawn(
      "/usr/bin/python3", ["python3", script, folder], environment: ["PATH=/usr/bin:/bin"], input: nothing,
      output: output, error: nothing)
    try #require(started.failure == 0)
    try await until("the host's port is there") { stand.bench.read(folder + "/port")?.hasSuffix("\n") == true }
    return Host(stand: stand, process: started.pid, port: stand.bench.read(folder + "/port")?.trimmed ?? "")
  }

  @Test("It says who is logged in, opens the request once, finds it when asked again, and is given no token to show")
  func opens() async throws {
    let host = try await host()
    defer { host.end() }
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
    let host = try await host()
    defer { host.end() }
    let desk = host.desk(token: "bad")
    #expect(await !desk.couldOpen())
    let obstacle = await desk.obstacle(in: host.stand.bench.repository)
    #expect(obstacle?.contains("nobody is logged in at github.com: run gh auth login") == true, "\(obstacle ?? "")")
    await #expect(throws: PullRequestFailure.self) { _ = try await desk.open(host.stand.draft()) }
    #expect(throws: (any Error).self) { try host.stand.pushed() }
  }
}
