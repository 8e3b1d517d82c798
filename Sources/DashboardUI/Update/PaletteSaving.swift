import RunModel

/// `:save` and what else of the palette takes words of its own.
extension DashboardState {
  /// Entries for a command with arguments; nil when it is none of these.
  func argumentEntries(_ command: String, _ typed: String) -> [PaletteEntry]? {
    switch command {
    case "save":
      ScreenFormat.allCases.map {
        PaletteEntry(
          name: "save \($0.rawValue)", help: $0 == screenFormat ? "what ctrl-s does" : "flightdeck-….\($0.suffix)",
          keys: "")
      }
    case "connect":
      orchestrators.map { PaletteEntry(name: "connect \($0.name)", help: $0.address, keys: "") }
    case "replay":
      [
        PaletteEntry(name: "replay all", help: "everything that this orchestrator has recorded", keys: "")
      ]
    default: nil
    }
  }

  /// Does a command with arguments; false when it is none of these.
  mutating func runCommand(_ name: String, _ rest: String) -> Bool {
    switch name {
    case "save": save(rest)
    case "connect": connect(rest)
    case "replay": startReplay(rest)
    case "pr": openPullRequest()
    case "live" where replay != nil && replayReturns: emit(.leaveReplay)
    default: return false
    }
    return true
  }

  /// `:pr`, for the run that is open or under the cursor.
  private mutating func openPullRequest() {
    if let refusal { return toast(refusal, .bad) }
    guard let run = currentRun else {
      return toast("No run is chosen", .info)
    }
    if let url = run.pullRequest?.url {
      toast("Opening \(url)", .info)
      return emit(.openLink(url))
    }
    guard run.status == .succeeded, run.commit != nil else {
      return toast("A pull request is opened for a run that has succeeded and changed something", .info)
    }
    toast("Opening a pull request for \(run.runId.shortName)", .info)
    emit(.openPullRequest(run.runId))
  }

  private mutating func save(_ rest: String) {
    let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
    guard let first = words.first else {
      emit(.saveScreen(screenFormat, path: nil))
      return
    }
    guard let format = ScreenFormat(rawValue: first) else {
      let hint = Nearest.hint(for: first, among: ScreenFormat.allCases.map(\.rawValue))
      toast("A screen is saved as text, ansi, svg or html, not as \"\(first)\".\(hint)", .bad)
      return
    }
    emit(.saveScreen(format, path: words.count > 1 ? words[1].trimmed : nil))
  }
}
