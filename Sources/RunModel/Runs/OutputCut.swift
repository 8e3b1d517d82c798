/// Lines of output that are lost for good: in no event and in no log.
package struct OutputCut: Sendable, Hashable {
  package var lines: Int64
  /// The bytes of output that a run may keep, where that is why; nil: they could not be written.
  package var limit: Int64?

  package init(lines: Int64, limit: Int64? = nil) {
    self.lines = lines
    self.limit = limit
  }

  /// For a person: `1200 lines beyond limits.output (1 MB) are gone`.
  package var words: String {
    let what = lines == 1 ? "1 line of output" : "\(lines) lines of output"
    let verb = lines == 1 ? "is" : "are"
    guard let limit else { return "\(what) could not be written and \(verb) gone" }
    return "\(what) beyond limits.output (\(RunLimits.words(bytes: limit))) \(verb) gone"
  }
}

extension OutputCut: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("lines", lines)
      if let limit { json.member("limit", limit) }
    }
  }

  package init(json: JSONValue) { self.init(lines: max(0, json["lines"]?.int ?? 0), limit: json["limit"]?.int) }
}
