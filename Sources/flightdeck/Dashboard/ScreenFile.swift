import DashboardUI
import FoundationEssentials
import RunModel
import TerminalKit

/// Saved screens, in the folder where the dashboard was started. None is ever written over another file.
enum ScreenFile {
  /// `path` nil: a name from the time. Returns the path.
  static func save(
    _ frame: Frame, as format: ScreenFormat, to path: String?, depth: ColorDepth, colors: CanvasColors
  ) throws(Problem) -> String {
    let folder = FileManager.default.currentDirectoryPath
    let stamp = Timestamp.now.description.prefix(19).filter { $0 != ":" }
    let bytes = Data(text(frame, as: format, depth: depth, colors: colors).utf8)
    if let path {
      let whole = Paths.absolute(path, in: folder)
      if FileManager.default.fileExists(atPath: whole) {
        throw Problem(.conflict, "\(whole) is there already; save under another name.")
      }
      try write(bytes, whole)
      return whole
    }
    // Several in one second are numbered.
    for number in 1... {
      let whole = "\(folder)/flightdeck-\(stamp)\(number == 1 ? "" : "-\(number)").\(format.suffix)"
      if FileManager.default.fileExists(atPath: whole), number < 1000 { continue }
      try write(bytes, whole)
      return whole
    }
    return ""
  }

  static func text(_ frame: Frame, as format: ScreenFormat, depth: ColorDepth, colors: CanvasColors) -> String {
    switch format {
    case .text: return frame.text + "\n"
    case .ansi:
      var renderer = ANSIRenderer(depth: depth)
      return renderer.render(frame)
    case .svg: return SVGRenderer(colors: colors, title: "flightdeck").render(frame)
    case .html: return HTMLRenderer(colors: colors).render(frame)
    }
  }

  private static func write(_ bytes: Data, _ path: String) throws(Problem) {
    do {
      try bytes.write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    } catch {
      throw Problem(.unavailable, "The screen could not be saved to \(path): \(error)")
    }
  }
}
