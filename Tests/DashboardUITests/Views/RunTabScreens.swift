import RunModel
import TerminalKit

@testable import DashboardUI

/// The run screen's tabs beyond their plainest state: empty, fetching, failed, opened.
let runTabScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "events-opened",
    { size in
      var state = Sample.opened(size, .events)
      state.press("k", "k", "m", "k", "enter")
      return state
    }
  ),
  (
    "events-search",
    { size in
      var state = Sample.opened(size, .events)
      state.press("/")
      state.type("retry")
      state.press("enter", "n")
      return state
    }
  ),
  (
    "events-types",
    { size in
      var state = Sample.opened(size, .events)
      state.press("F", "down", "down", "space")
      return state
    }
  ),
  (
    "events-earlier",
    { size in
      var state = Sample.opened(size, .events)
      state.press("g")
      return state
    }
  ),
  (
    "files-reviewed",
    { size in
      var state = Sample.opened(size, .files)
      state.press("space", "G", "left", "space")
      return state
    }
  ),
  ("tab-fetching", { size in fetching(size, .evidence) }),
  ("files-fetching", { size in fetching(size, .files) }),
  (
    "files-failed",
    { size in
      var state = fetching(size, .files)
      _ = state.update(.failed(Problem(.unavailable, "The link to the orchestrator broke."), .patch(Sample.id(5))))
      return state
    }
  ),
  (
    "evidence",
    { size in
      var state = withEvidence(size)
      state.press("j", "j", "j", "j")
      return state
    }
  ),
  ("evidence-empty", { Sample.opened($0, .evidence) }),
  (
    "run-audit",
    { size in
      var state = Sample.opened(size, .audit)
      _ = state.update(.runAudit(Sample.id(5), Sample.trail))
      return state
    }
  ),
  (
    "run-audit-broken",
    { size in
      var state = Sample.opened(size, .audit)
      var trail = Sample.trail
      trail.broken = "its content does not match its event_hash"
      trail.brokenAt = 40
      _ = state.update(.runAudit(Sample.id(5), trail))
      state.press("G", "enter")
      return state
    }
  ),
  (
    "run-audit-failed",
    { size in
      var state = Sample.opened(size, .audit)
      _ = state.update(.failed(Problem(.unavailable, "The link to the orchestrator broke."), .runAudit(Sample.id(5))))
      return state
    }
  ),
  (
    "tests-failed-only",
    { size in
      var state = Sample.opened(size, .tests)
      state.press("F")
      return state
    }
  ),
  (
    "commands-live",
    { size in
      var state = Sample.state(size)
      state.openRun(Sample.id(5), .commands)
      _ = state.update(.backlog(Sample.id(5), Sample.backlog(Sample.id(5))))
      return state
    }
  ),
  (
    "handoff-table",
    { size in
      var state = Sample.opened(size, .handoff)
      var artifacts = Sample.artifacts
      artifacts.handoffNote =
        "# What is where\n\n| file | what it does for deliveries that fail | lines |\n|:--|:--|--:|\n"
        + "| `retry.ts` | backs off, then gives up with a word to the **queue** | 41 |\n| `docs` | says so | 7 |\n\n"
        + "- [x] backoff\n- [ ] jitter\n  - seeded\n\n> Not measured:\n> the metrics.\n\n```sh\nnpm test -- retry "
        + String(repeating: "--again ", count: 14) + "\n```\n"
      _ = state.update(.artifacts(Sample.id(5), artifacts))
      return state
    }
  ),
]

private func fetching(_ size: Size, _ tab: RunTab) -> DashboardState {
  var state = Sample.state(size)
  state.openRun(Sample.id(5), tab)
  return state
}

private func withEvidence(_ size: Size) -> DashboardState {
  var state = Sample.opened(size, .evidence)
  var artifacts = Sample.artifacts
  artifacts.evidence = Sample.evidence
  _ = state.update(.artifacts(Sample.id(5), artifacts))
  return state
}
