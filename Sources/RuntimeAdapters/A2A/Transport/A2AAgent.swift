import RunClient
import RunModel
import Synchronization

/// One agent behind an address: its card, the version and interface that are spoken with it, and its calls.
actor A2AAgent {
  /// How it is spoken to.
  struct Link: Sendable, Equatable {
    var endpoint: A2AAddress
    var version: A2AVersion
    var hasStreaming: Bool
  }

  /// Shared with the runtime and its runs.
  nonisolated let health = Mutex(A2AHealth())
  let configuration: A2ARuntime.Configuration
  private var wire: A2AWire?
  /// `tag` is the server's mark of this very card.
  private var known: (card: AgentCard, at: A2AAddress, tag: String?)?
  /// What the card offers and the agent has said that it does not speak.
  private var refusedVersions: Set<A2AVersion> = []
  private var number: Int64 = 0

  init(_ configuration: A2ARuntime.Configuration) { self.configuration = configuration }

  func makeWire() throws(A2AFault) -> A2AWire {
    if let wire { return wire }
    let made = try A2AWire(configuration)
    wire = made
    return made
  }

  /// Closes the connections, those in use when their calls have ended.
  func hangUp() { wire = nil }

  /// The agent's card, read once; `anew` asks for it again, which costs little where the server marks it with a tag.
  func card(anew: Bool = false) async throws(A2AFault) -> AgentCard {
    if let known, !anew { return known.card }
    guard let address = A2AAddress(configuration.url) else {
      throw A2AFault(.notConfigured, "\"\(A2AAddress.shown(configuration.url))\" is no address of an agent.")
    }
    let before = known
    if let before, let card = try await card(at: before.at, unless: before.tag) { return card }
    for place in address.cards where place != before?.at {
      if let card = try await card(at: place, unless: nil) { return card }
    }
    throw A2AFault(
      .noCard,
      "There is no agent card at \(address): \(address.cards.map(\.path).joined(separator: ", ")) were looked at. Name the "
        + "card itself in \"url\".")
  }

  /// Nil where there is none.
  private func card(at place: A2AAddress, unless tag: String?) async throws(A2AFault) -> AgentCard? {
    let bytes: [UInt8]
    let newTag: String?
    switch try await makeWire().card(at: place, unless: tag) {
    case .none: return nil
    case .same: return known?.card
    case .card(let found, let tag): (bytes, newTag) = (found, tag)
    }
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes) } catch {
      throw A2AFault(.noCard, "What is at \(place) is no agent card: \(error).")
    }
    guard let card = AgentCard(json: json) else {
      throw A2AFault(
        .noCard, "What is at \(place) is no agent card: it has no name, or says nothing of what it can do.")
    }
    if known?.card != card { refusedVersions = [] }
    known = (card, place, newTag)
    return card
  }

  func link() async throws(A2AFault) -> Link {
    let card = try await card()
    guard let found = known?.at else { throw A2AFault(.noCard, "The agent's card is gone.") }
    let spoken = card.spoken.filter { !refusedVersions.contains($0.version) }
    guard let first = spoken.first else {
      let offers = card.interfaces.map { "\($0.binding) \($0.version)" }.joined(separator: ", ").bounded(300)
      throw A2AFault(
        .noCard,
        "\(card.name.bounded(80)) cannot be spoken to: it offers \(offers.isEmpty ? "no interface" : offers), and JSON-RPC in "
          + "version 1.0 or 0.3 is spoken here.")
    }
    if let endpoint = configuration.endpoint {
      guard let address = A2AAddress(endpoint) else {
        throw A2AFault(.notConfigured, "\"\(A2AAddress.shown(endpoint))\" in \"endpoint\" is no address.")
      }
      return Link(endpoint: address, version: first.version, hasStreaming: card.hasStreaming)
    }
    for (url, version) in spoken {
      if let address = found.interface(url) {
        return Link(endpoint: address, version: version, hasStreaming: card.hasStreaming)
      }
    }
    throw A2AFault(
      .noCard,
      "The card at \(found.origin) sends calls to \(A2AAddress.shown(first.url)), which is another machine or without TLS. "
        + "If that is right, name it in \"endpoint\".")
  }

  /// The result of a call. Falls back to an older version where the agent does not speak the newer after all.
  func call(
    _ method: A2AVersion.Method, _ parameters: @Sendable (A2AVersion) -> JSONObject
  ) async throws(A2AFault) -> JSONValue {
    while true {
      let link = try await link()
      let wire = try makeWire()
      let body = try request(method, parameters(link.version), link)
      do {
        return try Self.result(try await wire.call(body, at: link.endpoint, version: link.version), link)
      } catch {
        if fallsBack(after: error, from: link, method) { continue }
        throw error
      }
    }
  }

  /// The events that a call is answered with.
  func stream(
    _ method: A2AVersion.Method, _ parameters: @Sendable (A2AVersion) -> JSONObject
  ) async throws(A2AFault) -> A2AStream.Opening {
    while true {
      let link = try await link()
      let wire = try makeWire()
      let body = try request(method, parameters(link.version), link)
      do {
        let (answer, isStream) = try await wire.stream(body, at: link.endpoint, version: link.version)
        if isStream { return A2AStream.Opening(wire: wire, link: link, body: answer) }
        let whole = try await wire.whole(answer, upTo: A2AWire.longestAnswer, at: link.endpoint)
        return A2AStream.Opening(wire: wire, link: link, only: try Self.result(whole, link))
      } catch {
        if fallsBack(after: error, from: link, method) { continue }
        throw error
      }
    }
  }

  /// An agent that says that it does not know the version, or the method that each has, has done nothing.
  private func fallsBack(after fault: A2AFault, from link: Link, _ method: A2AVersion.Method) -> Bool {
    guard link.version == .v1, known?.card.spoken.contains(where: { $0.version == .v03 }) ?? false else { return false }
    switch fault.kind {
    case .rpc(A2AErrorCode.versionNotSupported): break
    case .rpc(A2AErrorCode.methodNotFound) where method == .send || method == .stream || method == .get: break
    default: return false
    }
    refusedVersions.insert(.v1)
    return true
  }

  private func request(
    _ method: A2AVersion.Method, _ parameters: JSONObject, _ link: Link
  ) throws(A2AFault) -> [UInt8] {
    guard let name = link.version.name(of: method) else {
      throw A2AFault(.rpc(A2AErrorCode.methodNotFound), "A2A \(link.version.rawValue) has no such method.")
    }
    number += 1
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": .int(number), "method": .string(name), "params": .object(parameters),
    ]
    return request.jsonBytes
  }

  static func result(_ bytes: [UInt8], _ link: Link) throws(A2AFault) -> JSONValue {
    switch A2AReader.reply(bytes) {
    case .result(let result)?: return result
    case .error(let code, let message)?:
      throw A2AFault(.rpc(code), "The agent at \(link.endpoint.origin) answered: \(message) (\(code)).")
    case nil: throw A2AFault(.unreadable, "What \(link.endpoint) answered is no JSON-RPC.")
    }
  }
}
