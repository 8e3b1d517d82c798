package import RunModel
import TerminalKit
import Yams

/// What is wrong with a theme file, and where.
package struct ThemeIssue: Sendable, Equatable, CustomStringConvertible {
  /// From 1; nil when it is the whole file.
  package var line: Int?
  package var message: String
  package var description: String { line.map { "line \($0): \(message)" } ?? message }
}

/// The themes built into the program, and the reader of others.
package enum ThemeLibrary {
  package static let slugs = BuiltinThemes.files.map(\.slug)

  package static func source(_ slug: String) -> String? {
    BuiltinThemes.files.first { $0.slug == slug }.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// Those built in, in the order of `slugs`. A test holds each to be free of issues.
  package static let builtin: [Theme] = BuiltinThemes.files.compactMap { file in
    read(String(decoding: file.bytes, as: UTF8.self), slug: file.slug).theme
  }

  /// The first built-in theme; what is used when nothing else is said.
  package static var standard: Theme { builtin.first ?? .monochrome }

  /// Throws `Problem(.invalid)` that lists every issue.
  package static func parse(_ text: String, slug: String) throws(Problem) -> Theme {
    let (theme, issues, _) = read(text, slug: slug)
    guard let theme, issues.isEmpty else {
      throw Problem(.invalid, "The theme \"\(slug)\": " + issues.map(\.description).joined(separator: " "))
    }
    return theme
  }

  /// What is wrong with a file: bad keys, and where there are none, what cannot be read.
  package static func check(_ text: String) -> [ThemeIssue] {
    let (theme, issues, lines) = read(text, slug: "")
    guard let theme, issues.isEmpty else { return issues }
    return theme.unreadable { lines[$0] }
  }

  private static let topKeys = [
    "system", "scheme", "name", "author", "slug", "description", "variant", "palette", "roles",
  ]

  private static func read(
    _ text: String, slug: String
  ) -> (theme: Theme?, issues: [ThemeIssue], lines: [Role: Int]) {
    var issues: [ThemeIssue] = []
    func issue(_ node: Node?, _ message: String) {
      issues.append(ThemeIssue(line: node?.mark.map { $0.line }, message: message))
    }
    let root: Node?
    do { root = try PlainYAML.compose(text) } catch { return (nil, [notYAML(error)], [:]) }
    guard let mapping = root?.mapping else {
      issue(nil, "A theme is a mapping with the keys system, name and palette.")
      return (nil, issues, [:])
    }
    // The older form has the colours beside the other keys, and the name under `scheme`.
    let isFlat = mapping["palette"] == nil && mapping.contains { slotName($0.key) != nil }
    for (key, _) in mapping where !topKeys.contains(key.string ?? "") && !(isFlat && looksLikeSlot(key)) {
      let name = key.string ?? ""
      issue(key, "Unknown key \"\(name)\".\(Nearest.hint(for: name, among: topKeys))")
    }
    let has24 = mapping.contains { Palette.names.dropFirst(16).contains(slotName($0.key) ?? "") }
    let system = mapping["system"]?.string ?? (isFlat && has24 ? "base24" : "base16")
    if system != "base16" && system != "base24" {
      issue(mapping["system"], "\"system\" must be base16 or base24, not \"\(system)\".")
    }
    let variant = mapping["variant"]?.string?.lowercased()
    if let variant, variant != "dark", variant != "light" {
      issue(mapping["variant"], "\"variant\" must be dark or light, not \"\(variant)\".")
    }
    guard let slots = mapping["palette"]?.mapping ?? (isFlat ? mapping : nil) else {
      issue(mapping["palette"] ?? root, "\"palette\" is missing: sixteen colours, base00 to base0F.")
      return (nil, issues, [:])
    }
    let colors = palette(slots, count: system == "base24" ? 24 : 16, isFlat: isFlat, issue: issue)
    guard colors.count >= 16 else { return (nil, issues, [:]) }
    let isDark = variant.map { $0 != "light" } ?? (colors[0].luminance < 0.4)
    let palette = Palette(colors: colors, isDark: isDark)
    let name = (mapping["name"] ?? mapping["scheme"])?.string ?? slug
    var theme = Theme(slug: slug, name: name, isDark: isDark, style: palette.style(for:))
    var lines: [Role: Int] = [:]
    if let node = mapping["roles"], node.null == nil {
      guard let roles = node.mapping else {
        issue(node, "\"roles\" must be a mapping of roles to colours.")
        return (nil, issues, [:])
      }
      var grounds: Set<Role> = []
      let before = theme
      for (key, value) in roles {
        override(key, value, in: &theme, colors, issue: issue)
        guard let role = Role(rawValue: key.string ?? "") else { continue }
        lines[role] = key.mark?.line
        if value.mapping?["background"] != nil { grounds.insert(role) }
      }
      theme.moveGrounds(of: grounds, from: before)
    }
    return (theme, issues, lines)
  }

  private static func notYAML(_ error: any Error) -> ThemeIssue {
    let (line, message) = PlainYAML.words(error, of: "theme")
    return ThemeIssue(line: line, message: message)
  }

  /// A key as a name of the palette, however its letters are written.
  private static func slotName(_ key: Node) -> String? {
    guard let text = key.string, text.count == 6, text.lowercased().hasPrefix("base") else { return nil }
    let name = "base" + text.dropFirst(4).uppercased()
    return Palette.names.contains(name) ? name : nil
  }

  private static func looksLikeSlot(_ key: Node) -> Bool {
    key.string?.lowercased().hasPrefix("base") ?? false
  }

  private static func palette(
    _ slots: Node.Mapping, count: Int, isFlat: Bool, issue: (Node?, String) -> Void
  ) -> [RGB] {
    var nodes: [String: Node] = [:]
    for (key, value) in slots {
      if let name = slotName(key) {
        nodes[name] = value
      } else if !isFlat || looksLikeSlot(key) {
        let name = key.string ?? ""
        issue(key, "Unknown colour \"\(name)\" in the palette.\(Nearest.hint(for: name, among: Palette.names))")
      }
    }
    var colors: [RGB] = []
    for name in Palette.names.prefix(count) {
      guard let node = nodes[name] else {
        issue(nil, "The palette has no \"\(name)\".")
        continue
      }
      guard let color = RGB(hex: node.scalar?.string ?? "") else {
        // YAML takes an unquoted # for the beginning of a comment.
        let text = node.null != nil ? "nothing (a colour with # needs quotes)" : "\"\(node.scalar?.string ?? "…")\""
        issue(node, "\"\(name)\" must be a colour such as \"#8fc87c\", not \(text).")
        continue
      }
      colors.append(color)
    }
    return colors.count == count ? colors : []
  }

  private static let styleKeys = ["foreground", "background", "bold", "dim", "italic", "underline", "reverse"]

  private static func override(
    _ key: Node, _ value: Node, in theme: inout Theme, _ colors: [RGB], issue: (Node?, String) -> Void
  ) {
    let name = key.string ?? ""
    guard let role = Role(rawValue: name) else {
      issue(key, "Unknown role \"\(name)\".\(Nearest.hint(for: name, among: Role.allCases.map(\.rawValue)))")
      return
    }
    func color(_ node: Node) -> Color? {
      let text = node.scalar?.string ?? ""
      if let place = Palette.names.firstIndex(of: text), place < colors.count { return colors[place].color }
      if let color = RGB(hex: text) { return color.color }
      issue(node, "\"\(name)\" must be a colour such as \"#8fc87c\" or base0B, not \"\(text)\".")
      return nil
    }
    if value.scalar != nil {
      if let color = color(value) { theme[role].foreground = color }
      return
    }
    guard let members = value.mapping else {
      issue(value, "\"\(name)\" must be a colour, or a mapping with foreground, background, bold and so on.")
      return
    }
    let attributes: [String: Attributes] = [
      "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline, "reverse": .reverse,
    ]
    for (key, node) in members {
      let member = key.string ?? ""
      switch member {
      case "foreground": if let color = color(node) { theme[role].foreground = color }
      case "background": if let color = color(node) { theme[role].background = color }
      default:
        guard let attribute = attributes[member] else {
          issue(key, "Unknown key \"\(member)\" in the role \(name).\(Nearest.hint(for: member, among: styleKeys))")
          continue
        }
        guard let on = node.bool else {
          issue(node, "\"\(member)\" in the role \(name) must be true or false.")
          continue
        }
        if on { theme[role].attributes.insert(attribute) } else { theme[role].attributes.remove(attribute) }
      }
    }
  }
}

extension Theme {
  /// A ground that was changed takes those along that lie on it and have none of their own.
  fileprivate mutating func moveGrounds(of changed: Set<Role>, from before: Theme) {
    let leaders: [(Role, [Role])] = [
      (.text, Role.allCases), (.dialog, [.dialogTitle]), (.header, [.headerName, .linkLive, .linkConnecting]),
      (.footer, [.footerKey]), (.input, []),
    ]
    for (leader, followers) in leaders where changed.contains(leader) {
      for role in followers
      where role != leader && !changed.contains(role) && before[role].background == before[leader].background {
        self[role].background = self[leader].background
      }
    }
  }
}
