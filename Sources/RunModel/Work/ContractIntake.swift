/// One piece of work as it was brought in.
package struct IntakeItem: Sendable, Equatable {
  package enum Origin: Sendable, Equatable { case contract, githubIssue }

  package var contract: Contract
  package var origin: Origin
  /// Where it stood: `line 3`, `item 2`, or empty when it was all there was.
  package var place: String
}

/// Reads work as people and tools have it: canonical contracts and GitHub issues, as one JSON object, an array, or JSON
/// lines.
package enum ContractIntake {
  /// The items in their order, classified. Closed issues and pull requests are left out; of an issue that occurs more
  /// than once the last counts. Errors name the item: `line 3: …`.
  package static func parse(_ bytes: [UInt8]) throws(ContractError) -> [IntakeItem] {
    var items: [IntakeItem?] = []
    var places: [String: Int] = [:]
    for (place, value) in try values(in: bytes) {
      do throws(ContractError) {
        if GitHubIssue.isIssue(value) {
          guard let contract = try GitHubIssue.contract(value) else { continue }
          if let reference = contract.externalRef {
            if let earlier = places[reference] { items[earlier] = nil }
            places[reference] = items.count
          }
          items.append(IntakeItem(contract: contract, origin: .githubIssue, place: place))
        } else {
          var contract = try Contract(json: value)
          contract.classify()
          items.append(IntakeItem(contract: contract, origin: .contract, place: place))
        }
      } catch {
        throw place.isEmpty ? error : ContractError("\(place): \(error.message)")
      }
    }
    return items.compactMap(\.self)
  }

  private static func values(in bytes: [UInt8]) throws(ContractError) -> [(place: String, value: JSONValue)] {
    // Some editors begin a file with a byte order mark.
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if bytes.allSatisfy(isSpace) { return [] }
    let failure: JSONError
    do throws(JSONError) {
      let whole = try JSONValue(parsing: bytes)
      guard let list = whole.array else { return [("", whole)] }
      return list.enumerated().map { ("item \($0.offset + 1)", $0.element) }
    } catch { failure = error }
    return try lines(of: bytes, orElse: failure)
  }

  /// JSON lines if the first line is a JSON value of its own; if not, `failure` of the text as a whole.
  private static func lines(
    of bytes: [UInt8], orElse failure: JSONError
  ) throws(ContractError) -> [(place: String, value: JSONValue)] {
    var found: [(place: String, value: JSONValue)] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.allSatisfy(isSpace) {
      do throws(JSONError) {
        found.append(("line \(number + 1)", try JSONValue(parsing: line)))
      } catch {
        if found.isEmpty { break }
        throw ContractError("line \(number + 1): This is not JSON: \(error.message), at character \(error.offset + 1).")
      }
    }
    if found.isEmpty {
      let before = bytes.prefix(failure.offset)
      let line = before.count { $0 == UInt8(ascii: "\n") } + 1
      let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
      throw ContractError("line \(line): This is not JSON: \(failure.message), at character \(column).")
    }
    return found
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
