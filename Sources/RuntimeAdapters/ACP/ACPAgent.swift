import RunModel

/// What an agent says of itself in answer to `initialize`.
struct ACPAgent: Equatable {
  var name: String?
  var release: String?
  var version: Int64?
  var loadsSessions = false
  /// `stdio` and those that it names.
  var serverKinds: Set<String> = ["stdio"]
  /// Names of its ways to log in.
  var logins: [String] = []
  private var prompts: [String] = []

  init() {}

  init(_ result: JSONValue) {
    let info = result["agentInfo"]
    name = (info?["title"]?.string ?? info?["name"]?.string)?.bounded(128)
    release = info?["version"]?.string?.bounded(64)
    version = result["protocolVersion"]?.int
    let capabilities = result["agentCapabilities"]
    loadsSessions = capabilities?["loadSession"]?.bool ?? false
    for kind in ["http", "sse"] where capabilities?["mcpCapabilities"]?[kind]?.bool == true { serverKinds.insert(kind) }
    for kind in ["image", "audio", "embeddedContext"] where capabilities?["promptCapabilities"]?[kind]?.bool == true {
      prompts.append(kind)
    }
    logins = (result["authMethods"]?.array ?? []).prefix(10).compactMap {
      ($0["name"]?.string ?? $0["id"]?.string)?.bounded(128)
    }
  }

  var title: String { name ?? "the agent" }

  var logInHint: String {
    logins.isEmpty
      ? "Log it in once by its own program, as the user that the orchestrator runs as, or give it its key by \"env\""
      : "Log it in once by its own program, as the user that the orchestrator runs as (\(logins.joined(separator: ", ")))"
  }

  /// In a few words each.
  var features: [String] {
    (loadsSessions ? ["loads sessions"] : []) + serverKinds.sorted().map { "MCP servers by \($0)" }
      + prompts.map { "prompts with \($0)" }
  }

  var data: JSONObject {
    var data: JSONObject = [:]
    if let name { data.append("name", .string(name)) }
    if let release { data.append("version", .string(release)) }
    data.append("features", .array(features.map { .string($0) }))
    let who = [name ?? "An agent", release].compactMap { $0 }.joined(separator: " ")
    data.append("message", .string("\(who) speaks the Agent Client Protocol \(version ?? 0)"))
    return data
  }

  /// The servers that it takes, and the names of the others.
  func usable(_ servers: [JSONValue]) -> ([JSONValue], [String]) {
    let isUsable = { (server: JSONValue) in serverKinds.contains(server["type"]?.string ?? "stdio") }
    return (servers.filter(isUsable), servers.filter { !isUsable($0) }.compactMap { $0["name"]?.string })
  }
}
