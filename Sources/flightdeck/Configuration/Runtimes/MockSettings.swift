import RunModel

extension RuntimeConfiguration {
  struct Mock: Sendable, Equatable {
    var maxParallelTasks = 4
    /// Absolute path of the script.
    var script: String
  }
}

extension RuntimeKind {
  static let mock = RuntimeKind(
    name: "mock", keys: ["script"], read: { file, entry throws(Problem) in try file.mock(entry) })
}

extension ConfigurationFile {
  fileprivate func mock(_ entry: RuntimeEntry) throws(Problem) -> RuntimeConfiguration.Kind {
    guard let script = entry["script"] else {
      throw error("A mock runtime needs a \"script\": the file that it plays.", entry.node)
    }
    var mock = RuntimeConfiguration.Mock(script: try absolute(script, "script"))
    if let value = entry["maxParallelTasks"] { mock.maxParallelTasks = try count(value, "maxParallelTasks") }
    return .mock(mock)
  }
}
