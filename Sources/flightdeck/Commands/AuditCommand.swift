import ArgumentParser
import Orchestration
import RunClient
import RunModel

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Check and export the audit trail: who did what, why and when.",
    subcommands: [Verify.self, Export.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the hash chain and name the first broken record; exit 1 if there is one.")

    @Argument(
      help: "An exported trail (JSON lines; - is standard input). Left out: the orchestrator's own.",
      completion: .file())
    var file: String?
    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      var verifier = AuditChain.Verifier()
      var broken: AuditChain.Break?
      do throws {
        if let file {
          try Self.check(try WholeFile.read(file)[...], &verifier)
        } else {
          verifier = try await link.withClient { client in
            var verifier = AuditChain.Verifier()
            do {
              for try await lines in try await client.auditLines() { try Self.check(lines, &verifier) }
            } catch let found as AuditChain.Break {
              broken = found
            }
            return verifier
          }
        }
      } catch let found as AuditChain.Break { broken = found }
      report(verifier, broken)
      if broken != nil { throw ExitCode(ExitStatus.failed) }
    }

    private static func check(_ lines: ArraySlice<UInt8>, _ verifier: inout AuditChain.Verifier) throws {
      for line in lines.split(separator: UInt8(ascii: "\n")) where !line.allSatisfy({ $0 <= 0x20 }) {
        let record: JSONValue
        do { record = try JSONValue(parsing: line) } catch {
          throw AuditChain.Break(seq: verifier.count + 1, reason: "it is not JSON (\(error))")
        }
        try verifier.check(record)
      }
    }

    private func report(_ verifier: AuditChain.Verifier, _ broken: AuditChain.Break?) {
      if output.json {
        let found: JSONValue =
          broken.map { ["seq": .int(Int64(clamping: $0.seq)), "reason": .string($0.reason)] } ?? .null
        Console.print(
          [
            "ok": .bool(broken == nil), "records": .int(Int64(clamping: verifier.count)),
            "reduced": .int(Int64(clamping: verifier.reduced)),
            "lastHash": verifier.lastHash.map { .string($0) } ?? .null,
            "firstBroken": found,
          ] as JSONValue)
      } else if let broken {
        Console.print(Plain.line("\(broken)") + " \(verifier.count) records before it are whole.")
      } else {
        let reduced = verifier.reduced > 0 ? ", \(verifier.reduced) of them by their links alone" : ""
        Console.print(
          "The chain is whole: \(verifier.count) records\(reduced). Last hash: \(verifier.lastHash ?? "none")")
      }
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the trail as JSON lines.",
      discussion: "With --run that run's records are whole and the others reduced to their links, so that the chain "
        + "still verifies.")

    @Option(help: "Only this run's records whole.")
    var run: String?
    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      try await link.withClient { client in
        for try await lines in try await client.auditLines(run: run) { Console.write(json: lines) }
      }
    }
  }
}
