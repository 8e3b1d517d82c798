import Glibc
package import RunModel

extension SimulatedRuntime {
  /// What the configuration says of a `simulated` runtime.
  package struct Configuration: Sendable {
    package var id: RuntimeID
    package var maxParallelTasks: Int
    /// The same seed and run id give the same run.
    package var seed: UInt64
    package var medianSeconds: Double
    package var maxSeconds: Double
    package var failureRate: Double
    package var attentionRate: Double
    /// Of all live runs together, from 1 to 100,000; nil: what each would plausibly say.
    package var eventsPerSecond: Double?

    package init(
      id: RuntimeID = "simulated", maxParallelTasks: Int = 50, seed: UInt64 = 1, medianSeconds: Double = 4,
      maxSeconds: Double = 8, failureRate: Double = 0.1, attentionRate: Double = 0.1, eventsPerSecond: Double? = nil
    ) {
      self.id = id
      self.maxParallelTasks = maxParallelTasks
      self.seed = seed
      self.medianSeconds = medianSeconds
      self.maxSeconds = maxSeconds
      self.failureRate = failureRate
      self.attentionRate = attentionRate
      self.eventsPerSecond = eventsPerSecond
    }
  }
}

/// SplitMix64 (G. Steele, D. Lea, C. Flood, 2014): small, fast, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}

/// Everything that will become of a simulated run, decided at its start.
struct SimulatedPlan {
  var seconds: Double
  var fails: Bool
  /// How far it is when it asks something; nil when it never does.
  var asksAt: Double?
  /// How long the question stays open when nobody answers.
  var patience: Double
  var failsAt: Double
  /// Between two of its events.
  var interval: Double

  init(_ configuration: SimulatedRuntime.Configuration, run: RunID) {
    var random = SeededGenerator(seed: configuration.seed ^ run.ulid.high ^ run.ulid.low)
    // From half to twice the median, with that median.
    let spread = exp2(random.unit() + random.unit() - 1)
    seconds = max(0.001, min(configuration.maxSeconds, configuration.medianSeconds * spread))
    fails = random.unit() < configuration.failureRate
    failsAt = 0.3 + 0.65 * random.unit()
    asksAt = random.unit() < configuration.attentionRate ? 0.2 + 0.6 * random.unit() : nil
    if let asksAt, fails, asksAt >= failsAt { self.asksAt = failsAt * 0.8 }
    patience = min(configuration.maxSeconds, configuration.medianSeconds) * (0.5 + random.unit())
    interval = seconds / Double(14 + random.next() % 14)
  }
}
