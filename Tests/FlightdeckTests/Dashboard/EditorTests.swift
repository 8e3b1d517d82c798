import Glibc
import Testing

@testable import flightdeck

@Suite("The person's editor", .timeLimit(.minutes(2))) struct EditorTests {
  @Test("An editor that stops, as on ctrl-z, stops the dashboard with it, and goes on when that does")
  func stops() {
    let texts: [String] = ["sh", "-c", "kill -STOP $$; exit 3"]
    var words = texts.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let failed = posix_spawn(&child, "/bin/sh", nil, nil, &words, environ)
    #expect(failed == 0)
    var stops = 0
    let status = Editor.wait(for: child) { stops += 1 }
    #expect(stops == 1 && status >> 8 == 3)
  }
}
