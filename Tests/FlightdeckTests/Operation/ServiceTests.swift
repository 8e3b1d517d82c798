import Foundation
import Glibc
import RunModel
import TestSupport
import Testing

@testable import flightdeck

@Suite("Service manager", .timeLimit(.minutes(20)))
struct ServiceTests {
  /// What a service manager hears on.
  final class Manager: Sendable {
    let name: String
    private let descriptor: Int32

    /// `@` at the beginning: an abstract socket.
    init(_ name: String) throws {
      self.name = name
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      var bytes = Array(name.utf8)
      if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let length = socklen_t(2 + bytes.count)
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      var patience = timeval(tv_sec: 60, tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
      if bound != 0 { throw Problem(.internal, "bind: \(errno)") }
    }

    deinit { close(descriptor) }

    func next() -> String {
      var buffer = [UInt8](repeating: 0, count: 8192)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
  }

  @Test("The manager is told on its datagram socket, named by a path or abstract", arguments: ["path", "@abstract"])
  func notifies(kind: String) throws {
    let name = (kind == "path" ? "/tmp/fdn-" : "@fdn-") + "\(UInt32.random(in: 0 ... .max))"
    let manager = try Manager(name)
    defer { unlink(name) }
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
    notifier.ready("listening on\nX=1")
    #expect(manager.next() == "READY=1\nSTATUS=listening on X=1")
    notifier.stopping("bye")
    #expect(manager.next() == "STOPPING=1\nSTATUS=bye")
    notifier.starting("migrating")
    #expect(manager.next() == "STATUS=migrating\nEXTEND_TIMEOUT_USEC=120000000")
  }

  @Test("Without a manager, or with one that is gone, nothing happens")
  func nobody() {
    ServiceNotifier(environment: [:]).ready("x")
    ServiceNotifier(environment: ["NOTIFY_SOCKET": ""]).ready("x")
    ServiceNotifier(environment: ["NOTIFY_SOCKET": "/nowhere/\(String(repeating: "x", count: 200))"]).ready("x")
    ServiceNotifier(environment: ["NOTIFY_SOCKET": "/nowhere"]).ready("x")
  }

  @Test("serve says READY=1 once it listens and STOPPING=1 when it is told to end; agents learn nothing of the manager")
  func serve() async throws {
    let configuration = { (folder: String) in
      """
      runtimes:
        - {id: local, kind: local, command: [sh, -c, "env > \(folder)/agent.env"]}
      """
    }
    let name = "@fdn-\(UInt32.random(in: 0 ... .max))"
    let manager = try Manager(name)
    let variables = ["NOTIFY_SOCKET": name, "INVOCATION_ID": "abc"]
    try await OrchestratorProcess.with(configuration, variables: variables) { here in
      #expect(await onThread { manager.next() }.hasPrefix("READY=1\nSTATUS=listening on unix:\(here.state)"))
      let run = try await here.dispatch("Look around", "--repo", try await here.makeRepository(), "--wait")
      _ = try await here.wait("the end", of: run) { $0.status == .succeeded }
      let environment = try here.read("agent.env")
      #expect(environment.contains("FLIGHTDECK_RUN_ID=") && !environment.contains("NOTIFY_SOCKET"))
      #expect(!environment.contains("INVOCATION_ID"))
      here.signal(SIGTERM)
      #expect(await onThread { manager.next() }.hasPrefix("STOPPING=1\n"))
      #expect(await here.waitExit() == 0)
    }
  }

  @Test("A unit's words mean what they say, whatever is in the paths")
  func quoting() throws {
    let unit = ServiceUnit(
      program: "/opt/a b/flight$deck", state: "/s/50%/\"q\"/$HOME\\x", configuration: "/c.yaml",
      listen: ["http://127.0.0.1:7070"], path: "/usr/bin:/my $bin",
      folders: ["XDG_STATE_HOME": "/my state", "HOME": "/nobody's"], namesSubgroup: true)
    let text = try unit.text()
    #expect(
      text.contains(
        #"ExecStart="/opt/a b/flight$deck" serve --state "/s/50%%/\"q\"/$$HOME\\x" --config /c.yaml --listen http://127.0.0.1:7070"#
      ))
    #expect(text.contains("Environment=\"PATH=/usr/bin:/my $bin\"\n"))
    #expect(text.contains("Environment=\"XDG_STATE_HOME=/my state\"\n") && !text.contains("nobody's"))
    #expect(text.contains("\nDelegate=yes\nDelegateSubgroup=orchestrator\n# An agent"))
    #expect(try !ServiceUnit(program: "/f").text().contains("DelegateSubgroup"))
    for line in ["Type=notify", "KillMode=process", "Restart=on-failure", "Delegate=yes", "UMask=0077"] {
      #expect(text.contains("\n\(line)\n"))
    }
    #expect(throws: Problem.self) { try ServiceUnit(program: "/a\nExecStart=/bin/evil").text() }
  }

  @Test("The unit is one that systemd takes", .enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0))
  func verified() async throws {
    let program = Program()
    defer { program.remove() }
    let printed = try await program.run(["service", "print", "--state", program.folder + "/my state"])
    #expect(printed.status == 0)
    let path = program.folder + "/flightdeck.service"
    try printed.output.write(toFile: path, atomically: true, encoding: .utf8)
    let verified = try await program.run(
      ["verify", "--user", "--man=no", path], program: "/usr/bin/systemd-analyze")
    #expect(verified.status == 0, "\(verified.diagnostic)")
    #expect(!(verified.output + verified.diagnostic).contains("flightdeck.service:"), "\(verified.diagnostic)")
  }

  @Test("install writes the unit into the user's configuration, uninstall takes it away, and status tells of it")
  func installs() async throws {
    let program = Program()
    defer { program.remove() }
    let path = program.folder + "/.config/systemd/user/flightdeck.service"
    let installed = try await program.run(["service", "install"])
    #expect(installed.status == 0 && installed.output.contains("wrote \(path)\n"))
    #expect(try String(contentsOfFile: path, encoding: .utf8).contains("ExecStart=\(Program.path) serve\n"))
    // There is no user manager here, so what runs cannot be asked.
    let status = try await program.run(["service", "status"])
    #expect(status.status == 1 && status.output.contains(path))
    #expect(try await program.run(["service", "uninstall"]).output == "removed \(path)\n")
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try await program.run(["service", "uninstall"]).status == 1)
  }
}
