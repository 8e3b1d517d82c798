import RunModel
import TerminalKit

@testable import DashboardUI

/// The dispatch form in its states.
let dispatchScreens: [(name: String, make: @Sendable (Size) -> DashboardState)] = [
  (
    "dispatch-empty",
    { size in
      var state = Sample.state(size)
      state.press("D")
      return state
    }
  ),
  (
    "dispatch-prompt",
    { size in
      var state = Sample.state(size)
      state.press("D")
      state.type("Fix the login test")
      state.press("tab")
      for line in 1...9 {
        state.type("Line \(line) of a prompt that is long enough to be broken into two rows on a small terminal.")
        state.press("enter")
      }
      state.type("日本語の行もあります。")
      return state
    }
  ),
  (
    "dispatch-runtimes",
    { size in
      var state = ScreenSnapshotTests.form(size)
      state.focus(.runtimes)
      state.press("down", "space")
      return state
    }
  ),
  (
    "dispatch-errors",
    { size in
      var state = ScreenSnapshotTests.form(size)
      state.focus(.priority)
      state.type("x")
      state.focus(.timeout)
      state.type("soon")
      state.focus(.repository)
      state.press("ctrl-u")
      state.type("/home/ana/notes")
      state.askRepository()
      _ = state.update(
        .repository(
          RepositoryFacts(
            question: state.form.repositoryQuestion,
            problem: Problem(
              .invalid, "/home/ana/notes is not a git repository. Make it one (git init, then a commit).",
              member: "repository"))))
      return state
    }
  ),
  (
    "dispatch-completion",
    { size in
      var state = ScreenSnapshotTests.form(size)
      state.focus(.base)
      state.askRepository()
      _ = state.update(
        .repository(
          RepositoryFacts(
            question: state.form.repositoryQuestion, branch: "main",
            refs: ["main", "awf/fix-the-login-k9q4mz", "release/2.1", "v2.0.3"], uncommittedFiles: 3)))
      state.press("down", "down")
      return state
    }
  ),
  (
    "dispatch-templates",
    { size in
      var state = ScreenSnapshotTests.form(size)
      state.preferences.templates = [
        WorkTemplate(name: "bug", draft: WorkDraft(contract: Contract(title: "Fix the bug in …"))),
        WorkTemplate(name: "docs", draft: WorkDraft(contract: Contract(title: "Write the docs for …"))),
      ]
      state.press("ctrl-t")
      state.type("new")
      return state
    }
  ),
  ("dispatch-batch", { BatchSample.state($0) }),
]
