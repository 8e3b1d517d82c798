import RunModel
import TerminalKit

/// What was copied last, so that the same key again takes the other way.
struct LastCopy: Sendable {
  var text: String
  var until: Timestamp
}

extension DashboardState {
  /// Asks the terminal to copy; the same again within a few seconds uses a program instead, if there is one. Whether a
  /// terminal does what it is asked nobody can know from here, so the word for it does not say more than is true.
  mutating func copyOut(_ raw: String) {
    let text = DisplayText.copyable(raw)
    let name = String(text.prefix { $0 != "\n" }.prefix(60))
    let again = lastCopy.map { $0.text == text && now < $0.until } ?? false
    let isLong = text.utf8.count > ControlSequence.longestCopy
    if again || isLong, let tool = clipboardTool {
      lastCopy = nil
      emit(.copyWithTool(text))
      toast("Copying with \(tool): \(name)", .info)
      return
    }
    guard !isLong else {
      let most = ControlSequence.longestCopy / 1000
      toast("Too long for the terminal's clipboard: \(text.utf8.count / 1000) kB, at most \(most) kB", .bad)
      return
    }
    emit(.copy(text))
    lastCopy = LastCopy(text: text, until: now + .seconds(8))
    let other = clipboardTool.map { "   again: \($0)" } ?? ""
    toast("Asked the terminal to copy \(name)\(other)", .info)
  }
}
