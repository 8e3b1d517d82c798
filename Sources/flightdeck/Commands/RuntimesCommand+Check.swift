import ArgumentParser
import FoundationEssentials
import Orchestration
import RunModel

extension RuntimesCommand {
  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask runtimes of the configuration for real whether they would take a run; exit 1 if any would not.",
      discussion: """
        Starts the agent, or asks its server, reads what it says of itself and what it can do, and ends it again. No \
        orchestrator is needed.
        """)

    @Argument(help: "Which; all of the configuration without any.")
    var id: [String] = []
    @OptionGroup var output: JSONOption
    @OptionGroup var file: ConfigurationOption
    @OptionGroup var store: StoreOption

    func run() async throws {
      let surroundings = Surroundings.present
      let paths = try Paths(
        environment: surroundings.environment, state: store.state, configuration: file.config)
      let configuration = try ConfigurationFile.load(paths)
      let known = configuration.runtimes.map(\.id.rawValue)
      for id in id where !known.contains(id) {
        throw Problem(
          .notFound,
          "There is no runtime \"\(id)\".\(Nearest.hint(for: id, among: known)) There are \(known.joined(separator: ", "))."
        )
      }
      let chosen = configuration.runtimes.filter { id.isEmpty || id.contains($0.id.rawValue) }
      let isLive = !output.json && surroundings.outputIsTerminal
      let colour = surroundings.wantsColour
      let utf8 = surroundings.isUTF8
      let isJSON = output.json
      let progress = CheckProgress(chosen.map(\.id.rawValue), isShown: isLive)
      let findings = try await RuntimeInspection(configuration: configuration, environment: surroundings.environment)
        .inspect(chosen) { finding in
          // Each as it is through: an agent may take its time, and others need not wait for it.
          progress.end(finding.id.rawValue) {
            if !isJSON { Console.print(Self.lines(finding, utf8: utf8, colour: colour).joined(separator: "\n")) }
          }
        }
      if output.json { Console.print(findings) }
      if findings.contains(where: { $0.problem != nil }) { throw ExitCode(ExitStatus.failed) }
    }

    private static func lines(_ finding: RuntimeInspection.Finding, utf8: Bool, colour: Bool) -> [String] {
      let took = finding.took.milliseconds >= 100 ? "  \(RunWords.clock(finding.took))" : ""
      let head = "\(Plain.line(finding.id.rawValue))  \(finding.kind)"
      guard finding.problem == nil, let check = finding.check else {
        let mark = Tone.bad.paint(utf8 ? "✖" : "x", in: colour)
        return ["\(mark) \(head)\(took)"] + Plain.lines(finding.problem ?? "").map { "    \($0)" }
      }
      var lines = ["\(Tone.good.paint(utf8 ? "✔" : "ok", in: colour)) \(head)\(took)"]
      if let words = check.words { lines.append("    " + Plain.line(words)) }
      let can = Capability.allCases.filter(check.capabilities.has).map(\.rawValue)
      lines.append("    \((can + ["\(check.capabilities.maxParallelTasks) at once"]).joined(separator: ", "))")
      for note in check.notes {
        lines.append("    \(Tone.warning.paint(utf8 ? "▲" : "!", in: colour)) \(Plain.line(note))")
      }
      return lines
    }
  }
}
