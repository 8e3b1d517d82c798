import RunModel
import TerminalKit

/// Clicks on what the views have marked as taking them, and the wheel over dialogs.
extension DashboardState {
  /// True if the click or the turn of the wheel is done with.
  mutating func takeClick(_ mouse: Input.Mouse) -> Bool {
    guard !isTooSmall else { return true }
    switch mouse.action {
    case .wheelUp, .wheelDown:
      guard let layer = layers.last else { return false }
      wheel(mouse.action == .wheelUp ? .up : .down, over: layer)
      return true
    case .press, .doubleClick:
      // What is hit is what is seen: the frame says where its buttons are.
      if let target = drawDashboard(self).target(at: mouse.at) {
        click(target, isDouble: mouse.action == .doubleClick)
        return true
      }
      let track = timeTrack(layout.timeBar)
      if replay != nil, layers.isEmpty, track.width > 1, track.contains(mouse.at) {
        emit(.replayCommand(.go(Double(mouse.at.x - track.x) / Double(track.width - 1))))
        return true
      }
      return !layers.isEmpty
    }
  }

  private mutating func wheel(_ key: Key, over layer: Layer) {
    switch layer {
    case .answer(let dialog) where dialog.attention.detail != nil: take(key == .up ? .pageUp : .pageDown, in: layer)
    case .help: for _ in 0..<3 { if let layer = layers.last { take(key, in: layer) } }
    case .palette, .answer, .switcher: take(key, in: layer)
    default: break
    }
  }

  private mutating func click(_ target: ClickTarget, isDouble: Bool) {
    switch target {
    case .key(let key): take(key)
    case .message(let place): if toasts.indices.contains(place) { toasts.remove(at: place) }
    case .item(let place): clickItem(place, isDouble: isDouble)
    }
  }

  private mutating func clickItem(_ place: Int, isDouble: Bool) {
    switch layers.last {
    case .palette(var dialog):
      dialog.cursor = place
      setLayer(.palette(dialog))
      take(.enter)
    case .switcher(var dialog):
      dialog.cursor = place
      setLayer(.switcher(dialog))
      take(.enter)
    case .answer(var dialog):
      // An answer has consequences: the first click only chooses.
      dialog.cursor = min(place, max(0, dialog.items.count - 1))
      setLayer(.answer(dialog))
      if isDouble { take(.enter) }
    default: break
    }
  }
}
