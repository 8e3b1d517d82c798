import RunModel
import RuntimeAdapters

extension RuntimeConfiguration {
  struct A2A: Sendable, Equatable {
    var maxParallelTasks = 4
    /// Where the agent's card is, or is looked for.
    var url: String
    /// Where calls go, in the place of what the card says.
    var endpoint: String?
    /// The bearer token.
    var token: SecretReference?
    /// Absolute paths of PEM files, as `tls` has them; `ca` nil: the system's authorities.
    var ca: String?
    var certificate: String?
    var key: String?
    /// Plain HTTP may go to another machine.
    var insecure = false
    /// How long a run keeps trying when the agent is away.
    var patienceSeconds = 600.0
    /// The agent opens pull requests itself, and says where in its answer.
    var opensPullRequests = false
  }
}

extension RuntimeKind {
  static let a2a = RuntimeKind(
    name: A2ARuntime.kind,
    keys: ["url", "endpoint", "token", "ca", "certificate", "key", "insecure", "patienceSeconds", "opensPullRequests"],
    read: { file, entry throws(Problem) in try file.a2a(entry) })
}

extension ConfigurationFile {
  fileprivate func a2a(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    guard let url = entry["url"] else {
      throw error("An a2a runtime needs a \"url\": where its agent is, such as https://agent.example/.", entry.node)
    }
    var a2a = RuntimeConfiguration.A2A(url: try text(url, "url"))
    for (key, value) in entry.members {
      switch key {
      case "maxParallelTasks": a2a.maxParallelTasks = try count(value, key)
      case "endpoint": a2a.endpoint = try text(value, key)
      case "token": a2a.token = try secret(value, key)
      case "ca": a2a.ca = try absolute(value, key)
      case "certificate": a2a.certificate = try absolute(value, key)
      case "key": a2a.key = try absolute(value, key)
      case "opensPullRequests": a2a.opensPullRequests = try flag(value, key)
      case "insecure": a2a.insecure = try flag(value, key)
      case "patienceSeconds": a2a.patienceSeconds = try number(value, key, above: 0)
      default: break
      }
    }
    guard (a2a.certificate == nil) == (a2a.key == nil) else {
      throw error("\"certificate\" and \"key\" go together: name both files.", entry.node)
    }
    for (key, address) in [("url", a2a.url), ("endpoint", a2a.endpoint ?? a2a.url)] {
      guard
        let fault = A2ARuntime.Configuration.fault(
          in: address, hasToken: a2a.token != nil, isInsecure: a2a.insecure)
      else { continue }
      throw error("\"\(key)\": \(fault)", entry[key] ?? entry.node)
    }
    return .a2a(a2a)
  }
}
