import RunModel

extension RuntimeConfiguration {
  struct Simulated: Sendable, Equatable {
    var maxParallelTasks = 50
    /// The same seed gives the same runs; nil: another each time.
    var seed: UInt64?
    var medianSeconds = 4.0
    var maxSeconds = 8.0
    /// In [0, 1].
    var failureRate = 0.1
    var attentionRate = 0.1
    /// Of one run; nil: a plausible few.
    var eventsPerSecond: Double?
  }
}

extension RuntimeKind {
  static let simulated = RuntimeKind(
    name: "simulated",
    keys: ["seed", "medianSeconds", "maxSeconds", "failureRate", "attentionRate", "eventsPerSecond"],
    read: { file, entry throws(Problem) in try file.simulated(entry) })
}

extension ConfigurationFile {
  fileprivate func simulated(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    var simulated = RuntimeConfiguration.Simulated()
    for (key, value) in entry.members {
      switch key {
      case "maxParallelTasks": simulated.maxParallelTasks = try count(value, key)
      case "seed": simulated.seed = UInt64(bitPattern: Int64(try whole(value, key)))
      case "medianSeconds": simulated.medianSeconds = try number(value, key, above: 0)
      case "maxSeconds": simulated.maxSeconds = try number(value, key, above: 0)
      case "failureRate": simulated.failureRate = try rate(value, key)
      case "attentionRate": simulated.attentionRate = try rate(value, key)
      case "eventsPerSecond": simulated.eventsPerSecond = try number(value, key, above: 0)
      default: break
      }
    }
    simulated.maxSeconds = max(simulated.maxSeconds, simulated.medianSeconds)
    return .simulated(simulated)
  }
}
