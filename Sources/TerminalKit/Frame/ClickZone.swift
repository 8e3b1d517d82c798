/// What a click on a part of a frame means.
package enum ClickTarget: Hashable, Sendable {
  /// As if this key were pressed.
  case key(Key)
  /// The entry with this number of the list in front: an option, a command, a row.
  case item(Int)
  /// The message with this number goes.
  case message(Int)
}

/// A part of a frame that takes clicks. Views note it where they draw, so that what is hit is what is seen.
package struct ClickZone: Hashable, Sendable {
  package var rect: Rect
  package var target: ClickTarget
}

extension Frame {
  /// Makes `rect` take clicks, as far as it is on the frame. Later zones lie over earlier ones.
  package mutating func addZone(_ rect: Rect, _ target: ClickTarget) {
    guard !rect.isEmpty, zones.count < Self.mostZones else { return }
    zones.append(ClickZone(rect: rect, target: target))
  }

  /// What a click there means.
  package func target(at point: Point) -> ClickTarget? { zones.last { $0.rect.contains(point) }?.target }

  /// Forgets what lies beneath a dialog: a click beside it hits nothing.
  package mutating func coverZones() { zones = [] }

  private static var mostZones: Int { 4096 }
}
