import DashboardUI
import FoundationEssentials
import RunModel

/// The themes there are: those built in, and the user's own.
enum ThemeShelf {
  /// A user's theme with the name of one of ours replaces it. One that is broken is told of and left out.
  static func load(_ folder: String) -> (themes: [Theme], broken: [ThemeFault]) {
    var themes = ThemeLibrary.builtin
    var broken: [ThemeFault] = []
    for path in files(in: folder) {
      let slug = slug(of: path)
      do throws(Problem) {
        let text = String(decoding: try WholeFile.read(path), as: UTF8.self)
        let theme = try ThemeLibrary.parse(text, slug: slug)
        if let place = themes.firstIndex(where: { $0.slug == slug }) {
          themes[place] = theme
        } else {
          themes.append(theme)
        }
      } catch { broken.append(ThemeFault(slug: slug, text: error.detail)) }
    }
    return (themes, broken)
  }

  /// Theme files directly in a folder, sorted; none when there is no such folder.
  static func files(in folder: String) -> [String] {
    // No folder of one's own is the usual case, not an error.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }.sorted().map {
      folder + "/" + $0
    }
  }

  /// The file's name without its ending.
  static func slug(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name.hasSuffix(".yml") ? String(name.dropLast(4)) : name
  }

  /// Throws for a theme in the configuration that does not exist; a broken one does, and is told of on the screen.
  static func check(
    _ setting: ThemeSetting, at place: String?, among themes: [Theme], _ broken: [ThemeFault]
  ) throws(Problem) {
    let known = themes.map(\.slug) + broken.map(\.slug)
    for slug in [setting.dark, setting.light] where !known.contains(slug) {
      throw Problem(
        .invalid,
        "\(place.map { "\($0): " } ?? "")There is no theme \"\(slug)\".\(Nearest.hint(for: slug, among: known)) See flightdeck themes."
      )
    }
  }
}
