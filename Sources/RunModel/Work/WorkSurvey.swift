/// What a text with work in it holds: every item, also those that are wrong, with the place of each.
package struct WorkSurvey: Sendable, Equatable {
  package struct Item: Sendable, Equatable {
    package enum Finding: Sendable, Equatable {
      case contract(Contract)
      /// Rightly passed over: a closed issue, a pull request, an issue that comes again further down.
      case leftOut(String)
      case wrong(ContractError)
    }

    /// The line that it begins in, or that its fault is in.
    package var line: Int
    /// As far as one can be told.
    package var title: String
    package var finding: Finding
  }

  package var items: [Item] = []
  /// There are more than were looked at.
  package var isCut = false

  /// More than a person looks at, and than one request takes.
  package static let most = 10_000
}

extension ContractIntake {
  /// As `parse`, but goes on after what is wrong. Reads an array, JSON lines, or objects one after the other.
  package static func survey(_ bytes: [UInt8]) -> WorkSurvey {
    var survey = WorkSurvey()
    var scanner = ElementScanner(bytes)
    var places: [String: Int] = [:]
    while let element = scanner.next() {
      guard survey.items.count < WorkSurvey.most else {
        survey.isCut = true
        break
      }
      var item = item(in: bytes[element.range], line: element.line)
      if case .contract(let contract) = item.finding, let reference = contract.externalRef, contract.isIssue {
        if let earlier = places[reference] {
          survey.items[earlier].finding = .leftOut("the same issue comes again in line \(element.line)")
        }
        places[reference] = survey.items.count
      }
      if item.title.isEmpty { item.title = "item \(survey.items.count + 1)" }
      survey.items.append(item)
    }
    return survey
  }

  private static func item(in bytes: ArraySlice<UInt8>, line: Int) -> WorkSurvey.Item {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
      let before = bytes.prefix(error.offset)
      let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
      return WorkSurvey.Item(
        line: line + before.count { $0 == UInt8(ascii: "\n") }, title: "",
        finding: .wrong(ContractError("This is not JSON: \(error.message), at character \(column).")))
    }
    let title = value["title"]?.string ?? ""
    do throws(ContractError) {
      if GitHubIssue.isIssue(value) {
        guard let contract = try GitHubIssue.contract(value) else {
          let isClosed = value["state"]?.string.map { $0.lowercased() != "open" } ?? false
          return WorkSurvey.Item(
            line: line, title: title, finding: .leftOut(isClosed ? "the issue is closed" : "it is a pull request"))
        }
        return WorkSurvey.Item(line: line, title: title, finding: .contract(contract))
      }
      var contract = try Contract(json: value)
      contract.classify()
      return WorkSurvey.Item(line: line, title: title, finding: .contract(contract))
    } catch {
      let offset = error.key.flatMap { place(of: $0, in: bytes) } ?? 0
      let lines = bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
      return WorkSurvey.Item(line: line + lines, title: title, finding: .wrong(error))
    }
  }

  /// Where a key stands in an object, in bytes from its start.
  private static func place(of key: String, in bytes: ArraySlice<UInt8>) -> Int? {
    let wanted = Array("\"\(key)\"".utf8)
    var depth = 0
    var place = bytes.startIndex
    while place < bytes.endIndex {
      switch bytes[place] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        if depth == 1, bytes[place...].starts(with: wanted) { return place - bytes.startIndex }
        place = ElementScanner.endOfString(in: bytes, from: place)
        continue
      default: break
      }
      place += 1
    }
    return nil
  }
}

extension Contract {
  /// Whether it came in as a GitHub issue.
  fileprivate var isIssue: Bool { externalRef?.hasPrefix("GH-") == true }
}

/// Finds where each value of a list stands without reading it, so that one that is broken does not hide the others.
struct ElementScanner {
  private enum Form { case array, lines, sequence }

  private let bytes: [UInt8]
  private let form: Form
  private var offset = 0
  private var line = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    let start = bytes[offset...].firstIndex { !Self.isSpace($0) } ?? bytes.count
    if start < bytes.count, bytes[start] == UInt8(ascii: "[") {
      line += bytes[offset..<start].count { $0 == UInt8(ascii: "\n") }
      offset = start + 1
      form = .array
    } else {
      let first = bytes[start...].prefix { $0 != UInt8(ascii: "\n") }
      let isWhole: Bool
      do throws(JSONError) {
        _ = try JSONValue(parsing: first)
        isWhole = true
      } catch { isWhole = false }
      form = isWhole ? .lines : .sequence
    }
  }

  mutating func next() -> (range: Range<Int>, line: Int)? {
    let isList = form == .array
    skip { Self.isSpace($0) || isList && $0 == UInt8(ascii: ",") }
    guard offset < bytes.count, form != .array || bytes[offset] != UInt8(ascii: "]") else { return nil }
    let start = offset
    let startLine = line
    if form == .lines {
      skip { $0 != UInt8(ascii: "\n") }
    } else {
      skipValue()
    }
    var end = offset
    while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
    return (start..<end, startLine)
  }

  /// To the end of a value: where its brackets are closed, or before the comma or bracket of what it stands in.
  private mutating func skipValue() {
    var depth = 0
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 {
          // In a list this is its end; elsewhere it is only wrong.
          if form == .array, bytes[offset] == UInt8(ascii: "]") { return }
          offset += 1
          return
        }
        depth -= 1
        if depth == 0, form == .sequence {
          offset += 1
          return
        }
      case UInt8(ascii: ",") where depth == 0 && form == .array: return
      case UInt8(ascii: "\n"):
        line += 1
        if depth == 0, form == .sequence {
          offset += 1
          return
        }
      case UInt8(ascii: "\""):
        let end = Self.endOfString(in: bytes[...], from: offset)
        line += bytes[offset..<end].count { $0 == UInt8(ascii: "\n") }
        offset = end
        continue
      default: break
      }
      offset += 1
    }
  }

  private mutating func skip(while isSkipped: (UInt8) -> Bool) {
    while offset < bytes.count, isSkipped(bytes[offset]) {
      if bytes[offset] == UInt8(ascii: "\n") { line += 1 }
      offset += 1
    }
  }

  /// Past the closing quote of the string that begins at a place. A line end closes it too: JSON has none in strings.
  static func endOfString(in bytes: ArraySlice<UInt8>, from start: Int) -> Int {
    var place = start + 1
    while place < bytes.endIndex {
      switch bytes[place] {
      case UInt8(ascii: "\\"): place += 1
      case UInt8(ascii: "\""): return place + 1
      case UInt8(ascii: "\n"): return place
      default: break
      }
      place += 1
    }
    return bytes.endIndex
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
