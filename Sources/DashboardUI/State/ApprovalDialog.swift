import RunModel

/// Approving or rejecting what waits for people's consent: the rationale is demanded, and goes on the audit trail.
struct ApprovalDialog: Sendable {
  enum Verdict: Sendable { case approve, reject }

  var verdict: Verdict
  /// Those that wait for an approval; named in the dialog.
  var runs: [RunID]
  /// Chosen but waiting for none.
  var otherCount: Int
  var why = TextField()
  var historyPlace: Int?
}
