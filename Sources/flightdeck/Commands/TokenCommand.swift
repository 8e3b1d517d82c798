import ArgumentParser
import Orchestration
import RunClient
import RunModel

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make, list and revoke the bearer tokens that let people in over TCP.",
    discussion: """
      Roles: viewer looks at everything; operator dispatches, cancels, answers and retries too; approver also approves and \
      rejects; admin makes tokens and may give contracts that carry code. For admins, and on the orchestrator's own socket.
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token and print it, this once: only its hash is kept.")

    @Argument(help: "Whom it is for: the name in events, approvals and the audit trail.")
    var name: String
    @Option(help: "viewer, operator, approver or admin.")
    var role: AccessRole
    @Option(help: ArgumentHelp("How long it is good: 30d, 12h, 90m, 45s (default: until revoked).", valueName: "time"))
    var expires: Life?
    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      let issued = try await link.withClient { client in
        try await client.createToken(name: name, role: role, expiresIn: expires?.duration)
      }
      if output.json {
        Console.print(issued)
      } else {
        Console.print(issued.secret)
        let until = issued.summary.expiresAt.map { ", good until \($0)" } ?? ""
        Console.note(
          "This is \(name)'s token (\(role.rawValue)\(until)). It is shown this once: put it into a file that only "
            + "\(name) can read, and name that in FLIGHTDECK_TOKEN_FILE.")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The tokens there are and were, without their secrets.")

    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func run() async throws {
      let tokens = try await link.withClient { try await $0.tokens() }
      if output.json { return Console.print(.array(tokens) as JSONValue) }
      guard !tokens.isEmpty else {
        return Console.print("There are no tokens. Make one: flightdeck token create NAME --role R")
      }
      let surroundings = Surroundings.present
      var table = Table([
        .init(title: "NAME", shrinksTo: 8), .init(title: "ROLE"), .init(title: "STATUS"), .init(title: "CREATED"),
        .init(title: "EXPIRES"), .init(title: "LAST USED"), .init(title: "ID"),
      ])
      for token in tokens {
        func text(_ key: String) -> String { Plain.line(token[key]?.string ?? "—") }
        func time(_ key: String) -> String {
          token[key]?.string.map { String(Plain.line($0).prefix(19)).replacing("T", with: " ") + "Z" } ?? "—"
        }
        let isActive = token["status"]?.string == "active"
        table.add([
          .init(text("name")), .init(text("role")), .init(text("status"), isActive ? .good : .faint),
          .init(time("createdAt"), .faint), .init(time("expiresAt"), .faint), .init(time("lastUsedAt"), .faint),
          .init(text("tokenId"), .faint),
        ])
      }
      for line in table.lines(width: surroundings.columns, colour: surroundings.wantsColour) { Console.print(line) }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse tokens from now on; their open event streams end.")

    @Argument(help: "Names or ids.")
    var token: [String]
    @OptionGroup var output: JSONOption
    @OptionGroup var link: LinkOptions

    func validate() throws {
      if token.isEmpty { throw ValidationError("Name at least one token.") }
      // Not repeated: it would be in the terminal's memory twice.
      if token.contains(where: { $0.hasPrefix(TokenSecret.mark) }) {
        throw ValidationError("That is a token itself. Name it by its name or id: flightdeck token list shows both.")
      }
    }

    func run() async throws {
      try await link.withClient { client in
        let (revoked, worst) = try await Each.of(token) { try await client.revokeToken($0) }
        if output.json {
          Console.print(.array(revoked) as JSONValue)
        } else {
          for token in revoked {
            Console.print(
              "revoked  \(Plain.line(token["name"]?.string ?? ""))  \(Plain.line(token["tokenId"]?.string ?? ""))")
          }
        }
        if worst != 0 { throw ExitCode(worst) }
      }
    }
  }
}

/// A length of time as people write it.
struct Life: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()), count > 0,
      count <= 315_360_000 / unit
    else { return nil }
    duration = .seconds(count * unit)
  }
}

extension AccessRole: ExpressibleByArgument {}
