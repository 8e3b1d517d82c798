import ArgumentParser
import RunClient
import RunModel

struct GCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove what old runs have left: worktrees, output, events.",
    discussion: """
      Goes, of runs that ended long enough ago: clean worktrees whose work is merged, output and other files of the run, \
      the oldest events, answers kept for repeated requests. A run itself stays known, with its contract, decision, \
      score, artifacts and diff, and so does the whole audit trail.

      Never goes: anything of a live run, or of one that a queued run or a follow-up needs; files in a worktree that are \
      in no commit (ignored files are not work); commits that are on no other branch, remote branch or tag (a squash \
      merge makes new commits, so it cannot be told: see --unmerged); anything of a failed run that nobody has looked \
      at: show, artifacts, the run's screen, a retry or a follow-up count as a look. Each of these is listed with the \
      reason.

      What runs have left that the store does not know, as after the restore of an older backup, is listed, and goes only \
      with --unknown, and only when its work is merged, whatever its age.

      A branch goes only with --branches, and only when its work is on another one. The store's file does not shrink; \
      what was freed in it is used again. By itself, once a day at a calm moment: "retention:" in config.yaml.

      Examples:
        flightdeck gc --dry-run
        flightdeck gc --older-than 14d --branches
        flightdeck gc --dry-run --json | jq '.kept[] | {runId, reason}'

      Way out: a removed worktree comes back with git worktree add PATH BRANCH, or with a follow-up of its run.
      """)

  @Option(
    help: ArgumentHelp(
      "Ended so long ago, such as 30d, 12h or 2w (default: as configured, else 30d).", valueName: "age"))
  var olderThan: String?
  @Flag(name: .customLong("dry-run"), help: "Tell what would go and what stays, and remove nothing.")
  var dryRun = false
  @Flag(help: "Merged branches go with their worktrees.")
  var branches = false
  @Flag(help: "Clean worktrees go also when their work is on the run's own branch alone; the branch stays.")
  var unmerged = false
  @Flag(help: "Merged work of runs that the store does not know goes too; see above.")
  var unknown = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if let olderThan, Age.parse(olderThan) == nil {
      throw ValidationError("--older-than takes an age such as 30d, 12h or 2w, not \"\(olderThan)\".")
    }
  }

  func run() async throws {
    let request = CollectionRequest(
      olderThan: olderThan.flatMap(Age.parse), dryRun: dryRun, branches: branches, unmerged: unmerged,
      unknown: unknown)
    let report = try await link.withClient { try await $0.collect(request) }
    if output.json { return Console.print(report) }
    let surroundings = Surroundings.present
    let words = CollectionWords(report: report, colour: surroundings.wantsColour, width: surroundings.columns)
    Console.print(words.lines.joined(separator: "\n"))
  }
}

/// A clean-up's report for people.
struct CollectionWords {
  let report: CollectionReport
  let colour: Bool
  let width: Int?

  var lines: [String] {
    var lines: [String] = []
    func section(_ title: String, _ items: [CollectionReport.Item]) {
      if items.isEmpty { return }
      if !lines.isEmpty { lines.append("") }
      lines.append(Tone.heading.paint(title, in: colour))
      var table = Table([
        .init(title: "RUN"), .init(title: "WHAT"), .init(title: "SIZE", side: .right),
        .init(title: "WHICH", shrinksTo: 16), .init(title: "WHY", shrinksTo: 24),
      ])
      for item in items {
        table.add([
          .init(item.run?.shortName ?? ""), .init(item.kind.rawValue),
          .init(item.bytes > 0 ? ByteCount.text(item.bytes) : ""), .init(item.title ?? item.what), .init(item.reason),
        ])
      }
      lines += table.lines(width: width, colour: colour)
    }
    section(report.dryRun ? "Would be removed" : "Removed", report.items)
    section("Kept", report.kept)
    if !lines.isEmpty { lines.append("") }
    let size = ByteCount.text(report.bytes)
    switch (report.items.isEmpty, report.dryRun) {
    case (true, _): lines.append("Nothing to remove.")
    case (false, true):
      lines.append(
        "\(size) would be freed. Nothing has been removed yet: the same command without --dry-run does it.")
    case (false, false): lines.append("\(size) freed.")
    }
    if report.unknownRuns > 0 {
      lines.append(
        report.unknownRuns == 1
          ? "1 run that the store does not know has left something."
          : "\(report.unknownRuns) runs that the store does not know have left something.")
    }
    if report.younger > 0 {
      lines.append(
        "\(report.younger == 1 ? "1 run" : "\(report.younger) runs") ended too recently for anything of it to go: see --older-than."
      )
    }
    return lines
  }
}
