/// What holds memory and disk in bounds between an agent and a screen, in the order in which a line passes. The code reads
/// its numbers here, so that they are true; bytes unless it says otherwise.
///
/// Past a bound either the one before waits (a reader of the log, a subscriber's stream, a dashboard's socket) or lines
/// are dropped and counted, never a change of state.
package enum Bounds {
  // MARK: The supervisor, for each run

  /// One line; what a longer one has beyond it is left out, with a mark.
  package static let line = 1 << 20
  /// The output that is kept on disk; what is printed beyond it is counted.
  package static let outputLog: Int64 = 256 << 20
  /// Beyond that, the lines that speak to us (`{"awf": …}`): an agent that floods those cannot fill the disk either.
  package static let speechLog: Int64 = 64 << 20
  /// The heads of an output log's records, which are no output: a flood of empty lines cannot fill the disk by them.
  package static let logHeads: Int64 = 512 << 20
  /// Records gathered for one write to the log.
  package static let logWrite = 1 << 20
  /// What is still read of each stream when every process of the agent is gone: more than a pipe holds.
  package static let lastWords = 4 << 20
  /// Commands to the supervisor that are not read to their ends.
  package static let commands = 1 << 20
  /// What an agent is told at once on its standard input. It waits on disk, however long the agent leaves it there.
  package static let inputLine = 64 << 20

  // MARK: The reader of the log, for each run

  /// Lines and tool calls handed on in a second; the others are counted and stay in the log.
  package static let linesPerSecond = 20_000
  /// Reports of progress, usage, plans and questions: so many at once, then so many a second; of those between, the newest is told.
  package static let reportBurst = 100
  package static let reportsPerSecond = 10
  /// Pieces of one line that redraws itself with carriage returns, the last of them.
  package static let redraws = 200
  /// Texts of reports that every run's row carries, and a tool call's diff.
  package static let activity = 2048
  package static let question = 16_384
  package static let toolDiff = 262_144
  /// Of what an agent asks leave for: its diff, and how many paths and options.
  package static let attentionDiff = 65_536
  package static let attentionPaths = 100
  package static let attentionChoices = 100
  /// What a person says to a live agent at once.
  package static let message = 262_144
  /// Of a plan that every run carries: entries, and the bytes of each.
  package static let planEntries = 50
  package static let planText = 200

  // MARK: The orchestrator

  /// Reports of runs that have not started, all together.
  package static let heldReports = 16 << 20
  /// Waiting to be stored: above the first, those who read logs wait; above the second, and above so many events, output
  /// lines are dropped and counted.
  package static let journalRoom = 8 << 20
  package static let journal = 32 << 20
  package static let journalEvents = 50_000
  /// Written in one commit, at least one entry.
  package static let commit = 4 << 20
  package static let commitEvents = 8192
  /// The newest events, for all subscribers together.
  package static let ring = 16 << 20
  /// A chunk of events, and a page from the store, beside the event that fills it.
  package static let page = 256 << 10
  /// The last events of a run that are answered at once.
  package static let tail = 16 << 20
  /// A patch.
  package static let patch = 64 << 20

  // MARK: A subscriber

  /// Written at once to a client.
  package static let piece = 64 << 10
  /// A client that takes nothing for so long is let go; it finds everything in the store when it comes back.
  package static let stall = Duration.seconds(60)

  // MARK: A client

  /// One event or line on the wire, and an answer that is no stream.
  package static let wireLine = 16 << 20
  package static let answer = 256 << 20
  /// Events taken in that are not drawn yet; then the reader waits.
  package static let inboxEvents = 50_000
  package static let inbox = 16 << 20
  /// The lines of the open run's log: these many, and no more than these bytes.
  package static let logLines = 20_000
  package static let log = 32 << 20
  /// Commands for notifications that run at once.
  package static let notifiers = 4
}

extension JSONValue {
  /// About the bytes that it takes in memory and as JSON.
  package var weight: Int {
    switch self {
    case .null, .bool, .int, .double: 16
    case .string(let text): text.weight
    case .array(let items): items.reduce(16) { $0 + $1.weight }
    case .object(let object): object.weight
    }
  }
}

extension JSONObject {
  package var weight: Int { reduce(16) { $0 + 32 + $1.key.utf8.count + $1.value.weight } }
}

extension RunEvent {
  package var weight: Int { 160 + data.weight + extensions.weight }
}

extension String {
  /// Control characters are six bytes in JSON each, which binary output is full of.
  package var weight: Int {
    var text = self
    return text.withUTF8 { bytes in
      var controls = 0
      for byte in bytes where byte < 0x20 { controls &+= 1 }
      return bytes.count + 5 * controls
    }
  }

  /// The beginning, with a mark, of a text that is longer than `most` bytes.
  package func bounded(_ most: Int) -> String {
    guard utf8.count > most else { return self }
    // Never within a character: a broken one would become another.
    var end = utf8.index(startIndex, offsetBy: most)
    while end > startIndex, String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end]) + "…"
  }
}
