import RunModel
import Yams

extension ConfigurationFile {
  private static let limitKeys = ["time", "output", "processes", "memory", "disk", "addressSpace"]

  /// `{time: 2h, output: 256MB, processes: 512, memory: 4GB, disk: 10GB}`: what one run may use.
  func limits(_ node: Node) throws(Problem) -> RunLimits {
    var limits = RunLimits()
    for (key, value) in try members(node, of: "\"limits\"", known: Self.limitKeys) {
      switch key {
      case "time":
        guard let time = RunLimits.time(try text(value, key)) else {
          throw error("\"time\" must be a number with a unit, such as 90s, 30m, 2h, 1h30m or 1d.", value)
        }
        limits.time = time
      case "processes": limits.processes = try count(value, key)
      case "output": limits.output = try bytes(value, key)
      case "memory": limits.memory = try bytes(value, key)
      case "disk": limits.disk = try bytes(value, key)
      case "addressSpace": limits.addressSpace = try bytes(value, key)
      default: break
      }
    }
    return limits
  }

  private func bytes(_ node: Node, _ key: String) throws(Problem) -> Int64 {
    guard let bytes = RunLimits.bytes(try text(node, key)) else {
      throw error("\"\(key)\" must be a number with a unit, such as 256MB, 4GB or 1.5GiB.", node)
    }
    return bytes
  }
}
