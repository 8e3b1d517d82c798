import RunModel
import TerminalKit

/// Themes: the choice that is kept, the terminal's ground, the picker, and files that change while one looks.
extension DashboardState {
  /// What the configuration says, before the first frame; a choice of the person's that was made over the same
  /// configuration goes before it.
  package mutating func setUpTheme(_ setting: ThemeSetting, groundIsLight: Bool) {
    themeSetting = setting
    self.groundIsLight = groundIsLight
    guard !isColorless else {
      theme = .monochrome
      return
    }
    if let chosen = preferences.theme, preferences.themeOver == setting.fingerprint,
      let known = themes.first(where: { $0.slug == chosen })
    {
      theme = known
    } else if let known = configuredTheme {
      theme = known
    }
  }

  /// The terminal has answered, late.
  mutating func takeGround(_ color: UInt32) {
    let isLight = TerminalGround.isLight(color)
    guard isLight != groundIsLight else { return }
    groundIsLight = isLight
    guard !isColorless, preferences.theme == nil || preferences.themeOver != themeSetting.fingerprint,
      let configured = configuredTheme
    else { return }
    if case .themes(let picker) = layers.last {
      replaceLayer(.themes(ThemePicker(picker, before: configured)))
    } else {
      theme = configured
    }
  }

  mutating func nextTheme() {
    guard !themes.isEmpty, !refusesThemes() else { return }
    let place = themes.firstIndex { $0.slug == theme.slug } ?? -1
    choose(ThemeChoice(slug: themes[(place + 1) % themes.count].slug, theme: themes[(place + 1) % themes.count]))
  }

  /// A theme from outside, as one was read anew.
  mutating func setTheme(_ theme: Theme) {
    self.theme = theme
    if let place = themes.firstIndex(where: { $0.slug == theme.slug }) { themes[place] = theme }
    toast("Theme: \(theme.name)", .info)
  }

  /// Takes a theme on and remembers it.
  mutating func choose(_ choice: ThemeChoice) {
    theme = choice.theme
    let over = themeSetting.fingerprint
    keep {
      $0.theme = choice.slug
      $0.themeOver = choice.slug == nil ? nil : over
    }
    toast(choice.slug == nil ? "Theme: as configured, \(choice.theme.name)" : "Theme: \(choice.theme.name)", .info)
  }

  /// By the name after `:theme`.
  mutating func chooseTheme(named name: String) {
    guard !refusesThemes() else { return }
    if name == "auto", let theme = configuredTheme {
      choose(ThemeChoice(slug: nil, theme: theme))
    } else if let theme = themes.first(where: { $0.slug == name || $0.slug == "flightdeck-\(name)" }) {
      choose(ThemeChoice(slug: theme.slug, theme: theme))
    } else {
      toast("There is no theme \"\(name)\".\(Nearest.hint(for: name, among: themes.map(\.slug)))", .bad)
    }
  }

  private mutating func refusesThemes() -> Bool {
    if isColorless { toast("This terminal shows no colours, so all themes look the same", .info) }
    return isColorless
  }

  // MARK: Files that change

  /// The themes as they are now. One that is broken stays as it was.
  mutating func takeThemes(_ found: [Theme], broken: [ThemeFault]) {
    let names = themes.map(\.slug)
    var themes = found
    for fault in broken where !themes.contains(where: { $0.slug == fault.slug }) {
      if let old = self.themes.first(where: { $0.slug == fault.slug }) { themes.append(old) }
    }
    self.themes = themes
    for fault in broken { toast("\(fault.text) The theme stays as it was.", .bad) }
    guard !isColorless else { return }
    if let known = themes.first(where: { $0.slug == theme.slug }) {
      if known != theme {
        theme = known
        toast("\(known.name) was read anew", .info)
      } else if broken.isEmpty, let added = themes.first(where: { !names.contains($0.slug) }) {
        toast("New theme: \(added.name); choose it with :theme", .info)
      }
    } else if let configured = configuredTheme ?? themes.first {
      theme = configured
      toast("The theme's file is gone; \(configured.name) takes its place", .info)
    }
    if case .themes(let picker) = layers.last, let known = themes.first(where: { $0.slug == picker.before.slug }) {
      replaceLayer(.themes(ThemePicker(picker, before: known)))
    }
  }

  // MARK: The picker

  mutating func askTheme(_ typed: String = "") {
    guard !refusesThemes() else { return }
    var picker = ThemePicker(before: theme)
    picker.field.replace(typed)
    let choices = themeChoices(typed)
    picker.cursor = typed.isEmpty ? choices.firstIndex { $0.slug == theme.slug } ?? 0 : 0
    layers.append(.themes(picker))
    preview(picker)
  }

  mutating func takeInThemes(_ key: Key, _ picker: ThemePicker) {
    var picker = picker
    let count = themeChoices(picker.field.text).count
    switch key {
    case .escape: return leaveThemes(picker)
    case .enter:
      let choice = themeChoices(picker.field.text)[safe: picker.cursor]
      leaveThemes(picker)
      if let choice { choose(choice) }
      return
    case .up, .shiftTab, .ctrl("p"): picker.cursor = max(0, picker.cursor - 1)
    case .down, .tab, .ctrl("n"): picker.cursor = max(0, min(count - 1, picker.cursor + 1))
    case .pageUp: picker.cursor = 0
    case .pageDown: picker.cursor = max(0, count - 1)
    case .backspace where picker.field.text.isEmpty: return leaveThemes(picker)
    default:
      guard picker.field.handle(key) else { return }
      picker.cursor = 0
    }
    replaceLayer(.themes(picker))
    preview(picker)
  }

  mutating func pasteInThemes(_ text: String, _ picker: ThemePicker) {
    var picker = picker
    picker.field.insert(text)
    picker.cursor = 0
    replaceLayer(.themes(picker))
    preview(picker)
  }

  private mutating func leaveThemes(_ picker: ThemePicker) {
    layers.removeLast()
    theme = picker.before
  }

  private mutating func preview(_ picker: ThemePicker) {
    theme = themeChoices(picker.field.text)[safe: picker.cursor]?.theme ?? picker.before
  }

  private mutating func replaceLayer(_ layer: Layer) {
    layers.removeLast()
    layers.append(layer)
  }
}

extension ThemePicker {
  fileprivate init(_ picker: ThemePicker, before: Theme) {
    self.init(before: before)
    field = picker.field
    cursor = picker.cursor
  }
}
