import RunModel
import TerminalKit

/// Approvals.
extension DashboardState {
  /// True if a dialog came up: something that is chosen waits for an approval.
  @discardableResult mutating func askApproval(_ verdict: ApprovalDialog.Verdict) -> Bool {
    let chosen = targets
    let waiting = chosen.filter { board[$0]?.awaitsApproval == true }
    guard !waiting.isEmpty else {
      if !chosen.isEmpty { toast("No approval is pending here", .info) }
      return false
    }
    layers.append(
      .approval(ApprovalDialog(verdict: verdict, runs: waiting, otherCount: chosen.count - waiting.count)))
    return true
  }

  mutating func takeInApproval(_ key: Key, _ dialog: ApprovalDialog) {
    var dialog = dialog
    switch key {
    case .escape:
      layers.removeLast()
      return
    case .enter:
      give(dialog)
      return
    case .up, .down:
      let last = preferences.rationales.count - 1
      guard last >= 0 else { return }
      let place = dialog.historyPlace.map { $0 + (key == .up ? 1 : -1) } ?? 0
      dialog.historyPlace = max(0, min(last, place))
      dialog.why.replace(preferences.rationales[safe: dialog.historyPlace ?? 0] ?? "")
    default: guard dialog.why.handle(key) else { return }
    }
    layers.removeLast()
    layers.append(.approval(dialog))
  }

  private mutating func give(_ dialog: ApprovalDialog) {
    let why = dialog.why.text.trimmed
    guard !why.isEmpty else {
      toast("Say why: the rationale goes on the audit trail", .bad)
      return
    }
    layers.removeLast()
    keep { $0.rationales = Preferences.remembering(why, in: $0.rationales, most: 20) }
    let waiting = dialog.runs.filter { board[$0]?.awaitsApproval == true }
    marks.subtract(dialog.runs)
    guard !waiting.isEmpty else {
      toast("None of them waits for it any more", .info)
      return
    }
    switch dialog.verdict {
    case .approve: emit(.approve(waiting, why: why))
    case .reject: emit(.reject(waiting, why: why))
    }
    let name = waiting.count == 1 ? waiting[0].shortName : "\(waiting.count) runs"
    toast("\(dialog.verdict == .approve ? "Approving" : "Rejecting") \(name)", .info)
  }
}
