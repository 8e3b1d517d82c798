import RunModel
import TerminalKit

/// A recording on the dashboard's screens.
extension DashboardState {
  mutating func take(_ status: ReplayStatus) {
    if status.badCount > 0, replay?.badCount ?? 0 == 0, let first = status.badLines.first {
      toast("\(status.name): line \(first) is no event; it is skipped, as are others like it", .bad)
    }
    replay = status
    link = .live
  }

  /// The keys of a replay.
  mutating func performInReplay(_ action: Action) {
    guard let replay else { return }
    switch action {
    case .playOrPause: emit(.replayCommand(.playOrPause))
    case .stepForward: emit(.replayCommand(.step(1)))
    case .stepBack: emit(.replayCommand(.step(-1)))
    case .faster: emit(.replayCommand(.speed(replay.speed.turned(1))))
    case .slower: emit(.replayCommand(.speed(replay.speed.turned(-1))))
    case .skipForward: emit(.replayCommand(.skip(0.05)))
    case .skipBack: emit(.replayCommand(.skip(-0.05)))
    case .replayStart: emit(.replayCommand(.go(0)))
    case .replayEnd: emit(.replayCommand(.go(1)))
    case .nextMoment, .previousMoment: goToMoment(action == .nextMoment ? 1 : -1)
    default: break
    }
    // The word comes at once, the rest from the player.
    switch action {
    case .faster: self.replay?.speed = replay.speed.turned(1)
    case .slower: self.replay?.speed = replay.speed.turned(-1)
    default: break
    }
  }

  /// To the next failure or question, or the one before.
  private mutating func goToMoment(_ step: Int) {
    guard let replay else { return }
    let moment =
      step > 0 ? replay.marks.first { $0.time > replay.time } : replay.marks.last { $0.time < replay.time }
    guard let moment else {
      toast(step > 0 ? "Nothing failed or asked after this" : "Nothing failed or asked before this", .info)
      return
    }
    emit(.replayCommand(.goTo(moment.time)))
  }

  /// Plays the run under the cursor, or all there is.
  mutating func startReplay(_ rest: String) {
    guard replay == nil else {
      toast("This is a replay already; q leaves it", .info)
      return
    }
    if rest == "all" {
      emit(.startReplay(nil))
    } else if rest.isEmpty {
      guard let run = currentRun else {
        toast("Choose a run to replay, or :replay all", .info)
        return
      }
      emit(.startReplay(run.runId))
    } else {
      let found = board.runs(endingIn: rest)
      guard found.count == 1, let run = found.first else {
        toast(found.isEmpty ? "No run ends in \"\(rest)\"" : "\(found.count) runs end in \"\(rest)\"", .bad)
        return
      }
      emit(.startReplay(run.runId))
    }
    toast("Fetching what was recorded…", .info)
  }

  /// The same person at the same terminal, about to look at something else: what belongs to the old place is left behind.
  package func successor(at place: String) -> DashboardState {
    var next = DashboardState(
      size: size, now: now, theme: theme, themes: themes, keys: keys, preferences: preferences,
      directory: directory)
    next.asciiOnly = asciiOnly
    next.utcOffset = utcOffset
    next.place = place
    next.isReadOnly = isReadOnly
    next.isDemo = isDemo
    next.notificationRules = notificationRules
    next.screenFormat = screenFormat
    next.clipboardTool = clipboardTool
    next.form = form
    next.fileTemplates = fileTemplates
    next.toasts = toasts
    next.orchestrators = orchestrators
    next.positions = positions
    if replay == nil { next.positions[self.place] = Position(selection: selection, filter: list.filter.text) }
    if let known = next.positions[place] {
      next.wantedSelection = known.selection
      next.setFilter(known.filter)
    }
    return next
  }
}

/// Where someone was at an orchestrator.
struct Position: Sendable {
  var selection: RunID?
  var filter: String
}
