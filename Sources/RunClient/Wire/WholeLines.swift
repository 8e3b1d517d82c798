import RunModel

/// Gathers whole lines from the portions that they arrive in, wherever those begin and end.
struct WholeLines {
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []

  /// Whether that is longer than any line of ours: it comes from something else than an orchestrator.
  var isOverlong: Bool { rest.count > Bounds.wireLine }

  /// All lines that are whole by now, with their newlines; nil while none is.
  mutating func take(_ portion: some Collection<UInt8>) -> ArraySlice<UInt8>? {
    let start = rest.count
    rest.append(contentsOf: portion)
    guard let newline = rest[start...].lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let lines = rest[...newline]
    rest = Array(rest[(newline + 1)...])
    return lines
  }
}
