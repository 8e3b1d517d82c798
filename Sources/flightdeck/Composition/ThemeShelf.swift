import RunModel

/// Where the `themes` command gets its themes from.
enum ThemeShelf {
  /// Those built in.
  static var builtIn: [(slug: String, name: String, isDark: Bool)] { [] }

  /// A built-in theme's YAML.
  static func source(_ slug: String) -> String? { nil }

  /// What is wrong with a theme's text; nothing when it can be used.
  static func issues(in text: String) -> [String] { ["This build has no themes."] }

  /// Name and darkness of a theme's text.
  static func read(_ text: String, slug: String) throws(Problem) -> (name: String, isDark: Bool) {
    throw Problem(.internal, "This build has no themes.")
  }
}
