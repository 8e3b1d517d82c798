import RunModel

/// Runs an orchestrator until its task is canceled: store, runtimes, routing and the HTTP API put together.
///
/// `onReady` is called for each address once it is bound, with a real port where port 0 was asked for.
/// `exitWhenIdle`: ends itself when nothing runs, nothing waits and nobody is connected.
func serve(
  configuration: Configuration, paths: Paths, listen: [ServerAddress], exitWhenIdle: Bool,
  onReady: @escaping @Sendable (ServerAddress) -> Void
) async throws {
  throw Problem(.internal, "This build has no orchestrator.")
}
