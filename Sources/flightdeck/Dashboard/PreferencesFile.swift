import DashboardUI
import FoundationEssentials
import RunModel

/// The dashboard's memory, `dashboard.json` in the state folder: read at the start, replaced as a whole at each change, one
/// change after the other.
actor PreferencesFile {
  private let path: String

  init(_ paths: Paths) { path = paths.state + "/dashboard.json" }

  /// The defaults when there is none yet, or nothing that can be read.
  nonisolated func read() -> Preferences {
    // The first start has no file; what is unreadable is replaced at the next change.
    guard let bytes = try? WholeFile.read(path), let json = try? JSONValue(parsing: bytes) else { return Preferences() }
    return Preferences(json: json)
  }

  func write(_ preferences: Preferences) throws(Problem) {
    var json = JSONWriter()
    preferences.write(to: &json)
    do {
      try Data(json.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw Problem(.unavailable, "\(path) could not be written: \(error)")
    }
  }
}
