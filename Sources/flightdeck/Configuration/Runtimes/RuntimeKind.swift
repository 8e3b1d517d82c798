import RunModel
import Yams

/// A kind of runtime as the configuration knows it. One file a kind has its settings, its keys and how they are read; a
/// new one is named in `all`, too.
struct RuntimeKind: Sendable {
  let name: String
  /// Beside those that every runtime has.
  let keys: [String]
  let read: @Sendable (ConfigurationFile, RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind

  static let all: [RuntimeKind] = [.simulated, .mock, .local, .acp, .a2a, .bridge]
  static let names = all.map(\.name)
  /// Of every runtime.
  static let common = ["id", "kind", "maxParallelTasks", "quietSeconds", "permissions"]
}

/// A runtime's entry in the configuration, its keys known to be those of its kind.
struct RuntimeEntry {
  let node: Node
  let members: [(String, Node)]

  subscript(key: String) -> Node? { members.first { $0.0 == key }?.1 }
}

extension ConfigurationFile {
  func runtimes(_ node: Node) throws(Problem) -> [RuntimeConfiguration] {
    guard case .sequence(let entries) = node else {
      throw error("\"runtimes\" must be a list of entries that begin with \"- id:\".", node)
    }
    var runtimes: [RuntimeConfiguration] = []
    for entry in entries {
      let runtime = try runtime(entry)
      if runtimes.contains(where: { $0.id == runtime.id }) {
        throw error("There are two runtimes with the id \"\(runtime.id)\". Give each one of its own.", entry)
      }
      runtimes.append(runtime)
    }
    if runtimes.isEmpty { throw error("\"runtimes\" is empty. Add one, or leave the key out.", node) }
    return runtimes
  }

  private func runtime(_ entry: Node) throws(Problem) -> RuntimeConfiguration {
    let all = try members(entry, of: "a runtime", known: nil)
    guard let kindNode = all.first(where: { $0.0 == "kind" })?.1 else {
      // One that is misspelt is the likelier reason.
      let known = Set(RuntimeKind.common + RuntimeKind.all.flatMap(\.keys))
      for (key, value) in all where !known.contains(key) {
        let hint = Nearest.hint(for: key, among: ["kind"])
        if !hint.isEmpty { throw error("Unknown key \"\(key)\" in a runtime.\(hint)", value) }
      }
      throw error("The runtime needs a \"kind\": \(Self.list(RuntimeKind.names)).", entry)
    }
    let name = try text(kindNode, "kind")
    guard let kind = RuntimeKind.all.first(where: { $0.name == name }) else {
      let hint = Nearest.hint(for: name, among: RuntimeKind.names)
      throw error("Unknown kind \"\(name)\".\(hint) There are \(Self.list(RuntimeKind.names)).", kindNode)
    }
    let known = RuntimeKind.common + kind.keys
    let pairs = try members(entry, of: "a runtime of kind \(name)", known: known)
    guard let idNode = pairs.first(where: { $0.0 == "id" })?.1 else {
      throw error("The runtime needs an \"id\".", entry)
    }
    let id = try text(idNode, "id")
    guard Self.isRuntimeID(id) else {
      throw error(
        "The id \"\(id)\" must be 1 to 64 letters, digits, \".\", \"_\" or \"-\": it is part of addresses and branches.",
        idNode)
    }
    var runtime = RuntimeConfiguration(
      id: RuntimeID(id), kind: try kind.read(self, RuntimeEntry(node: entry, members: pairs)))
    for (key, value) in pairs {
      switch key {
      case "quietSeconds": runtime.quietSeconds = try number(value, key, above: 0)
      case "permissions": runtime.permissions = try permissions(value)
      default: break
      }
    }
    return runtime
  }

  static func isRuntimeID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isIDByte)
  }

  private static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
