/// A part of the audit trail, with how its chain stands.
package struct AuditTrail: Sendable, Equatable {
  /// Whole records in order: all that were asked for, or the latest of them.
  package var records: [AuditRecord]
  /// How many records the chain held when it was checked, from its first on.
  package var checked: UInt64
  /// Where the chain breaks first, in a person's words; nil when it is whole.
  package var broken: String?
  /// The seq of that first broken record.
  package var brokenAt: UInt64?

  package init(
    records: [AuditRecord] = [], checked: UInt64 = 0, broken: String? = nil, brokenAt: UInt64? = nil
  ) {
    self.records = records
    self.checked = checked
    self.broken = broken
    self.brokenAt = brokenAt
  }

  /// Whether this record has been checked, and so have all before it.
  package func isVerified(_ record: AuditRecord) -> Bool { record.seq < (brokenAt ?? .max) && record.seq <= checked }
}
