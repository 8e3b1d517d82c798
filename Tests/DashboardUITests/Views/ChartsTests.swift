import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct ChartsTests {
  @Test(
    "The scale ends at a round number that holds everything",
    arguments: [(0, 1), (-3, 1), (.nan, 1), (.infinity, 1), (1, 1), (1.2, 2), (3, 5), (7, 10), (10, 10), (11, 20)]
      + [(450, 500), (999, 1000), (0.03, 0.05), (1e9, 1e9)] as [(Double, Double)])
  func tops(value: Double, top: Double) {
    #expect(abs(ChartKit.niceTop(value) - top) < top * 0.001)
  }

  @Test("A sparkline has a column a value: nothing known is a gap, zero the lowest mark, the greatest full")
  func sparkline() {
    #expect(ChartKit.sparkline([nil, 0, 1, 4, 8], style: .blocks) == " ▁▂▄█")
    #expect(ChartKit.sparkline([0, 8, .nan, .infinity, -4], style: .blocks) == "▁█  ▁")
    #expect(ChartKit.sparkline([], style: .blocks) == "")
    #expect(ChartKit.sparkline([5], style: .blocks) == "█")
    #expect(ChartKit.sparkline([0, 0, 0], style: .blocks) == "▁▁▁")
    #expect(ChartKit.sparkline([0, 1, 8], style: .ascii) == "_.#")
  }

  @Test("Of several values in a column the greatest shows, of fewer each fills several")
  func resampled() {
    #expect(ChartKit.resampled([1, 9, 2, 3], to: 2) == [9, 3])
    #expect(ChartKit.resampled([1, 2], to: 4) == [1, 1, 2, 2])
    #expect(ChartKit.resampled([nil, .nan, 3, nil], to: 2) == [nil, 3])
    #expect(ChartKit.resampled([], to: 3) == [nil, nil, nil])
    #expect(ChartKit.resampled([1], to: 0) == [])
  }

  @Test("A braille line goes through its values and leaves gaps where nothing is known")
  func braille() {
    var grid = BrailleGrid(width: 2, height: 1)
    grid.line([0, 1, nil, 1], top: 1, stroke: 0, .accent)
    // Bottom left and, joined to it, the right column; then the top right dot of the second cell.
    #expect(grid[0, 0]?.text == "⡸" || grid[0, 0]?.text == "⡼")
    #expect(grid[1, 0]?.text == "⠈")
    #expect(grid[2, 0] == nil)
    var far = BrailleGrid(width: 1, height: 1)
    far.set(-1, 0, .text)
    far.set(0, 99, .text)
    #expect(far[0, 0] == nil)
  }

  private func chart(_ values: [[Double?]]) -> Chart {
    let marks = ["✔", "✖", "⊘"]
    return Chart(
      title: "Ended/min",
      series: values.enumerated().map { place, values in
        ChartSeries(name: "s\(place)", mark: marks[place], role: .accent, values: values)
      }, format: { Format.amount($0) })
  }

  private func drawn(_ chart: Chart, _ size: Size, _ style: ChartStyle) -> String {
    var frame = Frame(size: size)
    drawChart(chart, Rect(size: size), from: "-5 min", style, ThemeLibrary.standard, &frame)
    return frame.text
  }

  @Test("A chart names its scale, its time and its latest values", arguments: ChartStyle.allCases)
  func whole(style: ChartStyle) {
    let text = drawn(chart([[0, 2, 4, 8], [1, 1, 1, 1]]), Size(width: 40, height: 8), style)
    #expect(text.contains("Ended/min"))
    #expect(text.contains("10"))
    #expect(text.contains("✔ 8") && text.contains("✖ 1"))
    #expect(text.contains("-5 min") && text.contains("now"))
    #expect(text.contains("✔ s0") && text.contains("✖ s1"))
  }

  @Test("Two series are told apart without colour", arguments: ChartStyle.allCases)
  func apart(style: ChartStyle) {
    let flat = [Double?](repeating: 4, count: 30)
    let first = drawn(chart([flat, []]), Size(width: 40, height: 8), style)
    let second = drawn(chart([[], flat]), Size(width: 40, height: 8), style)
    #expect(first != second)
    let plots = [first, second].map { $0.split(separator: "\n").dropFirst().joined().filter { !"✔✖".contains($0) } }
    if style == .braille { #expect(plots[0] != plots[1]) }
  }

  @Test("Nothing known says so; odd values and small places never trap", arguments: ChartStyle.allCases)
  func odd(style: ChartStyle) {
    #expect(drawn(chart([[nil, nil]]), Size(width: 40, height: 8), style).contains("nothing yet"))
    #expect(drawn(chart([[]]), Size(width: 40, height: 8), style).contains("nothing yet"))
    for size in [(0, 0), (1, 1), (16, 3), (17, 4), (20, 3), (300, 60)] {
      _ = drawn(
        chart([[.nan, -1, .infinity, 1e300, 0], [1], [nil, 2]]), Size(width: size.0, height: size.1), style)
    }
  }

  @Test("In ASCII every cell of a chart is ASCII before any fallback, but for the marks")
  func ascii() {
    let text = drawn(chart([[0, 2, 4, 8]]), Size(width: 40, height: 8), .ascii)
    #expect(text.filter { !$0.isASCII && $0 != "✔" }.isEmpty)
    #expect(text.contains("#"))
  }

  @Test(
    "Numbers on scales are short",
    arguments: [(0, "0", "0"), (0.04, "<0.1", "0ms"), (3.14, "3.1", "3ms"), (1500, "1.5k", "1.5s")]
      + [(90_000, "90k", "1.5m"), (1e300, "1000000000M", "277777777h"), (.nan, "—", "—")] as [(Double, String, String)])
  func numbers(value: Double, amount: String, brief: String) {
    #expect(Format.amount(value) == amount)
    #expect(Format.brief(value) == brief)
  }
}
