import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Check terminal, git, store, backup, log, service, orchestrator and each runtime, which is started for it; exit 1 if something is wrong."
  )

  @OptionGroup var settings: ConfigurationOption
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let surroundings = Surroundings.present
    var findings: [Finding] = []
    let doctor = Examination(surroundings: surroundings)
    findings += doctor.terminal()
    findings.append(doctor.git())
    findings.append(doctor.folder())
    do {
      var paths = try Paths(
        environment: surroundings.environment, state: link.store.state, configuration: settings.config)
      let running = await running(paths, surroundings)
      // What was not named is what the orchestrator works by.
      if !paths.configurationWasNamed, let own = running?.configuration, own != paths.configuration {
        paths = try Paths(environment: surroundings.environment, state: link.store.state, configuration: own)
      }
      findings += doctor.store(paths)
      let (configuration, found) = doctor.configuration(paths)
      findings += found
      findings += doctor.record(paths, now: .now)
      findings.append(doctor.log(paths, configuration.log))
      if let service = doctor.service() { findings.append(service) }
      let orchestrator = try await orchestrator(paths, doctor, surroundings)
      findings += orchestrator
      if orchestrator.allSatisfy({ $0.level == .fine }), let remains = await remains() { findings.append(remains) }
      findings += doctor.doors(paths, configuration)
      findings += try await doctor.runtimes(
        configuration, showingProgress: !output.json && surroundings.outputIsTerminal)
    } catch let problem as Problem {
      findings.append(Finding("paths", .wrong, problem.detail))
    }
    if output.json {
      Console.print(findings)
    } else {
      let colour = surroundings.wantsColour
      for finding in findings {
        Console.print(finding.line(utf8: surroundings.isUTF8, colour: colour, width: surroundings.columns))
      }
    }
    if findings.contains(where: { $0.level == .wrong }) { throw ExitCode(ExitStatus.failed) }
  }

  /// The orchestrator on this machine; nil when none answers, which is told of later.
  private func running(_ paths: Paths, _ surroundings: Surroundings) async -> Health? {
    do {
      let address = try Link.address(
        connect: link.connection.connect, paths: paths, environment: surroundings.environment)
      guard case .unix = address else { return nil }
      return try await link.withClient { try await $0.health() }
    } catch { return nil }
  }

  /// Nil for who may not know, and while it is being cleared away.
  private func remains() async -> Finding? {
    do {
      return Examination.remains(try await link.withClient { try await $0.collect(CollectionRequest(dryRun: true)) })
    } catch let problem as Problem where problem.code == .forbidden || problem.code == .conflict {
      return nil
    } catch {
      return Finding("old runs", .doubtful, "the orchestrator does not say what they have left: \(error)")
    }
  }

  private func orchestrator(
    _ paths: Paths, _ doctor: Examination, _ surroundings: Surroundings
  ) async throws -> [Finding] {
    let address = try Link.address(
      connect: link.connection.connect, paths: paths, environment: surroundings.environment)
    do {
      let health = try await link.withClient { try await $0.health() }
      if let outage = health.outage {
        return [
          Finding(
            "orchestrator", .wrong, "\(address) answers, but \(outage.sentence { "\($0)" })", remedy: outage.detail)
        ]
      }
      let listens = doctor.listening(health.listening)
      if health.version != flightdeckVersion {
        return [
          Finding(
            "orchestrator", .doubtful,
            "\(address) answers with version \(health.version); this is \(flightdeckVersion)",
            remedy: "Restart it when its runs have ended: kill \(health.pid), then flightdeck serve")
        ] + listens
      }
      if case .unix = address, let own = health.configuration, own != paths.configuration {
        return [
          Finding(
            "orchestrator", .doubtful,
            "\(address) answers, but works by \(own), not by \(paths.configuration), which this looks at",
            remedy: "To look at its own: flightdeck doctor --config '\(own)'. To have it work by this one: kill "
              + "\(health.pid), then flightdeck --config '\(paths.configuration)'; agents go on meanwhile")
        ] + listens
      }
      if let problem = health.configurationProblem {
        return [
          Finding(
            "orchestrator", .doubtful, "\(address) answers, but works by an earlier configuration: \(problem)",
            remedy: "Mend the file; it is taken over as soon as it can be read")
        ] + listens
      }
      return [Finding("orchestrator", .fine, "\(address) answers, version \(health.version), pid \(health.pid)")]
        + listens
    } catch let none as NoOrchestrator {
      return [
        Finding(
          "orchestrator", .doubtful, "none answers at \(address)",
          remedy: none.wayOut ?? "Start one: flightdeck, or flightdeck serve")
      ]
    } catch {
      return [Finding("orchestrator", .wrong, "\(address): \(error)")]
    }
  }
}

/// One thing that was looked at.
struct Finding: Sendable, Equatable, JSONWritable {
  enum Level: String, Sendable { case fine = "ok", doubtful = "warning", wrong = "error" }

  var subject: String
  var level: Level
  var detail: String
  /// What to do about it.
  var remedy: String?

  init(_ subject: String, _ level: Level, _ detail: String, remedy: String? = nil) {
    self.subject = subject
    self.level = level
    self.detail = detail
    self.remedy = remedy
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("check", subject)
      json.member("status", level.rawValue)
      json.member("detail", detail)
      json.member("remedy", remedy)
    }
  }

  /// `width`: the terminal's; nil: none, and nothing is broken.
  func line(utf8: Bool, colour: Bool, width: Int? = nil) -> String {
    let (glyph, tone): (String, Tone) =
      switch level {
      case .fine: (utf8 ? "✔" : "ok", .good)
      case .doubtful: (utf8 ? "▲" : "!", .warning)
      case .wrong: (utf8 ? "✖" : "x", .bad)
      }
    let padding = String(repeating: " ", count: max(1, 14 - subject.count))
    let head = (utf8 ? 1 : glyph.count) + 1 + subject.count + padding.count
    let details = Plain.lines(detail).flatMap { Plain.wrapped($0, width: width.map { $0 - head }) }
    var line =
      tone.paint(glyph, in: colour) + " " + subject + padding
      + details.joined(separator: "\n" + String(repeating: " ", count: head))
    if let remedy {
      line += Plain.wrapped(Plain.line(remedy), width: width.map { $0 - 4 }).map { "\n    " + $0 }.joined()
    }
    return line
  }
}
