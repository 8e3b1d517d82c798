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
  /// As in `themes/`; `Package.swift` embeds the same list.
  package static let slugs = ["flightdeck-dark", "flightdeck-light", "flightdeck-contrast"]

  package static func source(_ slug: String) -> String? {
    let bytes: [UInt8]? =
      switch slug {
      case "flightdeck-dark": PackageResources.flightdeck_dark_yaml
      case "flightdeck-light": PackageResources.flightdeck_light_yaml
      case "flightdeck-contrast": PackageResources.flightdeck_contrast_yaml
      default: nil
      }
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Those built in, in the order of `slugs`. A test holds each to be free of issues.
  package static let builtin: [Theme] = slugs.compactMap { slug in
    source(slug).flatMap { read($0, slug: slug).theme }
  }

  /// The first built-in theme; what is used when nothing else is said.
  package static var standard: Theme { builtin.first ?? .monochrome }

  /// Throws `Problem(.invalid)` that lists every issue.
  package static func parse(_ text: String, slug: String) throws(Problem) -> Theme {
    let (theme, issues) = read(text, slug: slug)
    guard let theme, issues.isEmpty else {
      throw Problem(.invalid, "The theme \"\(slug)\": " + issues.map(\.description).joined(separator: " "))
    }
    return theme
  }

  package static func check(_ text: String) -> [ThemeIssue] { read(text, slug: "").issues }

  private static let topKeys = ["system", "name", "author", "slug", "description", "variant", "palette", "roles"]

  private static func read(_ text: String, slug: String) -> (theme: Theme?, issues: [ThemeIssue]) {
    var issues: [ThemeIssue] = []
    func issue(_ node: Node?, _ message: String) {
      issues.append(ThemeIssue(line: node?.mark.map { $0.line }, message: message))
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch let error as YamlError {
      return (nil, [ThemeIssue(line: nil, message: "This is not YAML: \(error)")])
    } catch { return (nil, [ThemeIssue(line: nil, message: "This is not YAML: \(error)")]) }
    guard let mapping = root?.mapping else {
      return (nil, [ThemeIssue(line: nil, message: "A theme is a mapping with the keys system, name and palette.")])
    }
    for (key, _) in mapping where !topKeys.contains(key.string ?? "") {
      let name = key.string ?? ""
      issue(key, "Unknown key \"\(name)\".\(Nearest.hint(for: name, among: topKeys))")
    }
    let system = mapping["system"]?.string ?? "base16"
    if system != "base16" && system != "base24" {
      issue(mapping["system"], "\"system\" must be base16 or base24, not \"\(system)\".")
    }
    guard let slots = mapping["palette"]?.mapping else {
      issue(root, "\"palette\" is missing: sixteen colours, base00 to base0F.")
      return (nil, issues)
    }
    let colors = palette(slots, count: system == "base24" ? 24 : 16, issue: issue)
    guard colors.count >= 16 else { return (nil, issues) }
    let isDark = mapping["variant"]?.string.map { $0 != "light" } ?? (colors[0].luminance < 0.4)
    let palette = Palette(colors: colors, isDark: isDark)
    var theme = Theme(slug: slug, name: mapping["name"]?.string ?? slug, isDark: isDark, style: palette.style(for:))
    if let node = mapping["roles"], node.null == nil {
      guard let roles = node.mapping else {
        issue(node, "\"roles\" must be a mapping of roles to colours.")
        return (nil, issues)
      }
      for (key, value) in roles { override(key, value, in: &theme, colors, issue: issue) }
    }
    return (theme, issues)
  }

  private static func palette(_ slots: Node.Mapping, count: Int, issue: (Node?, String) -> Void) -> [RGB] {
    for (key, _) in slots where !Palette.names.contains(key.string ?? "") {
      let name = key.string ?? ""
      issue(key, "Unknown colour \"\(name)\" in the palette.\(Nearest.hint(for: name, among: Palette.names))")
    }
    var colors: [RGB] = []
    for name in Palette.names.prefix(count) {
      guard let node = slots[name] else {
        issue(nil, "The palette has no \"\(name)\".")
        continue
      }
      guard let color = RGB(hex: node.scalar?.string ?? "") else {
        issue(node, "\"\(name)\" must be a colour such as \"#8fc87c\", not \"\(node.scalar?.string ?? "…")\".")
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
