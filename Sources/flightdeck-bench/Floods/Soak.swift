import Glibc
import RunClient
import RunModel

/// One look at a process during a soak.
struct SoakSample: Sendable {
  var minute: Double
  var megabytes: Double
  var descriptors: Int
}

/// How a process fared: flat when neither its memory nor its descriptors would have grown by more than the allowance over
/// the time that was looked at.
struct SoakTrend {
  var samples: [SoakSample]

  /// Megabytes a minute, by least squares.
  var slope: Double { Self.slope(samples.map { ($0.minute, $0.megabytes) }) }
  private var span: Double { (samples.last?.minute ?? 0) - (samples.first?.minute ?? 0) }
  private var mean: Double { samples.reduce(0) { $0 + $1.megabytes } / Double(max(1, samples.count)) }

  /// Megabytes over the whole time that are noise: the allocator's and the kernel's.
  var allowance: Double { max(6, mean * 0.06) }
  var growth: Double { slope * span }
  var descriptors: ClosedRange<Int> {
    let all = samples.map(\.descriptors)
    return (all.min() ?? 0)...(all.max() ?? 0)
  }

  /// Those that came over the time; requests and looks into the store come and go meanwhile.
  var descriptorGrowth: Double { Self.slope(samples.map { ($0.minute, Double($0.descriptors)) }) * span }
  /// Readers of the store stay open once they were needed: four, of a file or two each.
  static let descriptorAllowance = 4.0

  var isFlat: Bool { growth <= allowance && descriptorGrowth <= Self.descriptorAllowance }

  static func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let count = Double(points.count)
    guard count > 1 else { return 0 }
    let x = points.reduce(0) { $0 + $1.x } / count
    let y = points.reduce(0) { $0 + $1.y } / count
    let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    return spread > 0 ? points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread : 0
  }
}

/// So many minutes of so many events a second, with two clients that read and a dashboard on a terminal: memory and
/// descriptors of orchestrator and dashboard must stay flat after a warm-up. False when they do not.
func runSoaking(_ workshop: Workshop, minutes: Double, rate: Int, say: (String) -> Void) async throws -> Bool {
  let state = try workshop.makeFolder("soak")
  let orchestrator = try OrchestratorProcess(workshop, state: state, configuration: talkative(rate: rate))
  defer { orchestrator.stop() }
  let client = RunClient(orchestrator.address)
  _ = try await client.dispatch(DispatchRequest(contracts: [Contract(title: "Work for hours")], count: 500))
  let seq = try await client.health().seq
  let readers = try Subscribers(2, socket: orchestrator.socket, after: seq)
  defer { readers.close() }
  let screen = try Screen(workshop, ["--state", state])
  defer { screen.stop() }
  try screen.wait(for: " live")

  let gauges = [("orchestrator", Gauge(pid: orchestrator.pid)), ("dashboard", Gauge(pid: screen.pid))]
  var samples: [[SoakSample]] = [[], []]
  let pause = Duration.seconds(max(1, min(10, minutes * 60 / 120)))
  let start = ContinuousClock.now
  let end = start + .seconds(minutes * 60)
  var screens = 0
  var nextLine = 0.0
  say("  minute  events/s   orchestrator         dashboard")
  var lastSeq = seq
  var lastTime = start
  while ContinuousClock.now < end {
    try readers.read(for: pause / 2)
    screen.read(for: pause / 2)
    screen.forget()
    // A person looks around now and then: every screen in turn.
    screens += 1
    if screens % 4 == 0 { screen.press(["1", "j", "5", "3", "2", "1", "\r", "2", "\u{1B}"][screens / 4 % 9]) }
    let minute = start.duration(to: .now).inSeconds / 60
    for (place, gauge) in gauges.enumerated() {
      samples[place].append(
        SoakSample(minute: minute, megabytes: gauge.1.resident, descriptors: gauge.1.descriptors))
    }
    guard minute >= nextLine else { continue }
    nextLine += max(0.25, minutes / 30)
    let now = try await client.health().seq
    let speed = Double(now - lastSeq) / lastTime.duration(to: .now).inSeconds
    (lastSeq, lastTime) = (now, .now)
    let states = samples.compactMap(\.last).map { "\(short($0.megabytes)) MB, \($0.descriptors) fds" }
    say("  \(short(minute))     \(Int(speed))      \(states.joined(separator: "    "))")
  }
  let total = try await client.health().seq - seq
  await client.shutdown()
  // What is known, drawn and cached in the first third is no leak.
  let warm = minutes / 3
  var isFlat = true
  for (place, gauge) in gauges.enumerated() {
    let trend = SoakTrend(samples: samples[place].filter { $0.minute >= warm })
    isFlat = isFlat && trend.isFlat
    say(
      "\(trend.isFlat ? "✓" : "✗") \(gauge.0): \(short(trend.slope)) MB/min, \(short(trend.growth)) MB in all "
        + "(at most \(short(trend.allowance))), peak \(short(gauge.1.peak)) MB, "
        + "\(trend.descriptors.lowerBound) to \(trend.descriptors.upperBound) descriptors, \(short(trend.descriptorGrowth)) more "
        + "in all (at most \(short(SoakTrend.descriptorAllowance))), \(trend.samples.count) samples"
    )
  }
  let perSecond = Double(total) / start.duration(to: .now).inSeconds
  let isFast = perSecond >= Double(rate) * 0.9
  say("\(isFast ? "✓" : "✗") \(total) events, \(Int(perSecond)) a second of \(rate) asked for")
  return isFlat && isFast
}

private func short(_ value: Double) -> String { JSONWriter.number((value * 100).rounded() / 100) }
