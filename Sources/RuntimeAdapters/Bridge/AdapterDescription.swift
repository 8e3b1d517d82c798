import Orchestration
import RunModel

/// What an adapter says of itself when it is registered.
struct AdapterDescription: Sendable, Equatable {
  static let protocolVersion = 1

  var name: String?
  var version: String?
  var members: Set<BridgeMember>
  /// What it calls itself; the configuration's id is the one that counts.
  var ownId: String
  var capabilities: RuntimeCapabilities

  /// Asks a link that has just been opened. Throws a `Problem` that names what is missing or of the wrong shape.
  static func ask(
    _ link: AdapterLink, _ configuration: BridgeRuntime.Configuration, limit: Duration
  ) async throws -> Self {
    let id = configuration.id
    do {
      let hello = try await link.call(
        .initialize,
        BridgeParams([
          "protocol": .int(Int64(protocolVersion)), "runtimeId": .string(id.rawValue),
          "options": configuration.options ?? .null,
        ]), limit: limit)
      let members = try members(in: hello, of: id)
      let ownId = try await link.call(.runtimeId, limit: limit)
      guard let ownId = ownId.string ?? ownId["runtimeId"]?.string, !ownId.isEmpty else {
        throw wrong("runtimeId", "a text", ownId, id)
      }
      let answer = try await link.call(.getCapabilities, limit: limit)
      return Self(
        name: hello["name"]?.string?.bounded(80), version: hello["version"]?.string?.bounded(40), members: members,
        ownId: ownId.bounded(80), capabilities: try capabilities(answer, configuration))
    } catch let fault as BridgeFault {
      throw fault.problem("initialize", of: id)
    }
  }

  private static func members(in hello: JSONValue, of id: RuntimeID) throws -> Set<BridgeMember> {
    guard let version = hello["protocol"]?.int else { throw wrong("initialize", "{protocol, members}", hello, id) }
    guard version == protocolVersion else {
      throw Problem(
        .unavailable,
        "The adapter of runtime \(id) speaks version \(version) of the bridge protocol, and flightdeck version \(protocolVersion). Update the older of the two."
      )
    }
    guard let names = hello["members"]?.array?.compactMap(\.string) else {
      throw wrong("initialize", "{protocol, members: [\"startTask\", …]}", hello, id)
    }
    let members = Set(names.compactMap(BridgeMember.init))
    let missing = BridgeMember.required.filter { !members.contains($0) }.map(\.rawValue)
    guard missing.isEmpty else {
      throw Problem(
        .unavailable,
        "The adapter of runtime \(id) does not implement \(missing.joined(separator: ", ")): AWFAgentRuntime has seven members, and an adapter must have them all.",
        cause: "lacks \(missing.joined(separator: ", "))")
    }
    return members
  }

  private static func capabilities(
    _ json: JSONValue, _ configuration: BridgeRuntime.Configuration
  ) throws -> RuntimeCapabilities {
    let shape = "{canCreateBranch, canCreatePR, supportsWebhooks, supportsStreaming, maxParallelTasks}"
    guard let object = json.object else { throw wrong("getCapabilities", shape, json, configuration.id) }
    for capability in Capability.allCases {
      if let value = object[capability.rawValue], value.bool == nil {
        throw wrong("getCapabilities", "\(capability.rawValue): true or false", value, configuration.id)
      }
    }
    guard let most = object["maxParallelTasks"]?.int, most >= 1 else {
      throw wrong("getCapabilities", "maxParallelTasks: a number from 1", json, configuration.id)
    }
    var capabilities = RuntimeCapabilities(json: json)
    let allowed = configuration.maxParallelTasks.map(Int64.init) ?? .max
    capabilities.maxParallelTasks = Int(min(most, allowed, 100_000))
    return capabilities
  }

  static func wrong(_ method: String, _ shape: String, _ json: JSONValue, _ id: RuntimeID) -> Problem {
    Problem(
      .unavailable,
      "The adapter of runtime \(id) answered \(method) with \(json.jsonText.bounded(120)), where \(shape) belongs.")
  }
}
