/// A place in cells; (0, 0) is the top left.
package struct Point: Hashable, Sendable {
  package var x: Int
  package var y: Int
  package init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }
}

/// A size in cells; never negative.
package struct Size: Hashable, Sendable {
  package var width: Int
  package var height: Int
  package init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
  }
}

/// A rectangle in cells; its size is never negative, so that cutting from a small one is safe.
package struct Rect: Hashable, Sendable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  package init(size: Size) { self.init(x: 0, y: 0, width: size.width, height: size.height) }

  package var right: Int { x + width }
  package var bottom: Int { y + height }
  package var isEmpty: Bool { width == 0 || height == 0 }
  package func contains(_ p: Point) -> Bool { p.x >= x && p.x < right && p.y >= y && p.y < bottom }

  package func row(_ index: Int) -> Rect { Rect(x: x, y: y + index, width: width, height: index < height ? 1 : 0) }
  package func inset(dx: Int, dy: Int) -> Rect {
    Rect(x: x + dx, y: y + dy, width: width - 2 * dx, height: height - 2 * dy)
  }

  /// Cuts `count` rows or columns off one side and returns them; self keeps the rest.
  package mutating func takeTop(_ count: Int) -> Rect {
    let count = min(max(0, count), height)
    defer {
      y += count
      height -= count
    }
    return Rect(x: x, y: y, width: width, height: count)
  }
  package mutating func takeBottom(_ count: Int) -> Rect {
    let count = min(max(0, count), height)
    height -= count
    return Rect(x: x, y: y + height, width: width, height: count)
  }
  package mutating func takeLeft(_ count: Int) -> Rect {
    let count = min(max(0, count), width)
    defer {
      x += count
      width -= count
    }
    return Rect(x: x, y: y, width: count, height: height)
  }
  package mutating func takeRight(_ count: Int) -> Rect {
    let count = min(max(0, count), width)
    width -= count
    return Rect(x: x + width, y: y, width: count, height: height)
  }
}
