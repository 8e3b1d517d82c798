/// The list of themes over the screen, which takes on each as the cursor comes to it.
struct ThemePicker: Sendable {
  /// What the list is narrowed to.
  var field = TextField()
  var cursor = 0
  /// To go back to.
  let before: Theme

  init(before: Theme) { self.before = before }
}

/// Something that the picker offers.
struct ThemeChoice: Sendable, Equatable {
  /// Nil: what the configuration says, by the terminal's ground.
  var slug: String?
  var theme: Theme
}

extension DashboardState {
  /// Those whose name or slug holds what was typed. `auto` comes first when the configuration has one for each ground.
  func themeChoices(_ typed: String) -> [ThemeChoice] {
    let wanted = typed.trimmed.lowercased()
    var choices: [ThemeChoice] = []
    if themeSetting.isAutomatic || preferences.theme != nil, let theme = configuredTheme {
      choices.append(ThemeChoice(slug: nil, theme: theme))
    }
    choices += themes.map { ThemeChoice(slug: $0.slug, theme: $0) }
    guard !wanted.isEmpty else { return choices }
    return choices.filter {
      ($0.slug ?? "auto").contains(wanted) || $0.theme.name.lowercased().contains(wanted)
    }
  }

  /// What the configuration and the terminal's ground say.
  var configuredTheme: Theme? { themes.first { $0.slug == themeSetting.slug(isLight: groundIsLight) } }
}
