import ArgumentParser
import RunClient
import RunModel
import TerminalKit

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one run whole: contract, routing decision, criteria, timings.")

  @Argument(help: "A run id, or an unambiguous end of one.")
  var run: String
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      let detail = try await client.detail(of: run)
      if output.json { return Console.print(detail) }
      let surroundings = Surroundings.present
      var words = RunWords(utf8: surroundings.isUTF8, now: .now)
      if detail.run.status == .running { words.runtimes = try await client.runtimes() }
      let sheet = RunSheet(detail: detail, words: words, colour: surroundings.wantsColour)
      Console.print(sheet.lines.joined(separator: "\n"))
    }
  }
}

struct ArtifactsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "artifacts", abstract: "Show what a run has made.")

  enum Part: String, EnumerableFlag {
    case files, diff, handoff

    static func help(for value: Part) -> ArgumentHelp? {
      switch value {
      case .files: "Only the changed files, one a line."
      case .diff: "Only the patch, as git apply takes it."
      case .handoff: "Only the handoff note."
      }
    }
  }

  @Argument(help: "A run id, or an unambiguous end of one.")
  var run: String
  @Flag(exclusivity: .exclusive)
  var part: Part?
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    try await link.withClient { client in
      if part == .diff {
        let patch = try await client.patch(of: run)
        if output.json {
          Console.print(JSONValue.string(String(decoding: patch, as: UTF8.self)))
        } else if Surroundings.present.outputIsTerminal {
          Console.write(Array(DisplayText.plainLines(String(decoding: patch, as: UTF8.self)).utf8))
        } else {
          // As it is, byte for byte: it is for git, and a person's pager shows control characters as such.
          Console.write(patch)
        }
        return
      }
      let artifacts = try await client.artifacts(of: run)
      switch part {
      case .files:
        if output.json { return Console.print(JSONValue.array(artifacts.filesChanged.map { .string($0) })) }
        for file in artifacts.filesChanged { Console.print(Plain.line(file)) }
      case .handoff:
        if output.json { return Console.print(JSONValue.string(artifacts.handoffNote)) }
        if !artifacts.handoffNote.isEmpty { Console.print(Plain.lines(artifacts.handoffNote).joined(separator: "\n")) }
      case .diff, nil:
        if output.json { return Console.print(artifacts) }
        Console.print(Self.sheet(artifacts).joined(separator: "\n"))
      }
    }
  }

  private static func sheet(_ artifacts: Artifacts) -> [String] {
    var lines: [String] = []
    func section(_ title: String, _ content: [String]) {
      if content.isEmpty { return }
      if !lines.isEmpty { lines.append("") }
      lines.append(title)
      lines += content.map { "  " + $0 }
    }
    let summary = Plain.lines(artifacts.diffSummary).filter { !$0.allSatisfy { $0 == " " } }
    section("Changes", summary.isEmpty ? artifacts.filesChanged.map { Plain.line($0) } : summary)
    section("Commands", artifacts.commandsRun.map { Plain.line($0) })
    section(
      "Tests",
      artifacts.testsRun.map { "\($0.status.rawValue)  \(Plain.line($0.name))  \($0.durationMilliseconds) ms" })
    section("Handoff", artifacts.handoffNote.isEmpty ? [] : Plain.lines(artifacts.handoffNote))
    if let link = artifacts.prURL { section("Pull request", [Plain.line(link)]) }
    return lines.isEmpty ? ["Nothing yet."] : lines
  }
}
