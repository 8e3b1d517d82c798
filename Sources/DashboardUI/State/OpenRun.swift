import RunModel

package enum RunTab: Int, CaseIterable, Sendable {
  case overview, events, files, diff, commands, tests, handoff, evidence, audit

  package var title: String {
    switch self {
    case .overview: "Overview"
    case .events: "Events"
    case .files: "Files"
    case .diff: "Diff"
    case .commands: "Commands"
    case .tests: "Tests"
    case .handoff: "Handoff"
    case .evidence: "Evidence"
    case .audit: "Audit"
    }
  }

  /// Where nine titles must stand in 80 columns.
  var shortTitle: String {
    switch self {
    case .overview: "Over"
    case .commands: "Cmds"
    case .handoff: "Note"
    case .evidence: "Evid"
    case .events, .files, .diff, .tests, .audit: title
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
  var files = FileTree()
  var recordCursor: [RunTab: Int] = [:]
  /// Of commands and tests: only those that failed.
  var showsFailedOnly = false
  /// The keys that move scroll the output beside the list.
  var readsOutput = false
  /// Rows below the last that shows of it.
  var outputUp = 0
  var note: Note?
  var noteSearch = ""
  /// The note's line of the match last gone to.
  var noteMatch: Int?
  var evidence: JSONTree?
  var audit = AuditPane()
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
  /// The seq of the line that keys are about, when not following.
  var cursorSeq: UInt64 = 0
  /// Seqs of the lines marked with m.
  var marks: Set<UInt64> = []
  /// The event that is open.
  var tree: JSONTree?
  /// The last seq shown while paused.
  var pausedAt: UInt64?
  var left = 0
  var search = ""
}
