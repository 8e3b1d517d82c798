import Glibc
package import Orchestration
package import RunModel

extension A2ARuntime: CollectableRuntime {
  /// What is kept of a run's folder: enough to go on with its task.
  private static let lasting: Set<String> = ["a2a.json", "end.json"]

  package func remains(of run: RunID) async throws -> Remains {
    var remains = Remains()
    let folder = A2AFolder(state: state, run: run)
    guard let names = try removable(run, folder), !names.isEmpty else { return remains }
    remains.output = Remains.Part(folder.path)
    if try folder.readEnd() == nil { remains.output?.obstacle = .other("how it ended is not known here") }
    for name in names { remains.output?.bytes += await Files.size(folder.path + "/" + name) }
    return remains
  }

  package func remove(_ kind: CollectedKind, of run: RunID, evenUnmerged: Bool, isBegun: Bool) async throws -> Int64 {
    let folder = A2AFolder(state: state, run: run)
    guard kind == .output, let names = try removable(run, folder) else { return 0 }
    guard try folder.readEnd() != nil else { throw Problem(.conflict, "how it ended is not known here") }
    var bytes: Int64 = 0
    for name in names {
      bytes += await Files.size(folder.path + "/" + name)
      Files.removeTree(folder.path + "/" + name)
    }
    return bytes
  }

  /// Nil for a run of another runtime.
  private func removable(_ run: RunID, _ folder: A2AFolder) throws -> [String]? {
    guard let record = try folder.readRecord(), record.run == run, record.runtime == runtimeId else { return nil }
    return Files.names(in: folder.path).filter { !Self.lasting.contains($0) }
  }
}
