import FoundationEssentials
import RunModel
import TerminalKit

/// Saved screens: an SVG picture in the folder where the dashboard was started.
enum ScreenFile {
  /// Returns the path.
  static func save(_ frame: Frame) throws(Problem) -> String {
    let stamp = Timestamp.now.description.prefix(19).filter { $0 != ":" }
    let folder = FileManager.default.currentDirectoryPath
    let path = "\(folder)/flightdeck-\(stamp).svg"
    do {
      try Data(SVGRenderer(title: "flightdeck").render(frame).utf8).write(
        to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch {
      throw Problem(.unavailable, "The screen could not be saved to \(path): \(error)")
    }
    return path
  }
}
