import RunModel

/// Reads JUnit XML: `testsuite` and `testcase` with `failure`, `error`, `skipped` and `system-out`, at any depth.
///
/// A scanner of our own: FoundationXML would have to be loaded by every supervisor too. It takes what test programs
/// write and resolves no entity but the five of XML and numbers, so a report cannot make it read or grow anything.
struct JUnitReport {
  private static let longestOutput = 16_384

  private let bytes: [UInt8]
  private var position = 0
  private var records: [TestRecord] = []
  private var suites: [String] = []
  private var test: TestRecord?
  /// The element whose text belongs to the test.
  private var detail: String?
  private var text: [UInt8] = []
  private var isReport = false

  /// Nil when it is no JUnit report, or breaks off.
  static func parse(_ bytes: [UInt8]) -> [TestRecord]? {
    var report = JUnitReport(bytes: bytes)
    return report.scan() && report.isReport ? report.records : nil
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func scan() -> Bool {
    while position < bytes.count {
      guard let open = bytes[position...].firstIndex(of: UInt8(ascii: "<")) else { break }
      take(text: bytes[position..<open])
      position = open
      if skip("<!--", to: "-->") || skip("<?", to: "?>") { continue }
      if starts(with: "<![CDATA[") {
        guard let end = find("]]>", from: position + 9) else { return false }
        if detail != nil { text += bytes[(position + 9)..<end] }
        position = end + 3
      } else if starts(with: "<!") {
        guard skip("<!", to: ">") else { return false }
      } else if !element() {
        return false
      }
    }
    return suites.isEmpty && test == nil
  }

  private mutating func element() -> Bool {
    position += 1
    let closes = byte == UInt8(ascii: "/")
    if closes { position += 1 }
    let name = word()
    guard !name.isEmpty else { return false }
    var attributes: [String: String] = [:]
    while true {
      skipSpace()
      switch byte {
      case UInt8(ascii: ">"):
        position += 1
        if closes { ended(name) } else { began(name, attributes) }
        return true
      case UInt8(ascii: "/"):
        position += 1
        guard byte == UInt8(ascii: ">") else { return false }
        position += 1
        began(name, attributes)
        ended(name)
        return true
      default:
        let key = word()
        skipSpace()
        guard !key.isEmpty, byte == UInt8(ascii: "=") else { return false }
        position += 1
        skipSpace()
        let quote = byte
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
          let end = bytes[(position + 1)...].firstIndex(of: quote)
        else { return false }
        attributes[key] = String(decoding: Self.resolve(bytes[(position + 1)..<end]), as: UTF8.self)
        position = end + 1
      }
    }
  }

  private mutating func began(_ name: String, _ attributes: [String: String]) {
    switch name {
    case "testsuites": isReport = true
    case "testsuite":
      isReport = true
      suites.append(attributes["name"] ?? "")
    case "testcase":
      let group = attributes["classname"].flatMap { $0.isEmpty ? nil : $0 } ?? suites.last ?? ""
      let own = attributes["name"] ?? "test"
      let seconds = attributes["time"].flatMap { Double($0.replacing(",", with: "")) } ?? 0
      let milliseconds = (seconds * 1000).rounded()
      test = TestRecord(
        name: group.isEmpty ? own : "\(group).\(own)", status: .passed,
        durationMilliseconds: milliseconds.isFinite && milliseconds.magnitude < 1e15 ? Int64(milliseconds) : 0)
    case "failure", "error", "skipped":
      guard test != nil else { return }
      let status: TestRecord.Status = name == "failure" ? .failed : name == "error" ? .error : .skipped
      // An error or a failure stays, whatever else the case says.
      if test?.status == .passed || test?.status == .skipped { test?.status = status }
      add(attributes["message"] ?? "")
      detail = name
    case "system-out", "system-err":
      if test != nil { detail = name }
    default: break
    }
  }

  private mutating func ended(_ name: String) {
    if name == detail {
      add(String(decoding: text, as: UTF8.self))
      text = []
      detail = nil
    } else if name == "testcase", let ended = test {
      records.append(ended)
      test = nil
    } else if name == "testsuite", !suites.isEmpty {
      suites.removeLast()
    }
  }

  private mutating func add(_ output: String) {
    let trimmed = String(output.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    guard !trimmed.isEmpty else { return }
    let whole = [test?.output, trimmed].compactMap { $0 }.joined(separator: "\n")
    test?.output = String(whole.prefix(Self.longestOutput))
  }

  private mutating func take(text piece: ArraySlice<UInt8>) {
    if detail != nil, text.count < 4 * Self.longestOutput { text += Self.resolve(piece) }
  }

  private static func resolve(_ raw: ArraySlice<UInt8>) -> [UInt8] {
    guard raw.contains(UInt8(ascii: "&")) else { return Array(raw) }
    var resolved: [UInt8] = []
    var rest = raw
    while let mark = rest.firstIndex(of: UInt8(ascii: "&")) {
      resolved += rest[..<mark]
      guard let end = rest[mark...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
        resolved.append(UInt8(ascii: "&"))
        rest = rest[(mark + 1)...]
        continue
      }
      let name = String(decoding: rest[(mark + 1)..<end], as: UTF8.self)
      switch name {
      case "lt": resolved.append(UInt8(ascii: "<"))
      case "gt": resolved.append(UInt8(ascii: ">"))
      case "amp": resolved.append(UInt8(ascii: "&"))
      case "quot": resolved.append(UInt8(ascii: "\""))
      case "apos": resolved.append(UInt8(ascii: "'"))
      default:
        let number =
          name.hasPrefix("#x")
          ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
        if let scalar = number.flatMap(Unicode.Scalar.init) {
          resolved += Array(String(Character(scalar)).utf8)
        } else {
          resolved += rest[mark...end]
        }
      }
      rest = rest[(end + 1)...]
    }
    return resolved + rest
  }

  /// The byte here; 0 past the end.
  private var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

  private mutating func skipSpace() {
    while [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func word() -> String {
    let start = position
    while position < bytes.count, ![0x20, 0x09, 0x0A, 0x0D, 0x2F, 0x3D, 0x3E].contains(bytes[position]) {
      position += 1
    }
    // A prefix of a name space says nothing here.
    return String(decoding: bytes[start..<position], as: UTF8.self).split(separator: ":").last.map(String.init) ?? ""
  }

  private func starts(with mark: String) -> Bool { bytes[position...].starts(with: mark.utf8) }

  private func find(_ mark: String, from start: Int) -> Int? {
    let mark = Array(mark.utf8)
    var at = start
    while at + mark.count <= bytes.count {
      if bytes[at] == mark[0], bytes[at...].starts(with: mark) { return at }
      at += 1
    }
    return nil
  }

  /// True when it was there; what has no end runs to the end of the text.
  private mutating func skip(_ mark: String, to end: String) -> Bool {
    guard starts(with: mark) else { return false }
    position = find(end, from: position + mark.utf8.count).map { $0 + end.utf8.count } ?? bytes.count
    return true
  }
}
