import RunModel

package enum RunTab: Int, CaseIterable, Sendable {
  case overview, events, files, diff, commands, tests, handoff

  package var title: String {
    switch self {
    case .overview: "Overview"
    case .events: "Events"
    case .files: "Files"
    case .diff: "Diff"
    case .commands: "Commands"
    case .tests: "Tests"
    case .handoff: "Handoff"
    }
  }
}

/// The run screen: what it knows of its run and where each tab stands.
struct OpenRun: Sendable {
  let id: RunID
  var tab = RunTab.overview
  var detail: RunDetail?
  var artifacts: Artifacts?
  var patch: Patch?
  /// Why something could not be fetched.
  var detailProblem: String?
  var artifactsProblem: String?
  var patchProblem: String?
  /// When the artifacts and the patch were last asked for; live ones are asked for again while they are looked at.
  var askedAt: Timestamp?
  /// Rows above the top of the page, for the tabs that are one page.
  var tops: [RunTab: Int] = [:]
  var fileCursor = 0
  var recordCursor: [RunTab: Int] = [:]
  var events = EventsPane()
  var diff = DiffPane()

  init(id: RunID) { self.id = id }
}

struct EventsPane: Sendable {
  enum Times: CaseIterable, Sendable { case clock, sinceStart, none }

  var isFollowing = true
  var wraps = false
  var times = Times.clock
  /// The seq of the top line when not following.
  var topSeq: UInt64 = 0
  /// The last seq shown while paused.
  var pausedAt: UInt64?
  var left = 0
  var search = ""
}
