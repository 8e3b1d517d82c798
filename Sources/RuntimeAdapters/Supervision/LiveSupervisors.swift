package import RunModel

/// The agents that work on this machine, whoever started them.
package enum LiveSupervisors {
  /// The runs under `<state>/runs` whose supervisors live.
  package static func runs(in state: String) -> Set<RunID> {
    let folder = "\(state)/runs"
    return Set(
      Files.names(in: folder).compactMap { RunID($0) }.filter {
        Files.isLocked(SupervisedFolder(path: "\(folder)/\($0)").lock)
      })
  }
}
