/// What one run may use; nil is without a limit.
package struct RunLimits: Sendable, Hashable {
  package var time: Duration?
  /// Bytes of output that are kept; what comes beyond is dropped and counted, and the run goes on.
  package var output: Int64?
  package var processes: Int?
  /// Bytes, of all processes together.
  package var memory: Int64?
  /// Bytes that the worktree takes.
  package var disk: Int64?
  /// Bytes of addresses that one process may have, used or not.
  package var addressSpace: Int64?

  package init(
    time: Duration? = nil, output: Int64? = nil, processes: Int? = nil, memory: Int64? = nil, disk: Int64? = nil,
    addressSpace: Int64? = nil
  ) {
    self.time = time
    self.output = output
    self.processes = processes
    self.memory = memory
    self.disk = disk
    self.addressSpace = addressSpace
  }

  package var isEmpty: Bool { self == RunLimits() }
}

extension RunLimits {
  private static let units: [(name: String, bytes: Int64)] = [
    ("TB", 1_000_000_000_000), ("TiB", 1 << 40), ("GB", 1_000_000_000), ("GiB", 1 << 30), ("MB", 1_000_000),
    ("MiB", 1 << 20), ("kB", 1000), ("KiB", 1 << 10),
  ]

  /// Reads `256MB`, `4GB`, `1.5 GiB`; nil for anything else, a number without a unit too.
  package static func bytes(_ text: String) -> Int64? {
    let folded = text.filter { $0 != " " }.lowercased()
    guard
      let unit = units.filter({ folded.hasSuffix($0.name.lowercased()) }).max(by: { $0.name.count < $1.name.count }),
      let number = Double(folded.dropLast(unit.name.count)), number > 0, number.isFinite
    else { return nil }
    let bytes = number * Double(unit.bytes)
    return bytes >= 1 && bytes < 9e18 ? Int64(bytes) : nil
  }

  /// Reads `90s`, `30m`, `2h`, `1h30m`, `1d`; nil for anything else, a number without a unit too.
  package static func time(_ text: String) -> Duration? {
    var rest = text.filter { $0 != " " }.lowercased()[...]
    var milliseconds = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Double(digits), let scale = scale(of: unit) else { return nil }
      milliseconds += number * scale
    }
    return milliseconds >= 1 && milliseconds < 1e15 ? .milliseconds(Int64(milliseconds)) : nil
  }

  private static func scale(of unit: Substring) -> Double? {
    switch unit {
    case "ms": 1
    case "s": 1000
    case "m", "min": 60_000
    case "h": 3_600_000
    case "d": 86_400_000
    default: nil
    }
  }

  /// `4 GB`, `1.5 GiB`, `900 B`: in the unit that gives the shortest number.
  package static func words(bytes: Int64) -> String {
    // What was measured is seldom a whole number of anything large.
    for unit in units where bytes % unit.bytes == 0 && (1..<10_000).contains(bytes / unit.bytes) {
      return "\(bytes / unit.bytes) \(unit.name)"
    }
    for unit in units where bytes >= unit.bytes {
      return "\(bytes / unit.bytes).\(bytes % unit.bytes * 10 / unit.bytes) \(unit.name)"
    }
    return "\(bytes) B"
  }

  /// What was found beyond `limit`, which rounded may read as the limit itself.
  package static func words(bytes: Int64, unless limit: Int64) -> String {
    let text = words(bytes: bytes).replacing(".0 ", with: " ")
    return text == words(bytes: limit) ? "a little over \(text)" : words(bytes: bytes)
  }

  /// `2 h`, `1 h 30 min`, `90 s`.
  package static func words(_ time: Duration) -> String {
    let milliseconds = time.milliseconds
    guard milliseconds >= 1000, milliseconds % 1000 == 0 else { return "\(milliseconds) ms" }
    let seconds = milliseconds / 1000
    if seconds < 120 { return "\(seconds) s" }
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
    return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}

extension RunLimits: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      if let time { json.member("milliseconds", time.milliseconds) }
      if let output { json.member("output", output) }
      if let processes { json.member("processes", processes) }
      if let memory { json.member("memory", memory) }
      if let disk { json.member("disk", disk) }
      if let addressSpace { json.member("addressSpace", addressSpace) }
    }
  }

  package init(json: JSONValue) {
    self.init(
      time: json["milliseconds"]?.int.map { .milliseconds($0) }, output: json["output"]?.int,
      processes: json["processes"]?.int.map(Int.init), memory: json["memory"]?.int, disk: json["disk"]?.int,
      addressSpace: json["addressSpace"]?.int)
  }
}

/// What holds a limit, or how far a cancel reaches, said plainly.
package struct LimitHolding: Sendable, Hashable {
  /// `time`, `output`, `processes`, `memory`, `disk`, `addressSpace`; `cancel` for how a run's processes are found.
  package var name: String
  /// As a person reads it; nil for `cancel`.
  package var value: String?
  package var holds: String

  package init(_ name: String, _ value: String?, _ holds: String) {
    self.name = name
    self.value = value
    self.holds = holds
  }

  /// `memory 4 GB: watched every 2 s, …`.
  package var text: String { "\(name)\(value.map { " \($0)" } ?? ""): \(holds)" }
}

extension LimitHolding: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", name)
      json.member("value", value)
      json.member("holds", holds)
    }
  }

  package init?(json: JSONValue) {
    guard let name = json["name"]?.string else { return nil }
    self.init(name, json["value"]?.string, json["holds"]?.string ?? "")
  }
}
