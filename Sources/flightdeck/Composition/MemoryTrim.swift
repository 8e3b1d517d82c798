import CProcess

/// Hands pages that nothing uses back to the system, every 10 s: a long flood leaves holes that the allocator keeps.
struct MemoryTrim: Sendable {
  var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  var trim: @Sendable () -> Void = { cprocess_trim_memory() }

  /// Until the task is canceled.
  func run() async throws {
    while true {
      try await sleep(.seconds(10))
      trim()
    }
  }
}
