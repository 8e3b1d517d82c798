import Orchestration
package import RunModel

/// The claim of one orchestrator on a state folder: `<folder>/lock`, given up when the value goes.
package final class StoreLock: Sendable {
  private let lock: FileLock

  /// Throws `Problem(.conflict)` that names the pid of the orchestrator that holds it.
  package init(folder: String) throws(Problem) {
    do throws(FileLock.Failure) {
      lock = try FileLock(path: folder + "/lock")
    } catch {
      switch error {
      case .held(let pid):
        throw Problem(
          .conflict,
          "Another orchestrator\(pid.map { " (process \($0))" } ?? "") uses the store in \(folder). "
            + "Stop it, or choose another folder with --state.")
      case .unusable:
        throw Problem(
          .unavailable,
          "The store in \(folder) cannot be locked: \(error.cause). Make the folder writable, or choose another with --state."
        )
      }
    }
  }
}
