import Orchestration
import RunModel

/// The runs that an adapter has been given, on disk: by them they are found again after the orchestrator.
struct BridgeRecords: Sendable {
  struct Record: Equatable {
    /// What the adapter calls the run.
    var name: String
    var workspace: Workspace?
  }

  let folder: String

  private func path(_ run: RunID) -> String { "\(folder)/runs/\(run).json" }

  func write(_ record: Record, of run: RunID) throws(Problem) {
    try Files.makeFolder("\(folder)/runs")
    var json: JSONObject = ["name": .string(record.name)]
    if let workspace = record.workspace { json["workspace"] = workspace.bridged }
    try Files.write(JSONValue.object(json).jsonBytes, to: path(run), durably: true)
  }

  func read(_ run: RunID) throws(Problem) -> Record? {
    guard let bytes = try Files.read(path(run), limit: 1 << 20, following: false),
      let json = try? JSONValue(parsing: bytes), let name = json["name"]?.string
    else { return nil }  // what we did not write ourselves is no record
    return Record(name: name, workspace: json["workspace"].flatMap(Workspace.init(bridged:)))
  }

  func remove(_ run: RunID) { Files.removeTree(path(run)) }
}

extension Workspace {
  /// Nil for what is no folder of this machine by an absolute path.
  init?(bridged json: JSONValue) {
    guard let path = json["path"]?.string, path.hasPrefix("/"), Files.isFolder(path) else { return nil }
    self.init(
      path: path, branch: json["branch"]?.string, base: json["base"]?.string, repository: json["repository"]?.string)
  }

  fileprivate var bridged: JSONValue {
    var json: JSONObject = ["path": .string(path)]
    if let branch { json["branch"] = .string(branch) }
    if let base { json["base"] = .string(base) }
    if let repository { json["repository"] = .string(repository) }
    return .object(json)
  }
}
