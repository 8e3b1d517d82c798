/// What the configuration says of the theme: one for a dark and one for a light terminal, or the same for both.
package struct ThemeSetting: Sendable, Equatable {
  package var dark: String
  package var light: String

  package init(dark: String = "flightdeck-dark", light: String = "flightdeck-light") {
    self.dark = dark
    self.light = light
  }

  /// One whatever the terminal's ground is.
  package init(_ slug: String) { self.init(dark: slug, light: slug) }

  package var isAutomatic: Bool { dark != light }

  func slug(isLight: Bool) -> String { isLight ? light : dark }

  /// How a choice remembers what it was made over: a configuration that says something else by now wins again.
  var fingerprint: String { isAutomatic ? "\(dark) \(light)" : dark }
}

/// A theme file that cannot be read: the theme stays as it was.
package struct ThemeFault: Sendable, Equatable {
  package var slug: String
  package var text: String

  package init(slug: String, text: String) {
    self.slug = slug
    self.text = text
  }
}

/// Light or dark, as the terminal tells it.
package enum TerminalGround {
  /// Of its answer, 0xRRGGBB: light when black can be read better on it than white.
  package static func isLight(_ color: UInt32) -> Bool { RGB.ink(on: [RGB(color)]) == RGB(0) }

  /// Of `COLORFGBG`, as rxvt and its relatives set it: `15;0`, `0;default;15`. Nil when it says nothing.
  package static func isLight(environment value: String?) -> Bool? {
    guard let last = value?.split(separator: ";").last, let color = Int(last), (0...15).contains(color) else {
      return nil
    }
    return color == 7 || color > 8
  }
}
