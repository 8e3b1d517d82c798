import RunModel
import TerminalKit

/// The queue screen.
extension DashboardState {
  /// Where its rows are: below the heads.
  var queueRows: Rect {
    var rect = layout.body
    _ = rect.takeTop(2)
    return rect
  }

  /// Keeps up with events: the rows wait while someone acts on them.
  mutating func settleQueue() {
    guard screen == .queue, queue.list.hasChanges, !isActing else { return }
    queue.list.settle(board)
    refindQueued()
  }

  /// Finds the selected run again after rows moved; one that has left the queue hands over to its neighbour.
  mutating func refindQueued() {
    guard queue.list.count > 0 else {
      queue.selection = nil
      queue.cursor = 0
      queue.top = 0
      return
    }
    if let run = queue.selection, let index = queue.list.index(of: run) {
      queue.cursor = index
    } else {
      queue.cursor = min(queue.cursor, queue.list.count - 1)
    }
    queue.selection = queue.list[queue.cursor].map { board.runs[$0].runId }
    keepQueueVisible()
  }

  mutating func moveQueue(to index: Int) {
    guard queue.list.count > 0 else { return }
    actingUntil = now + .milliseconds(1500)
    queue.cursor = min(max(0, index), queue.list.count - 1)
    queue.selection = queue.list[queue.cursor].map { board.runs[$0].runId }
    keepQueueVisible()
  }

  mutating func keepQueueVisible() {
    let height = max(1, queueRows.height)
    queue.top = min(max(queue.top, queue.cursor - height + 1), queue.cursor)
    queue.top = max(0, min(queue.top, queue.list.count - height))
  }

  mutating func markQueued(_ action: Action) {
    guard action == .mark else {
      marks = []
      return
    }
    guard let run = queue.selection else { return }
    if marks.remove(run) == nil {
      marks.insert(run)
      lastMark = run
    }
    moveQueue(to: queue.cursor + 1)
  }

  /// The row of the list at a line of the screen.
  func queueIndex(atRow row: Int) -> Int? {
    let index = queue.top + row
    return index < queue.list.count ? index : nil
  }
}
