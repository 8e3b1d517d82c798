import Testing

/// The built program against its own orchestrator, real repositories and real processes. One at a time: each test
/// starts many processes, and the machine may be small.
@Suite("End to end", .serialized) struct EndToEndTests {}
