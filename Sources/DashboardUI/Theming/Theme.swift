package import TerminalKit

/// A style for every role.
package struct Theme: Sendable, Equatable {
  package var slug: String
  package var name: String
  package var isDark: Bool
  private var styles: [Style]

  package subscript(role: Role) -> Style {
    get { styles[role.place] }
    set { styles[role.place] = newValue }
  }

  init(slug: String, name: String, isDark: Bool, style: (Role) -> Style) {
    self.slug = slug
    self.name = name
    self.isDark = isDark
    styles = Role.allCases.map(style)
  }

  /// For terminals without colour: bold, dim, underline and reverse alone.
  package static let monochrome = Theme(slug: "monochrome", name: "No colours", isDark: true) { role in
    switch role {
    case .muted, .faint, .timestamp, .diffMeta, .diffNumber, .progressTrack, .tabInactive, .border, .runQueued,
      .runCanceled, .diffContext, .linkConnecting:
      Style(attributes: .dim)
    case .heading, .emphasis, .accent, .mark, .headerName, .footerKey, .dialogTitle, .added, .diffAdded, .runRunning,
      .diffFile, .linkLive, .yes, .runVerifying:
      Style(attributes: .bold)
    case .selection, .buttonFocused, .tabActive, .matchCurrent, .toastBad, .linkLost, .diffSpace, .runAttention:
      Style(attributes: [.reverse, .bold])
    case .toastInfo, .toastGood, .diffAddedWord, .diffRemovedWord: Style(attributes: .reverse)
    case .diffControl: Style(attributes: .reverse)
    case .runFailed, .invalid, .no, .outputError: Style(attributes: [.bold, .underline])
    case .match, .link, .inputFocused, .diffHunk: Style(attributes: .underline)
    default: .plain
    }
  }
}

extension Role {
  /// Its place in `allCases`, found once.
  var place: Int { Self.places[self] ?? 0 }
  private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

/// The sixteen (or twenty-four) colours of a base16 scheme, and what each role takes of them unless the scheme says
/// otherwise. Any scheme of the hundreds that exist can be read: text is moved until its contrast is 4.5 to 1.
struct Palette: Sendable {
  var colors: [RGB]
  var isDark: Bool

  /// Slots by name: `base00` … `base0F`, for base24 to `base17`.
  static let names = (0..<24).map { place in
    let digits = String(place, radix: 16, uppercase: true)
    return "base" + (digits.count == 1 ? "0" + digits : digits)
  }

  private subscript(slot: Int) -> RGB { colors[slot] }

  /// A second ground, brought so near to the first that one ink can be read on both.
  private func ground(_ wanted: RGB) -> RGB {
    let ink = RGB.ink(on: [self[0]])
    for step in 0...4 {
      let ground = wanted.mixed(with: self[0], Double(step) / 4)
      if ink.contrast(with: ground) >= 4.5 { return ground }
    }
    return self[0]
  }

  func style(for role: Role) -> Style {
    let ground = self[0]
    let bar = self.ground(self[1])
    let chosen = self.ground(ground.mixed(with: self[13], isDark ? 0.22 : 0.14))
    func text(_ slot: Int, on grounds: [RGB]? = nil, _ attributes: Attributes = []) -> Style {
      let grounds = grounds ?? [ground, chosen, bar]
      return Style(
        foreground: self[slot].readable(on: grounds).color, background: grounds[0].color, attributes: attributes)
    }
    /// Lines and marks, which need less contrast than text.
    func mark(_ slot: Int) -> Style {
      Style(
        foreground: ground.mixed(with: self[slot], 0.45).readable(on: [ground, chosen, bar], ratio: 3).color,
        background: ground.color)
    }
    func tinted(_ slot: Int, _ share: Double, text foreground: Int) -> Style {
      text(foreground, on: [ground.mixed(with: self[slot], share)])
    }
    /// Read on every ground that a line of the diff may have.
    func syntax(_ slot: Int, _ attributes: Attributes = []) -> Style {
      let usual = [ground, chosen, bar]
      let grounds =
        usual + [
          ground.mixed(with: self[11], isDark ? 0.13 : 0.12), ground.mixed(with: self[8], isDark ? 0.13 : 0.10),
          ground.mixed(with: self[14], isDark ? 0.14 : 0.11),
        ]
      let ink = self[slot].readable(on: grounds)
      // Where no colour suits them all it has to suit the screen.
      let isEnough = grounds.allSatisfy { ink.contrast(with: $0) >= 4.5 }
      return text(isEnough ? slot : 5, on: isEnough ? grounds : usual, attributes)
    }
    func filled(_ slot: Int) -> Style {
      let fill = self[slot]
      let ink = fill.contrast(with: self[0]) >= fill.contrast(with: self[7]) ? self[0] : self[7]
      return Style(foreground: ink.readable(on: [fill]).color, background: fill.color, attributes: .bold)
    }
    switch role {
    case .text: return text(5)
    case .input: return text(5, on: [bar])
    case .muted, .timestamp, .diffMeta, .diffNumber, .tabInactive: return text(3)
    case .faint: return mark(3)
    case .border, .progressTrack:
      return Style(foreground: ground.mixed(with: self[3], 0.45).color, background: ground.color)
    case .accent: return text(13)
    case .heading: return text(13, .bold)
    case .emphasis: return text(6, .bold)
    case .code: return text(12)
    case .link: return text(13, .underline)
    case .header: return text(4, on: [bar])
    case .headerName: return text(13, on: [bar], .bold)
    case .tabActive: return text(6, [.bold, .underline])
    case .footer: return text(3, on: [bar])
    case .footerKey: return text(5, on: [bar], .bold)
    case .selection: return Style(foreground: self[5].readable(on: [chosen]).color, background: chosen.color)
    case .mark: return text(14, .bold)
    case .match: return tinted(10, 0.35, text: 6)
    case .matchCurrent: return filled(10)
    case .dialog: return text(5, on: [bar])
    case .dialogTitle: return text(6, on: [bar], .bold)
    case .button: return text(4, on: [bar.mixed(with: self[3], 0.25)])
    case .buttonFocused: return filled(13)
    case .inputFocused: return text(6, on: [chosen])
    case .invalid: return text(8, on: [ground, bar, chosen])
    case .runQueued: return text(4)
    case .runRunning: return text(13)
    case .runSucceeded: return text(11)
    case .runFailed: return text(8)
    case .runCanceled: return text(3)
    case .runAttention: return text(10, .bold)
    case .runVerifying: return text(12)
    case .progressFill: return text(13)
    case .linkLive: return text(11, on: [bar])
    case .linkLost: return filled(8)
    case .linkConnecting: return text(10, on: [bar])
    case .toastInfo: return text(5, on: [ground.mixed(with: self[13], 0.25)])
    case .toastGood: return text(5, on: [ground.mixed(with: self[11], 0.25)])
    case .toastBad: return text(6, on: [ground.mixed(with: self[8], 0.30)])
    case .added, .yes: return text(11)
    case .removed: return text(8)
    case .no: return text(3)
    case .outputError: return text(9)
    case .diffAdded: return tinted(11, isDark ? 0.13 : 0.12, text: 5)
    case .diffRemoved: return tinted(8, isDark ? 0.13 : 0.10, text: 5)
    case .diffAddedWord: return tinted(11, isDark ? 0.38 : 0.32, text: 6)
    case .diffRemovedWord: return tinted(8, isDark ? 0.42 : 0.28, text: 6)
    case .diffContext: return text(5)
    case .diffHunk: return text(14)
    case .diffFile: return text(6, on: [bar], .bold)
    case .diffSpace: return filled(8)
    case .diffMoved: return tinted(14, isDark ? 0.14 : 0.11, text: 5)
    case .diffControl: return syntax(9, .underline)
    case .syntaxKeyword: return syntax(14)
    case .syntaxString: return syntax(11)
    case .syntaxComment: return syntax(3)
    case .syntaxNumber: return syntax(9)
    case .syntaxType: return syntax(10)
    case .syntaxFunction: return syntax(13)
    }
  }
}
