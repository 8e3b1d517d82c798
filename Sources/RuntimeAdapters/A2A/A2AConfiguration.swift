package import RunClient
package import RunModel

extension A2ARuntime {
  /// What the configuration says of an `a2a` runtime.
  package struct Configuration: Sendable {
    package var id: RuntimeID
    /// Where the agent is: its card is looked for under this address, or is at it when it ends in `.json`.
    package var url: String
    /// Where JSON-RPC is sent, in the place of what the card says.
    package var endpoint: String?
    package var maxParallelTasks: Int
    /// Plain HTTP may leave this machine.
    package var isInsecure: Bool
    /// Reads the bearer token, each time that one is needed; nil: the agent wants none.
    package var token: (@Sendable () throws -> String)?
    package var tls: @Sendable () throws -> ClientTLS

    /// The agent opens pull requests itself, and says where: no card has a word for it.
    package var opensPullRequests = false

    /// How long one call may take, and how long a stream may say nothing until the task is asked for.
    package var callTime: Duration = .seconds(30)
    package var quietTime: Duration = .seconds(60)
    /// Between two looks at a task where there is no stream, and at one that waits for an answer.
    package var pollTime: Duration = .seconds(2)
    package var waitingPollTime: Duration = .seconds(15)
    /// Between two tries of a lost link: twice as long each time.
    package var firstBackOff: Duration = .milliseconds(250)
    package var longestBackOff: Duration = .seconds(15)
    /// How long a run goes on trying.
    package var patience: Duration = .seconds(600)
    /// How long the agent has to confirm a cancel.
    package var cancelTime: Duration = .seconds(30)
    /// How long a start waits for the agent's first word before the run counts as started.
    package var startTime: Duration = .seconds(10)

    package init(
      id: RuntimeID = "a2a", url: String, endpoint: String? = nil, maxParallelTasks: Int = 4, isInsecure: Bool = false,
      token: (@Sendable () throws -> String)? = nil, tls: @escaping @Sendable () throws -> ClientTLS = { .standard }
    ) {
      self.id = id
      self.url = url
      self.endpoint = endpoint
      self.maxParallelTasks = maxParallelTasks
      self.isInsecure = isInsecure
      self.token = token
      self.tls = tls
    }

    /// What is wrong with an address, with the way out; nil when it may be used so.
    package static func fault(in url: String, hasToken: Bool, isInsecure: Bool) -> String? {
      guard let address = A2AAddress(url) else {
        return "\"\(A2AAddress.shown(url))\" is no address of an agent: it must be https://HOST/… or, on this machine, "
          + "http://127.0.0.1:PORT/… without a user name, a query or a fragment."
      }
      if address.isSecure || address.isLoopback { return nil }
      if hasToken {
        return "A token does not go over plain HTTP to another machine: \(address.host) needs https://."
      }
      if isInsecure { return nil }
      return "\(address.host) is another machine, and plain HTTP shows and lets change all that is said to it. Use "
        + "https://, or set \"insecure: true\" if you must."
    }
  }
}
