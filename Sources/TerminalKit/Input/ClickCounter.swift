/// Makes a double click of two presses at one place within 400 ms.
struct ClickCounter {
  private var last: (at: Point, milliseconds: Int64)?

  mutating func count(_ mouse: Input.Mouse, milliseconds: Int64) -> Input.Mouse {
    guard mouse.action == .press else { return mouse }
    if let last, last.at == mouse.at, milliseconds - last.milliseconds <= 400 {
      self.last = nil
      return Input.Mouse(.doubleClick, at: mouse.at)
    }
    last = (mouse.at, milliseconds)
    return mouse
  }
}
