import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ReplayTests {
  private static let events = RecordingSample.events(600)

  private func replay(_ speed: ReplaySpeed = .normal, isPlaying: Bool = true) -> Replay {
    Replay(
      RecordingSample.recording(RecordingSample.bytes(Self.events)), name: "day", speed: speed, isPlaying: isPlaying)
  }

  /// A dashboard that is told all that the replay says.
  private struct Watcher {
    var replay: Replay
    var state = DashboardState(size: Size(width: 120, height: 40), now: Sample.now)
    var now: Int64 = 0

    init(_ replay: Replay) { self.replay = replay }

    mutating func turn(after milliseconds: Int64 = 0) {
      now += milliseconds
      repeat { for message in replay.advance(now) { _ = state.update(message) } } while replay.rest(now) == .atOnce
    }

    mutating func take(_ command: Replay.Command) {
      replay.take(command, now)
      turn()
    }

    var isRight: Bool {
      let expected = RecordingSample.board(ReplayTests.events.prefix(replay.feed.place))
      return state.board.runs == expected.runs && state.replay?.place == replay.feed.place
    }
  }

  @Test(
    "Played, the dashboard shows at each moment what had happened by then",
    arguments: [ReplaySpeed.half, .normal, .eight])
  func playing(speed: ReplaySpeed) {
    var watcher = Watcher(replay(speed))
    watcher.turn()
    for _ in 0..<30 {
      watcher.turn(after: 1000)
      let time = Sample.start + .milliseconds(Int64(Double(watcher.now) * (speed.factor ?? 1)))
      let first = Self.events[0].time
      #expect(watcher.replay.feed.place == Self.events.count { $0.time - first <= time - Sample.start })
      #expect(watcher.isRight)
    }
  }

  @Test("Whatever is pressed, the dashboard shows what folding from the start shows", arguments: 1...6)
  func anything(seed: Int) {
    var random = Seeded(UInt64(seed))
    var watcher = Watcher(replay())
    watcher.turn()
    for _ in 0..<80 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: watcher.take(.playOrPause)
      case 1: watcher.take(.step([-3, -1, 1, 2].randomElement(using: &random) ?? 1))
      case 2: watcher.take(.speed(ReplaySpeed.allCases.randomElement(using: &random) ?? .normal))
      case 3: watcher.take(.skip(Double.random(in: -0.3...0.3, using: &random)))
      case 4: watcher.take(.go(Double.random(in: -0.1...1.1, using: &random)))
      case 5: watcher.take(.goTo(Sample.start + .seconds(Int.random(in: -100...1000, using: &random))))
      case 6: watcher.take(.goToTimeOfDay(Int.random(in: 0..<86_400, using: &random), offset: 3600))
      default: watcher.turn(after: Int64.random(in: 0...5000, using: &random))
      }
      #expect(watcher.isRight)
      let status = watcher.replay.status(watcher.now)
      #expect(status.time >= status.first && status.time <= status.last)
    }
  }

  @Test("A pause stands still; a step is one event; going on goes on from there")
  func pausing() {
    var watcher = Watcher(replay())
    watcher.turn()
    watcher.turn(after: 20_000)
    watcher.take(.playOrPause)
    let place = watcher.replay.feed.place
    watcher.turn(after: 60_000)
    #expect(watcher.replay.feed.place == place)
    #expect(watcher.replay.rest(watcher.now) == .idle)
    watcher.take(.step(1))
    #expect(watcher.replay.feed.place == place + 1)
    #expect(watcher.state.replay?.time == Self.events[place].time)
    watcher.take(.step(-1))
    watcher.take(.step(-1))
    #expect(watcher.replay.feed.place == place - 1)
    watcher.take(.playOrPause)
    watcher.turn(after: 10_000)
    #expect(watcher.replay.feed.place > place)
    #expect(watcher.isRight)
  }

  @Test("At the end it stops and says so; playing again begins anew")
  func ending() {
    var watcher = Watcher(replay(.max))
    for _ in 0..<10 { watcher.turn(after: 33) }
    #expect(watcher.state.replay?.motion == .ended)
    #expect(watcher.replay.feed.place == Self.events.count)
    #expect(watcher.replay.rest(watcher.now) == .idle)
    watcher.take(.speed(.normal))
    watcher.take(.playOrPause)
    #expect(watcher.state.replay?.motion == .playing)
    #expect(watcher.replay.feed.place < 10)
    #expect(watcher.isRight)
  }

  @Test("A long recording plays from its start while the rest is looked through, and the end waits for it")
  func indexing() {
    let events = RecordingSample.events(12_000)
    let bytes = RecordingSample.bytes(events)
    #expect(bytes.count > 2 << 20)
    var replay = Replay(Recording(RecordedBytes(bytes)), name: "long")
    _ = replay.advance(0)
    #expect(replay.status(0).isIndexing)
    #expect(replay.feed.place > 0)
    replay.take(.go(1), 1)
    while replay.rest(1) == .atOnce { _ = replay.advance(1) }
    #expect(replay.feed.place == events.count)
    #expect(replay.feed.board.runs == RecordingSample.board(events).runs)
  }

  @Test("A recording without an event is over at once")
  func empty() {
    var watcher = Watcher(Replay(Recording(RecordedBytes([])), name: "empty"))
    watcher.turn()
    #expect(watcher.state.replay?.motion == .ended)
    #expect(watcher.replay.rest(0) == .idle)
    #expect(drawDashboard(watcher.state).text.contains("No run yet at this time"))
  }

  // MARK: On the screen

  private func watched(_ size: Size = Size(width: 120, height: 40)) -> DashboardState {
    var watcher = Watcher(replay(isPlaying: false))
    watcher.turn()
    watcher.take(.go(0.5))
    _ = watcher.state.update(.input(.resize(size)))
    return watcher.state
  }

  @Test("The header says replay and never live, with the recording's time", arguments: [60, 80, 120, 200])
  func header(width: Int) throws {
    let state = watched(Size(width: width, height: 24))
    let line = drawDashboard(state).line(0)
    #expect(line.contains("replay paused"))
    #expect(!line.contains("live"))
    let time = try #require(state.replay?.time)
    #expect(line.contains(Format.clock(time, offset: 0)))
  }

  @Test(
    "Each key of a replay asks its player",
    arguments: [
      ("space", Replay.Command.playOrPause), (".", .step(1)), (",", .step(-1)), ("<", .speed(.half)),
      (">", .speed(.double)),
      ("left", .skip(-0.05)), ("right", .skip(0.05)), ("home", .go(0)), ("end", .go(1)),
    ])
  func keys(name: String, command: Replay.Command) {
    for open in [false, true] {
      var state = watched()
      if open { state.press("enter", "2") }
      let effects = state.press(name)
      let asked = effects.compactMap { if case .replayCommand(let asked) = $0 { asked } else { nil } }
      #expect(asked == [command])
    }
  }

  @Test("} and { go to the next failure or question and to the one before")
  func moments() throws {
    var state = watched()
    let here = try #require(state.replay?.time)
    guard case .replayCommand(.goTo(let next))? = state.press("}").first,
      case .replayCommand(.goTo(let previous))? = state.press("{").first
    else {
      Issue.record("no moments")
      return
    }
    #expect(previous < here && here < next)
  }

  @Test("What would change a run is refused with a calm word", arguments: ["x", "X", "r", "M", "D"])
  func refused(key: String) {
    var state = watched()
    #expect(!state.press(key, "enter").contains { $0.changesRuns })
    #expect(state.toasts.contains { $0.text.contains("This is a replay") })
  }

  @Test("A click on the time bar goes there")
  func clicking() {
    var state = watched()
    let track = state.timeTrack(state.layout.timeBar)
    let at = Point(x: track.x + (track.width - 1) / 2, y: track.y)
    guard case .replayCommand(.go(let share))? = state.update(.input(.mouse(.init(.press, at: at)))).first else {
      Issue.record("nothing asked")
      return
    }
    #expect(abs(share - 0.5) < 0.02)
  }

  @Test("Nothing is told of what happens in a replay")
  func silent() {
    var watcher = Watcher(replay(.max))
    watcher.state.notificationRules.on = Set(RunNotification.Kind.allCases)
    var effects: [Effect] = []
    for _ in 0..<10 {
      watcher.now += 33
      for message in watcher.replay.advance(watcher.now) { effects += watcher.state.update(message) }
    }
    #expect(
      !effects.contains {
        switch $0 {
        case .bell, .notify: true
        default: false
        }
      })
  }

  @Test("q on the first screen leaves a replay for the orchestrator it came from, and asks where there is none")
  func leaving() {
    var state = watched()
    state.replayReturns = true
    guard case .leaveReplay? = state.press("q").first else {
      Issue.record("not left")
      return
    }
    state.replayReturns = false
    #expect(state.press("q").isEmpty)
    #expect(state.layers.count == 1)
  }

  @Test("A replay begins with the run under the cursor, one that is named, or all")
  func starting() {
    var state = Sample.state(Size(width: 120, height: 40))
    guard case .startReplay(let run)? = state.press("P").first else {
      Issue.record("P does nothing")
      return
    }
    #expect(run == state.selection)
    state.type(":replay all")
    guard case .startReplay(nil)? = state.press("enter").first else {
      Issue.record("not all")
      return
    }
    state.type(":replay \(Sample.id(3).shortName)")
    guard case .startReplay(Sample.id(3))? = state.press("enter").first else {
      Issue.record("not the named one")
      return
    }
  }
}
