import Foundation
import Testing

/// The API held to its own description by a program that nobody here wrote. To install it:
/// Tests/install-peer.sh schemathesis st schemathesis==4.32.5; for a long run: Tests/Schemathesis/run.sh 1000
@Suite(
  "schemathesis", .serialized, .timeLimit(.minutes(20)),
  .enabled(
    if: Schemathesis.isInstalled,
    "run Tests/install-peer.sh schemathesis st schemathesis==4.32.5 to have this test run"))
struct SchemathesisTests {
  @Test("No answer is a 5xx, each is in its schema, and every status is described")
  func description() async throws {
    let program = Program()
    defer { program.remove() }
    let ending = try await program.run(
      [Schemathesis.script, "3", "1"], environment: ["FLIGHTDECK": Program.path, "XDG_CACHE_HOME": Schemathesis.cache],
      program: "/bin/bash")
    #expect(ending.status == 0, "\(ending.output)\n\(ending.diagnostic)")
  }
}

private enum Schemathesis {
  static var cache: String {
    let environment = ProcessInfo.processInfo.environment
    return environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? (environment["HOME"] ?? "") + "/.cache"
  }

  static var isInstalled: Bool {
    FileManager.default.isExecutableFile(atPath: cache + "/flightdeck-tests/schemathesis/bin/st")
  }

  static var script: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Schemathesis/run.sh").path
  }
}
