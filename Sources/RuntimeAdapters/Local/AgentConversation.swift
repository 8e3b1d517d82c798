import Orchestration
import RunModel

/// A language in which we speak too: the agent is told things, and asks for some.
///
/// What is to be done comes as `takeActions` and not at once, so that a log that is read again after a restart does nothing
/// twice: `begin` says what the agent has been told already, and what it would be told again is left out.
protocol AgentConversation: AgentLanguage {
  /// Before the first line; `said`: what the input log holds.
  mutating func begin(said: [InputRecord])

  /// What there is to do since the last call, in order.
  mutating func takeActions() -> [AgentAction]

  /// What must come within a time; nil when there is no hurry.
  var wait: AgentWait? { get }

  /// It did not come.
  mutating func timedOut(_ wait: AgentWait)

  /// What was asked for by `.serve` has come out like this.
  mutating func served(_ id: Int, _ reply: ServiceReply)

  /// A person's message, for the session that goes on. Throws a `Problem` that says why it takes none.
  mutating func message(_ text: String) throws(Problem)

  /// Ends what is under way within the session; `.stop` follows when that has come about. False when there is no session to
  /// speak to: then it is stopped without.
  mutating func cancel() -> Bool

  /// Whether the session has been told to cancel.
  var isCanceled: Bool { get }
}

/// What a conversation asks for.
enum AgentAction: Sendable, Equatable {
  case tell(AgentLine)
  /// Kept in the input log, for us alone.
  case note(tag: String, [UInt8])
  case report(RuntimeEvent.Kind)
  case serve(Int, ServiceRequest)
  /// The session can be gone on with under this id, by another run.
  case keepSession(String)
  /// The agent's standard input ends.
  case endInput
  /// The agent has not ended by itself, though its work is done.
  case finish
  /// A cancel is done as far as the session goes.
  case stop
}

/// A line for the agent.
struct AgentLine: Sendable, Equatable {
  var tag: String
  var bytes: [UInt8]
  /// Whether the output log tells when the agent gets it.
  var isAnswer = false
}

/// Something that must come within a time.
struct AgentWait: Sendable, Equatable {
  var what: String
  var limit: Duration
}

/// What an agent wants done for it on our side; paths as it gave them.
enum ServiceRequest: Sendable, Equatable {
  case read(path: String, line: Int?, limit: Int?)
  case write(path: String, text: String)
  /// `terminal` counts from 1.
  case create(terminal: Int, TerminalCommand)
  case output(terminal: Int)
  case waitForExit(terminal: Int)
  case kill(terminal: Int)
}

struct TerminalCommand: Sendable, Equatable {
  var command: String
  var arguments: [String] = []
  var environment: [String: String] = [:]
  var directory: String?
  /// The end of the output that is kept, in bytes.
  var outputLimit: Int?
}

enum ServiceReply: Sendable, Equatable {
  case result(JSONValue)
  case refused(code: Int, String)
}

/// Does what agents ask for on our side.
protocol AgentService: Sendable {
  /// Returns when it is done; never throws, as what goes wrong is the agent's to know.
  func serve(_ request: ServiceRequest) async -> ServiceReply
  /// Ends what it has started; returns once nothing of it is left and nothing can be started any more.
  func close() async
}

/// How many terminals an agent may open in one session.
enum AgentTerminals {
  static let most = 1000
}
