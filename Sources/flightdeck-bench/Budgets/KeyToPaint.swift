import RunModel

/// From a key to the frame that answers it, while 500 live runs send 50,000 events a second; and what of these the
/// dashboard takes in meanwhile.
func keyToPaint(_ workshop: Workshop) async throws -> [Row] {
  let service = SyntheticService(runs: SampleRuns.runs(500, live: 500), rate: 52_000)
  return try await service.whileServing(on: workshop.folder + "/keys.sock") { address in
    let screen = try Screen(workshop, ["--connect", address.description])
    defer { screen.stop() }
    try screen.wait(for: "(#1")
    screen.read(for: .seconds(2))
    var random = SystemRandomNumberGenerator()
    var times: [Double] = []
    let start = ContinuousClock.now
    let before = service.cursor
    // Words of the help alone; the first to be painted counts.
    let answers = ["invert", "marks", "branch"].map { Array($0.utf8) }
    for _ in 0..<200 {
      screen.forget()
      let pressed = ContinuousClock.now
      screen.press("?")
      try screen.wait(forAny: answers, seconds: 10)
      times.append(pressed.duration(to: .now).inMilliseconds)
      screen.press("q")
      // Closed and drawn, and at another moment between two frames.
      screen.read(for: .milliseconds(Int64.random(in: 70...110, using: &random)))
    }
    let rate = Double(service.cursor - before) / start.duration(to: .now).inSeconds
    return [
      Row("key-to-paint", times.quantile(0.99), .atMost, 33, "ms"),
      Row("key-to-paint-load", rate, .atLeast, 50_000, "events/s"),
    ]
  }
}
