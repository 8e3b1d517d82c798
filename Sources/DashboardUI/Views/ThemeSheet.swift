package import TerminalKit

/// A theme as swatches: each role on the grounds it is drawn on, with the contrast it has there.
package func drawThemeSheet(_ theme: Theme) -> Frame {
  let legibility = theme.legibility
  let roles = Role.allCases.filter { role in legibility.contains { $0.role == role } }
  let name = 18
  let swatch = 18
  let most = roles.map { role in legibility.filter { $0.role == role }.count }.max() ?? 1
  var frame = Frame(size: Size(width: name + most * swatch + 2, height: roles.count + 4), style: theme[.text])
  frame.put(theme.name, x: 1, y: 0, width: frame.size.width - 2, style: theme[.heading])
  let bad = Set(legibility.filter { !$0.isEnough }.map(\.role)).count
  let summary = "\(theme.isDark ? "dark" : "light"), \(bad == 0 ? "all readable" : "\(bad) too faint, marked ✖")"
  frame.put(summary, x: 1, y: 1, width: frame.size.width - 2, style: theme[.muted])
  for (row, role) in roles.enumerated() {
    let y = row + 3
    frame.put(role.rawValue, x: 1, y: y, width: name - 1, style: theme[.text])
    for (place, entry) in legibility.filter({ $0.role == role }).enumerated() {
      let x = name + place * swatch
      let sample = role.use == .text ? " Abc 123 " : " ▐▐ ── ░░ "
      frame.put(sample, x: x, y: y, width: 9, style: theme[role].on(entry.ground.color.color))
      frame.put(
        (entry.isEnough ? " " : "✖") + Theme.ratio(entry.ratio), x: x + 10, y: y, width: swatch - 11,
        style: theme[entry.isEnough ? .muted : .runFailed])
    }
  }
  return frame
}
