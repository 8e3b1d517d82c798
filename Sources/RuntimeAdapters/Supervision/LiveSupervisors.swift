package import RunModel

/// The agents that work on this machine, whoever started them.
package enum LiveSupervisors {
  /// The runs under `<state>/runs` whose supervisors live.
  package static func runs(in state: String) -> Set<RunID> { Set(processes(in: state).map(\.run)) }

  /// The same with their supervisors' processes, which end all that is the run's when they are told to end; nil where it is
  /// not certain which process that is.
  package static func processes(in state: String) -> [(run: RunID, process: Int32?)] {
    let folder = "\(state)/runs"
    return Files.names(in: folder).compactMap { RunID($0) }.sorted().compactMap { run in
      let supervised = SupervisedFolder(path: "\(folder)/\(run)")
      return Files.isLocked(supervised.lock) ? (run, supervised.supervisor) : nil
    }
  }
}
