import TerminalKit

/// How charts are drawn: by what the terminal's font has.
package enum ChartStyle: String, CaseIterable, Sendable { case braille, blocks, ascii }

/// One series of a chart, oldest value first; nil where nothing is known.
struct ChartSeries: Sendable {
  var name: String
  /// At the end of its line, and on it where a line cannot be told by its stroke.
  var mark: String
  var role: Role
  var values: [Double?]
}

struct Chart: Sendable {
  var title: String
  /// The first is drawn solid or filled, the others by strokes or marks of their own.
  var series: [ChartSeries]
  /// A value as a person reads it.
  var format: @Sendable (Double) -> String
  /// The scale goes up to this at least.
  var leastTop = 1.0
  /// The scale ends exactly here.
  var fixedTop: Double?
  /// What it says in place of a plot when nothing is known.
  var nothing = "nothing yet"
}

/// Scales and glyphs: functions of numbers.
enum ChartKit {
  /// The least of 1, 2, 5 × 10ⁿ that is not below `value`; 1 for what is no number.
  static func niceTop(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return 1 }
    var unit = 1.0
    while unit < value, unit < 1e18 { unit *= 10 }
    while unit / 10 >= value, unit > 1e-9 { unit /= 10 }
    for step in [0.1, 0.2, 0.5, 1] where unit * step >= value * 0.999_999 { return unit * step }
    return unit
  }

  /// `values` in `count` columns: of several in one column the greatest, so that no peak is lost.
  static func resampled(_ values: [Double?], to count: Int) -> [Double?] {
    guard count > 0 else { return [] }
    guard !values.isEmpty else { return Array(repeating: nil, count: count) }
    return (0..<count).map { column in
      let from = column * values.count / count
      let to = max(from + 1, (column + 1) * values.count / count)
      return values[from..<min(to, values.count)].compactMap { finite($0) }.max()
    }
  }

  static func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? max(0, $0) : nil } }

  /// How many of `steps` a value fills: none for 0, one at least for more.
  static func level(_ value: Double, top: Double, steps: Int) -> Int {
    guard value.isFinite, value > 0, top > 0, top.isFinite else { return 0 }
    return max(1, min(steps, Int((min(1, value / top) * Double(steps)).rounded())))
  }

  /// A line of values, a column each; the greatest, or `top`, is full height.
  static func sparkline(_ values: [Double?], top: Double? = nil, style: ChartStyle) -> String {
    let known = values.compactMap { finite($0) }
    let top = top ?? known.max() ?? 0
    let steps = Array(style == .ascii ? "_.:-=+*#" : "▁▂▃▄▅▆▇█")
    return String(
      values.map { value -> Character in
        guard let value = finite(value) else { return " " }
        return value <= 0 ? steps[0] : steps[max(1, level(value, top: top, steps: steps.count) - 1)]
      })
  }

  /// The part of a cell that is filled from below, in eighths.
  static func block(_ eighths: Int, _ style: ChartStyle) -> String {
    guard eighths > 0 else { return " " }
    if style == .ascii { return eighths >= 6 ? "#" : eighths >= 3 ? "=" : "_" }
    return ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"][min(eighths, 8) - 1]
  }
}

/// Dots of 2 × 4 a cell.
struct BrailleGrid: Sendable {
  let width: Int
  let height: Int
  private var bits: [UInt8]
  private var roles: [Role?]

  init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
    bits = Array(repeating: 0, count: self.width * self.height)
    roles = Array(repeating: nil, count: self.width * self.height)
  }

  /// (0, 0) is the top left; what lies outside is left out. The first to draw in a cell gives it its role.
  mutating func set(_ x: Int, _ y: Int, _ role: Role) {
    guard x >= 0, y >= 0, x < width * 2, y < height * 4 else { return }
    let cell = y / 4 * width + x / 2
    let dots: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    bits[cell] |= dots[y % 4][x % 2]
    if roles[cell] == nil { roles[cell] = role }
  }

  /// A line through the values, a dot column each; `stroke`: of so many dots one is left out or, for 3, two are.
  mutating func line(_ values: [Double?], top: Double, stroke: Int, _ role: Role) {
    let rows = height * 4
    guard rows > 0, top > 0 else { return }
    var before: Int?
    for (x, value) in values.prefix(width * 2).enumerated() {
      guard let value = ChartKit.finite(value) else {
        before = nil
        continue
      }
      let y = rows - 1 - Int((min(1, value / top) * Double(rows - 1)).rounded())
      if drawn(x, stroke) {
        set(x, y, role)
        if let before, abs(before - y) > 1 {
          for between in min(before, y) + 1..<max(before, y) where stroke == 0 || between % 2 == 0 {
            set(x, between, role)
          }
        }
      }
      before = y
    }
  }

  private func drawn(_ x: Int, _ stroke: Int) -> Bool {
    switch stroke {
    case 0: true
    case 1: x % 4 < 2
    default: x % 3 == 0
    }
  }

  subscript(x: Int, y: Int) -> (text: String, role: Role)? {
    guard x >= 0, y >= 0, x < width, y < height, bits[y * width + x] != 0,
      let scalar = Unicode.Scalar(0x2800 + UInt32(bits[y * width + x]))
    else { return nil }
    return (String(Character(scalar)), roles[y * width + x] ?? .text)
  }
}

/// A chart with its title, scale, labels at the ends of its lines and the time below: `from` at the left, now at the right.
func drawChart(
  _ chart: Chart, _ rect: Rect, from: String, _ style: ChartStyle, _ theme: Theme, _ frame: inout Frame
) {
  guard rect.height >= 3, rect.width >= 16 else { return }
  let known = chart.series.flatMap { $0.values.compactMap { ChartKit.finite($0) } }
  let many = chart.series.count > 1
  var legend: [Span] = []
  for series in chart.series where many {
    legend += [Span(legend.isEmpty ? "" : "  "), Span(series.mark, series.role), Span(" " + series.name, .muted)]
  }
  frame.draw(StyledLine([Span(chart.title, .heading)], right: legend), in: rect.row(0), theme)
  let latest = chart.series.map { series in
    ChartKit.finite(series.values.last ?? nil).map { series.mark + " " + chart.format($0) }
  }
  let top = chart.fixedTop ?? ChartKit.niceTop(max(chart.leastTop, known.max() ?? 0))
  let scale = [chart.format(top), chart.format(0)]
  let left = min(8, max(3, scale.map { measure($0) }.max() ?? 3))
  let right = min(11, max(4, latest.compactMap { $0.map { measure($0) } }.max() ?? 4))
  let plot = Rect(x: rect.x + left + 1, y: rect.y + 1, width: rect.width - left - right - 2, height: rect.height - 2)
  guard plot.width >= 4 else { return }
  frame.put(fitted(scale[0], left, right: true), x: rect.x, y: plot.y, width: left, style: theme[.muted])
  if plot.height > 1 {
    frame.put(fitted(scale[1], left, right: true), x: rect.x, y: plot.bottom - 1, width: left, style: theme[.muted])
  }
  for y in plot.y..<plot.bottom {
    frame.put(style == .ascii ? "|" : "▏", x: plot.x - 1, y: y, width: 1, style: theme[.faint])
  }
  let time = Rect(x: plot.x, y: plot.bottom, width: plot.width, height: 1)
  frame.draw(StyledLine([Span(from, .muted)], right: [Span("now", .muted)]), in: time, theme)
  guard !known.isEmpty else {
    frame.put(chart.nothing, x: plot.x + 1, y: plot.y + plot.height / 2, width: plot.width - 1, style: theme[.muted])
    return
  }
  switch style {
  case .braille: drawLines(chart, plot, top, theme, &frame)
  case .blocks, .ascii: drawArea(chart, plot, top, style, theme, &frame)
  }
  drawEnds(chart, latest, plot, top, right, theme, &frame)
}

private func drawLines(_ chart: Chart, _ plot: Rect, _ top: Double, _ theme: Theme, _ frame: inout Frame) {
  var grid = BrailleGrid(width: plot.width, height: plot.height)
  for (stroke, series) in chart.series.enumerated() {
    grid.line(ChartKit.resampled(series.values, to: plot.width * 2), top: top, stroke: stroke, series.role)
  }
  for y in 0..<plot.height {
    for x in 0..<plot.width {
      guard let dot = grid[x, y] else { continue }
      frame.put(dot.text, x: plot.x + x, y: plot.y + y, width: 1, style: theme[dot.role])
    }
  }
}

/// The first series as a filled area, the others as their marks upon it; those marks show only above zero.
private func drawArea(
  _ chart: Chart, _ plot: Rect, _ top: Double, _ style: ChartStyle, _ theme: Theme, _ frame: inout Frame
) {
  for (place, series) in chart.series.enumerated() {
    for (x, value) in ChartKit.resampled(series.values, to: plot.width).enumerated() {
      guard let value, value > 0 else { continue }
      let level = ChartKit.level(value, top: top, steps: plot.height * 8)
      if place == 0 {
        for row in 0..<plot.height {
          let eighths = min(8, level - row * 8)
          guard eighths > 0 else { break }
          frame.put(
            ChartKit.block(eighths, style), x: plot.x + x, y: plot.bottom - 1 - row, width: 1, style: theme[series.role]
          )
        }
      } else if x % 2 == place % 2 {
        let row = min(plot.height - 1, max(0, level - 1) / 8)
        frame.put(series.mark, x: plot.x + x, y: plot.bottom - 1 - row, width: 1, style: theme[series.role])
      }
    }
  }
}

/// The latest values, each beside the end of its line; where two would share a row, the later one makes way.
private func drawEnds(
  _ chart: Chart, _ latest: [String?], _ plot: Rect, _ top: Double, _ width: Int, _ theme: Theme, _ frame: inout Frame
) {
  var taken: Set<Int> = []
  for (place, series) in chart.series.enumerated() {
    guard let text = latest[place], let value = ChartKit.finite(series.values.last ?? nil) else { continue }
    let wanted = plot.height - 1 - min(plot.height - 1, Int(min(1, value / top) * Double(plot.height)))
    let rows = (0..<plot.height).sorted { abs($0 - wanted) < abs($1 - wanted) }
    guard let row = rows.first(where: { !taken.contains($0) }) else { continue }
    taken.insert(row)
    frame.put(fitted(text, width), x: plot.right + 1, y: plot.y + row, width: width, style: theme[series.role])
  }
}
