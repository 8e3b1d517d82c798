import DashboardUI
import FoundationEssentials
import RunModel

/// The themes there are: those built in, and the user's own.
enum ThemeShelf {
  /// A user's theme with the name of one of ours replaces it.
  static func themes(_ paths: Paths) throws -> [Theme] {
    var themes = ThemeLibrary.builtin
    for path in files(in: paths.themes) {
      let slug = String(path.split(separator: "/").last?.split(separator: ".").first ?? "theme")
      let theme: Theme
      do {
        theme = try ThemeLibrary.parse(String(decoding: try WholeFile.read(path), as: UTF8.self), slug: slug)
      } catch {
        throw Problem(.invalid, "\(path): \(error)")
      }
      themes.removeAll { $0.slug == slug }
      themes.append(theme)
    }
    return themes
  }

  /// Theme files directly in a folder, sorted; none when there is no such folder.
  static func files(in folder: String) -> [String] {
    // No folder of one's own is the usual case, not an error.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted().map { folder + "/" + $0 }
  }

  static func choose(_ slug: String?, among themes: [Theme]) throws(Problem) -> Theme {
    guard let slug else { return ThemeLibrary.standard }
    if let theme = themes.first(where: { $0.slug == slug }) { return theme }
    throw Problem(
      .invalid,
      "There is no theme \"\(slug)\".\(Nearest.hint(for: slug, among: themes.map(\.slug))) See flightdeck themes.")
  }
}
