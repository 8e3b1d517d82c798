import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel

struct AnswerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answer", abstract: "Answer the question that a run waits with.",
    discussion: """
      --option takes an option's text, its number as show prints it, or a beginning that no other option has. Where an \
      agent asks leave for something also: allow (this once), reject, and always, which holds for the rest of the run: as \
      the agent does it, or, where it only knows once, remembered here.
      """)

  @Argument(help: "A run id, or an unambiguous end of one.")
  var run: String
  @Option(help: "One of the options that it offers: its text, its number, or allow, always or reject.")
  var option: String?
  @Option(help: "Any text.")
  var text: String?
  @Option(help: ArgumentHelp("Only if it is this question that waits.", valueName: "attention-id"))
  var attention: String?
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if (option == nil) == (text == nil) { throw ValidationError("Give either --option or --text.") }
  }

  func run() async throws {
    try await link.withClient { client in
      var attention = attention
      var answer = GivenAnswer(text ?? "")
      if let option {
        let waiting = try await client.detail(of: run).run.attention
        answer = try waiting?.answer(meant: option) ?? GivenAnswer(option)
        // The question that was looked at, and no later one.
        attention = attention ?? waiting?.attentionId
      }
      let answered = try await client.answer(
        run, attentionId: attention, with: answer.text, remember: answer.remember)
      if output.json { return Console.print(answered) }
      Console.print("\(answered.runId.shortName)  answered  \(Plain.line(answered.title))")
      if answer.remember, let rule = answered.remembered.last {
        Console.print("remembered for this run: \(Plain.line(rule.words))")
      }
    }
  }
}

struct MessageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "message", abstract: "Say something to an agent while it works.",
    discussion: """
      It goes to the run's live session, where the agent takes it with its next turn. Which runtimes' agents can take one, \
      flightdeck runtimes --json says (converses). With --follow-up a run that has ended goes on as a new run on its \
      branch, with the text as its prompt; its id is printed.
      """)

  @Argument(help: "A run id, or an unambiguous end of one.")
  var run: String
  @Argument(help: "What to say; - reads it from standard input.")
  var text: String
  @Flag(help: "Go on with a run that has ended, as a new run on its branch.")
  var followUp = false
  @OptionGroup var output: JSONOption
  @OptionGroup var link: LinkOptions

  func validate() throws {
    if text.allSatisfy(\.isWhitespace) { throw ValidationError("The message must say something.") }
  }

  func run() async throws {
    let text = text == "-" ? try Self.standardInput() : text
    try await link.withClient { client in
      // Sent again when the link breaks midway, and said once.
      let key = UUID().uuidString
      if followUp {
        let outcome = try await client.followUp(run, prompt: text, idempotencyKey: key)
        if output.json { return Console.print(outcome) }
        if let run = outcome.runId { Console.print(run.description) }
        return
      }
      let told = try await client.message(run, text: text, idempotencyKey: key)
      if output.json { return Console.print(told) }
      Console.print("\(told.runId.shortName)  told  \(Plain.line(told.title))")
    }
  }

  private static func standardInput() throws -> String {
    let bytes = try WholeFile.read("-")
    guard bytes.count <= Bounds.message else {
      throw Problem(.tooLarge, "A message may have \(Bounds.message >> 10) KiB; put what is longer into a file.")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard !text.allSatisfy(\.isWhitespace) else {
      throw Problem(.invalid, "There is no message on standard input.")
    }
    return text
  }
}
