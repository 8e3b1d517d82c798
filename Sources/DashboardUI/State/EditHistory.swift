/// What was done to a text, for undo and redo. Bounded: the oldest is forgotten first.
struct EditHistory: Sendable {
  /// One stretch of characters that gave way to another.
  struct Edit: Sendable {
    var place: Int
    var removed: [Character]
    var added: [Character]
    var cursorBefore: Int
    var cursorAfter: Int
    /// Edits of one group are undone together.
    var group: Int
    var kind: Kind
  }

  /// Typing goes on in the group of the typing before it, up to the next word; erasing likewise.
  enum Kind: Sendable { case typing, erasing, other }

  private(set) var done: [Edit] = []
  private(set) var undone: [Edit] = []
  private var group = 0
  private var size = 0

  private static let mostEdits = 4000
  private static let mostCharacters = 4 << 20

  mutating func record(
    place: Int, removed: [Character], added: [Character], cursorBefore: Int, cursorAfter: Int, kind: Kind,
    startsWord: Bool
  ) {
    let last = done.last
    let goesOn = kind != .other && last?.kind == kind && last?.cursorAfter == cursorBefore && !startsWord
    if !goesOn || !undone.isEmpty { group += 1 }
    undone = []
    done.append(
      Edit(
        place: place, removed: removed, added: added, cursorBefore: cursorBefore, cursorAfter: cursorAfter,
        group: group, kind: kind))
    size += removed.count + added.count
    if done.count > Self.mostEdits || size > Self.mostCharacters { forget() }
  }

  /// The edits to take back, the last first.
  mutating func undo() -> [Edit] {
    guard let group = done.last?.group else { return [] }
    let edits = Array(done.reversed().prefix { $0.group == group })
    done.removeLast(edits.count)
    undone += edits
    return edits
  }

  /// The edits to do again, in their order.
  mutating func redo() -> [Edit] {
    guard let group = undone.last?.group else { return [] }
    let edits = Array(undone.reversed().prefix { $0.group == group })
    undone.removeLast(edits.count)
    done += edits
    return edits
  }

  /// Drops the older half, and more until what is left is within bounds.
  private mutating func forget() {
    done.removeFirst(done.count / 2)
    size = done.reduce(0) { $0 + $1.removed.count + $1.added.count }
    while size > Self.mostCharacters, !done.isEmpty {
      let first = done.removeFirst()
      size -= first.removed.count + first.added.count
    }
  }
}
