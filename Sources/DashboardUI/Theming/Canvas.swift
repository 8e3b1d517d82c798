package import TerminalKit

extension DashboardState {
  /// What stands for the terminal's own colours in a picture: the theme's ground and text.
  package var canvas: CanvasColors {
    var canvas = CanvasColors()
    let style = theme[.text]
    if case .rgb(let rgb) = style.foreground { canvas.foreground = rgb }
    if case .rgb(let rgb) = style.background { canvas.background = rgb }
    return canvas
  }
}
