import DashboardUI
import FoundationEssentials
import Glibc
import RunModel

/// The dashboard's memory, `dashboard.json` in the state folder: read at the start, replaced as a whole at each change, one
/// change after the other.
actor PreferencesFile {
  private let path: String
  /// Whether what is there may be replaced.
  private var isReadable = false

  init(_ paths: Paths) { path = paths.state + "/dashboard.json" }

  /// The defaults when there is none yet, or nothing that can be read, of which `complaint` tells.
  nonisolated func read() -> (preferences: Preferences, complaint: Problem?) {
    do throws(Problem) { return (Preferences(json: try json() ?? [:]), nil) } catch {
      return (
        Preferences(),
        Problem(
          .invalid,
          "What the dashboard remembers cannot be read, so it begins anew, and puts the old aside as \(aside) when there is "
            + "something to remember. \(error.detail)")
      )
    }
  }

  func write(_ preferences: Preferences) throws(Problem) {
    if !isReadable {
      do throws(Problem) { _ = try json() } catch {
        guard rename(path, aside) == 0 else {
          throw Problem(.unavailable, "\(path) could not be put aside: \(String(cString: strerror(errno))).")
        }
      }
      isReadable = true
    }
    var json = JSONWriter()
    preferences.write(to: &json)
    do {
      try Data(json.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw Problem(.unavailable, "\(path) could not be written: \(error)")
    }
  }

  private nonisolated var aside: String { path + ".unreadable" }

  /// Nil when there is no file.
  private nonisolated func json() throws(Problem) -> JSONValue? {
    guard access(path, F_OK) == 0 else { return nil }
    let bytes = try WholeFile.read(path)
    do {
      let json = try JSONValue(parsing: bytes)
      if json.object != nil { return json }
    } catch { throw Problem(.invalid, "\(path) is no JSON: \(error).") }
    throw Problem(.invalid, "\(path) is no JSON object.")
  }
}
