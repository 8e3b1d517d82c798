import TerminalKit

/// What a role draws: how much contrast it needs.
enum RoleUse: String, Sendable {
  case text
  /// Glyphs and bars that carry meaning and no letters.
  case mark
  /// Lines and tracks: what they part or hold says the same without them.
  case decoration

  /// WCAG 2.2, level AA.
  var ratio: Double {
    switch self {
    case .text: 4.5
    case .mark: 3
    case .decoration: 1
    }
  }
}

/// Something that lies under text.
package struct Ground: Sendable, Equatable {
  /// As in "on dialogs".
  package var name: String
  var color: RGB
}

/// How well a role shows on one of the grounds that it is drawn on.
package struct Legibility: Sendable {
  var role: Role
  package var roleName: String { role.rawValue }
  package var ground: Ground
  /// From 1 to 21.
  package var ratio: Double
  package var needed: Double
  package var isEnough: Bool { ratio >= needed }
}

extension Role {
  var use: RoleUse {
    switch self {
    case .faint, .progressFill: .mark
    case .border, .progressTrack: .decoration
    default: .text
    }
  }
}

extension Theme {
  /// The grounds that a role is drawn on: its own, and where that is the screen's, all that text of the screen comes to lie
  /// on.
  func grounds(of role: Role) -> [Ground] {
    func ground(_ name: String, _ role: Role) -> Ground? {
      RGB(self[role].background).map { Ground(name: name, color: $0) }
    }
    let hasOwn: Set<Role> = [
      .header, .headerName, .footer, .footerKey, .dialog, .dialogTitle, .input, .inputFocused, .button, .buttonFocused,
      .linkLive, .linkLost, .linkConnecting, .diffFile, .toastInfo, .toastGood, .toastBad,
    ]
    guard self[role].background == self[.text].background, !hasOwn.contains(role) else {
      return [ground("its own ground", role)].compactMap { $0 }
    }
    var grounds = [ground("the screen", .text), ground("the selected row", .selection)]
    switch role {
    case .diffContext, .diffHunk, .diffNumber, .tabActive, .tabInactive: break
    case .runQueued, .runRunning, .runSucceeded, .runFailed, .runCanceled, .runAttention, .runVerifying:
      grounds += [ground("dialogs", .dialog), ground("the header", .header)]
    case .added, .removed, .diffMeta, .text, .muted:
      grounds += [ground("dialogs", .dialog), ground("the diff's file heads", .diffFile)]
    default: grounds.append(ground("dialogs", .dialog))
    }
    return grounds.compactMap { $0 }
  }

  /// Each role on each of its grounds; nothing for a theme that leaves colours to the terminal.
  package var legibility: [Legibility] {
    Role.allCases.flatMap { role -> [Legibility] in
      guard role != .selection, let ink = RGB(self[role].foreground) else { return [] }
      return grounds(of: role).map { ground in
        Legibility(
          role: role, ground: ground, ratio: ink.contrast(with: ground.color), needed: role.use.ratio)
      }
    }
  }

  /// What cannot be read well enough, one issue a role, with the way out.
  func unreadable(_ line: (Role) -> Int?) -> [ThemeIssue] {
    let bad = legibility.filter { !$0.isEnough }
    return Role.allCases.compactMap { role in
      let places = bad.filter { $0.role == role }
      guard let first = places.first, let ink = RGB(self[role].foreground) else { return nil }
      let list = places.map { "\(Self.ratio($0.ratio)) on \($0.ground.name)" }.joined(separator: ", ")
      let better = ink.readable(on: grounds(of: role).map(\.color), ratio: first.needed)
      let isEnough = grounds(of: role).allSatisfy { better.contrast(with: $0.color) >= first.needed }
      let remedy =
        isEnough
        ? "Give it the foreground \(better.hex)."
        : "No one colour shows on all of its grounds; bring those nearer together."
      return ThemeIssue(
        line: line(role),
        message:
          "\"\(role.rawValue)\" has too little contrast: \(list); \(role.use == .mark ? "marks need" : "text needs") "
          + "\(Self.ratio(first.needed)). \(remedy)")
    }
  }

  /// `4.5:1`, rounded down so that what is too little never looks like enough.
  package static func ratio(_ ratio: Double) -> String {
    let tenths = Int((ratio * 10).rounded(.down))
    let hundredths = Int((ratio * 100).rounded(.down))
    return ratio < 10 && hundredths % 10 != 0
      ? "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10):1" : "\(tenths / 10).\(tenths % 10):1"
  }
}
