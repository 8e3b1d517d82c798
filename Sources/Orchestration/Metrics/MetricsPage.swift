/// Figures in Prometheus' text format 0.0.4.
///
/// To add one, add a line to the `metrics` of whatever knows it: the orchestrator's, the store's, the server's. A name ends
/// in its unit (`_seconds`, `_bytes`) and, for what only grows, in `_total`. A label may only have values that we or the
/// configuration choose: never a run, a title or anything else that an agent or a client writes.
package struct MetricsPage: Sendable {
  package struct Sample: Sendable {
    package var labels: [(name: String, value: String)]
    package var value: Double

    package init(_ value: Double, _ labels: KeyValuePairs<String, String>) {
      self.labels = labels.map { ($0.key, $0.value) }
      self.value = value
    }
  }

  package private(set) var text = ""

  package init() {}

  package mutating func append(_ page: MetricsPage) { text += page.text }

  /// What goes up and down.
  package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    gauge(name, help, [Sample(value, [:])])
  }

  package mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "gauge", help, samples)
  }

  /// What only grows, from the start of the process; the name ends in `_total`.
  package mutating func counter(_ name: String, _ help: String, _ value: Double) {
    counter(name, help, [Sample(value, [:])])
  }

  package mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    family(name, "counter", help, samples)
  }

  package mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    head(name, "histogram", help)
    var count: UInt64 = 0
    for (bound, own) in zip(histogram.bounds.map(Self.number) + ["+Inf"], histogram.counts) {
      count += own
      line(name + "_bucket", [("le", bound)], String(count))
    }
    line(name + "_sum", [], Self.number(histogram.sum))
    line(name + "_count", [], String(count))
  }

  private mutating func family(_ name: String, _ type: String, _ help: String, _ samples: [Sample]) {
    if samples.isEmpty { return }
    head(name, type, help)
    for sample in samples { line(name, sample.labels, Self.number(sample.value)) }
  }

  private mutating func head(_ name: String, _ type: String, _ help: String) {
    let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      let written = labels.map { name, value in
        "\(name)=\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
      }
      text += "{\(written.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && value.magnitude < 9_007_199_254_740_992 ? String(Int64(value)) : "\(value)"
  }
}

/// How often a figure was at most so much.
package struct Histogram: Sendable {
  /// Ascending; the last count is of what is above all of them.
  package let bounds: [Double]
  package private(set) var counts: [UInt64]
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  package mutating func observe(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  package mutating func observe(_ duration: Duration) { observe(duration / .seconds(1)) }
}
