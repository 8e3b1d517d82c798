import TerminalKit

/// Where things are on the screen: the views draw there, and the mouse and the page keys ask the same.
struct Layout: Sendable {
  var header = Rect(x: 0, y: 0, width: 0, height: 0)
  /// What every screen has to say, while there is something.
  var banner = Rect(x: 0, y: 0, width: 0, height: 0)
  /// Screens and filter, or the run's tabs.
  var tabs = Rect(x: 0, y: 0, width: 0, height: 0)
  /// The run screen's title.
  var title = Rect(x: 0, y: 0, width: 0, height: 0)
  var body = Rect(x: 0, y: 0, width: 0, height: 0)
  /// Of a replay.
  var timeBar = Rect(x: 0, y: 0, width: 0, height: 0)
  var footer = Rect(x: 0, y: 0, width: 0, height: 0)
  /// Above the footer, while there is a tour.
  var tour = Rect(x: 0, y: 0, width: 0, height: 0)
  /// Of the body on the runs screen.
  var columns = Rect(x: 0, y: 0, width: 0, height: 0)
  var rows = Rect(x: 0, y: 0, width: 0, height: 0)
  var preview = Rect(x: 0, y: 0, width: 0, height: 0)
  var previewIsRight = false

  static let smallest = Size(width: 60, height: 12)
}

extension DashboardState {
  var isTooSmall: Bool { size.width < Layout.smallest.width || size.height < Layout.smallest.height }

  var layout: Layout {
    var layout = Layout()
    var rest = Rect(size: size)
    layout.header = rest.takeTop(1)
    if banner != nil { layout.banner = rest.takeTop(1) }
    layout.footer = rest.takeBottom(1)
    if tour != nil, size.height >= 20 { layout.tour = rest.takeBottom(3) }
    if replay != nil { layout.timeBar = rest.takeBottom(1) }
    if screen == .run { layout.title = rest.takeTop(1) }
    layout.tabs = rest.takeTop(1)
    layout.body = rest
    guard screen == .runs else { return layout }
    if isWide {
      layout.preview = Rect(x: 0, y: 0, width: 0, height: 0)
    } else if size.width >= 160 {
      layout.preview = rest.takeRight(max(60, size.width * 38 / 100))
      layout.previewIsRight = true
    } else if size.width >= 100, size.height >= 24 {
      layout.preview = rest.takeBottom(max(8, rest.height * 2 / 5))
    }
    layout.columns = rest.takeTop(1)
    layout.rows = rest
    return layout
  }
}
