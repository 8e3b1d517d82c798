/// Prometheus' text format 0.0.4, read strictly: what a scraper might tolerate is an error here.
package struct PrometheusText {
  package struct Violation: Error, CustomStringConvertible {
    package var description: String
  }

  package struct Sample: Hashable {
    package var name: String
    package var labels: [String: String]
    package var value: Double
  }

  package struct Family {
    package var type: String
    package var help: String
    package var samples: [Sample] = []
  }

  package private(set) var families: [String: Family] = [:]

  /// The value of the sample with exactly these labels.
  package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    families.values.lazy.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
  }

  package init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Violation(description: "The last line does not end") }
    var present: String?
    var help: (name: String, text: String)?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map { String($0) }
      if line.hasPrefix("# HELP ") {
        guard words.count == 4, !words[3].isEmpty else { throw Violation(description: "No help: \(line)") }
        help = (words[2], words[3])
        present = nil
      } else if line.hasPrefix("# TYPE ") {
        guard words.count == 4, let told = help, told.name == words[2] else {
          throw Violation(description: "A type without its help: \(line)")
        }
        guard ["gauge", "counter", "histogram"].contains(words[3]) else {
          throw Violation(description: "No such type: \(line)")
        }
        guard families.updateValue(Family(type: words[3], help: told.text), forKey: words[2]) == nil else {
          throw Violation(description: "Twice: \(words[2])")
        }
        present = words[2]
        help = nil
      } else {
        guard let name = present else { throw Violation(description: "A sample without its type: \(line)") }
        let sample = try Self.sample(line)
        let ends = families[name]?.type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard ends.contains(where: { sample.name == name + $0 }) else {
          throw Violation(description: "\(sample.name) stands among \(name)")
        }
        guard families[name]?.samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) == false
        else { throw Violation(description: "Twice: \(line)") }
        families[name]?.samples.append(sample)
      }
    }
    for (name, family) in families { try Self.check(name, family) }
  }

  private static func check(_ name: String, _ family: Family) throws {
    if family.samples.isEmpty { throw Violation(description: "\(name) has no sample") }
    if family.type == "counter", !name.hasSuffix("_total") {
      throw Violation(description: "\(name) is no name of a counter")
    }
    if family.type != "counter", name.hasSuffix("_total") {
      throw Violation(description: "\(name) is a counter's name")
    }
    if family.type == "counter", family.samples.contains(where: { $0.value < 0 }) {
      throw Violation(description: "\(name) is below 0")
    }
    guard family.type == "histogram" else { return }
    let buckets = family.samples.filter { $0.name.hasSuffix("_bucket") }
    let bounds = buckets.compactMap { $0.labels["le"].map { $0 == "+Inf" ? Double.infinity : Double($0) ?? .nan } }
    let count = family.samples.first { $0.name.hasSuffix("_count") }?.value
    guard bounds.count == buckets.count, bounds == bounds.sorted(), bounds.last == .infinity,
      buckets.map(\.value) == buckets.map(\.value).sorted(), buckets.last?.value == count
    else { throw Violation(description: "\(name) is no histogram") }
  }

  private static func sample(_ line: Substring) throws -> Sample {
    var rest = line
    func isName(_ character: Character, first: Bool) -> Bool {
      character.isASCII && (character.isLetter || character == "_" || !first && character.isNumber)
    }
    func takeName() throws -> String {
      let name = rest.prefix { isName($0, first: false) }
      guard let first = name.first, isName(first, first: true) else { throw Violation(description: "No name: \(line)") }
      rest = rest.dropFirst(name.count)
      return String(name)
    }
    func take(_ mark: Character) -> Bool {
      guard rest.first == mark else { return false }
      rest.removeFirst()
      return true
    }
    let name = try takeName()
    var labels: [String: String] = [:]
    if take("{") {
      repeat {
        let label = try takeName()
        guard take("="), take("\"") else { throw Violation(description: "No value of \(label): \(line)") }
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
          guard character == "\\" else {
            value.append(character)
            continue
          }
          switch rest.popFirst() {
          case "n": value.append("\n")
          case "\\": value.append("\\")
          case "\"": value.append("\"")
          default: throw Violation(description: "No such escape: \(line)")
          }
        }
        guard labels.updateValue(value, forKey: label) == nil else { throw Violation(description: "Twice: \(line)") }
      } while take(",")
      guard take("}") else { throw Violation(description: "The labels do not end: \(line)") }
    }
    guard take(" ") else { throw Violation(description: "No value: \(line)") }
    let values = ["+Inf": Double.infinity, "-Inf": -.infinity, "NaN": .nan]
    guard let value = values[String(rest)] ?? Double(rest), !rest.isEmpty else {
      throw Violation(description: "No number: \(line)")
    }
    return Sample(name: name, labels: labels, value: value)
  }
}
