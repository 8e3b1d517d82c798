import RunClient
import RunModel
import TerminalKit

/// How `--once` draws.
enum OnceFormat: String, CaseIterable, Sendable { case text, ansi, svg, html }

/// The dashboard on the terminal, until the user quits or the task is canceled.
func runDashboard(client: RunClient, configuration: Configuration, paths: Paths) async throws {
  throw Problem(.internal, "This build has no dashboard.")
}

/// One screen, drawn to standard output. `screen`: `runs`, `runtimes`, …; nil is the home screen.
func drawOnce(
  client: RunClient, configuration: Configuration, paths: Paths, screen: String?, size: Size, format: OnceFormat
) async throws {
  throw Problem(.internal, "This build has no dashboard.")
}

/// The tour: a throw-away repository, store and orchestrator of its own, gone at the end.
func runDemo() async throws {
  throw Problem(.internal, "This build has no demo.")
}
