import Synchronization

/// One line that says what is still waited for, below what has been said; nothing where nobody looks.
final class CheckProgress: Sendable {
  private let waiting: Mutex<[String]>
  private let isShown: Bool

  init(_ names: [String], isShown: Bool) {
    waiting = Mutex(names)
    self.isShown = isShown
    waiting.withLock { show($0) }
  }

  /// `say` prints what came of it, with the line out of its way.
  func end(_ name: String, _ say: () -> Void) {
    waiting.withLock { waiting in
      if let place = waiting.firstIndex(of: name) { waiting.remove(at: place) }
      if isShown { Console.noteRaw("\r\u{1B}[K") }
      say()
      show(waiting)
    }
  }

  private func show(_ waiting: [String]) {
    guard isShown, !waiting.isEmpty else { return }
    let more = waiting.count > 4 ? " and \(waiting.count - 4) more" : ""
    Console.noteRaw("asking \(waiting.prefix(4).map(Plain.line).joined(separator: ", "))\(more)…")
  }
}
