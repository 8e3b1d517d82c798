package import RunModel

/// One line of the audit trail as it travels: a whole record, or a reduced one.
package struct AuditLine: Sendable {
  /// Byte for byte what the hash covers, as the chain's check needs it.
  package let json: JSONValue
  /// Nil for a reduced one.
  package var record: AuditRecord? { AuditRecord(json: json) }

  /// One of each line that holds something.
  static func read(_ lines: ArraySlice<UInt8>) throws(JSONError) -> [AuditLine] {
    var records: [AuditLine] = []
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      records.append(AuditLine(json: try JSONValue(parsing: line)))
    }
    return records
  }
}
