/// Reads bytes as a terminal would, and names what it must not get: strict where terminals are lenient, and without a line of
/// the code that is looked at.
package enum TerminalChecker {
  /// What may occur beside printable text and newlines.
  package struct Allowed: Sendable {
    /// Finals of CSI sequences with nothing but digits and semicolons before them.
    package var finals: Set<Character>
    /// OSC 8 with an http address, ended by ST.
    package var links = false
    package var carriageReturn = false

    package init(finals: Set<Character> = [], links: Bool = false, carriageReturn: Bool = false) {
      self.finals = finals
      self.links = links
      self.carriageReturn = carriageReturn
    }

    package static let nothing = Allowed()
    package static let colours = Allowed(finals: ["m"])
    package static let coloursAndLinks = Allowed(finals: ["m"], links: true)
  }

  /// Nil when there is nothing to object to.
  package static func objection(to bytes: some Sequence<UInt8>, _ allowed: Allowed = .nothing) -> String? {
    let bytes = Array(bytes)
    guard let text = String(validating: bytes, as: UTF8.self) else { return "it is not UTF-8" }
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "\u{1B}" {
        guard let problem = sequence(&rest, allowed) else { continue }
        return problem + " before \(String(String(rest).prefix(40)).debugDescription)"
      }
      if scalar == "\n" || scalar == "\r" && allowed.carriageReturn { continue }
      if let problem = objection(to: scalar) {
        return "\(problem) before \(String(String(rest).prefix(40)).debugDescription)"
      }
    }
    return nil
  }

  private static func objection(to scalar: Unicode.Scalar) -> String? {
    let name = "U+" + String(scalar.value, radix: 16)
    if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) { return "a control, \(name)" }
    if HostileText.invisibleRanges.contains(where: { $0.contains(scalar.value) }) { return "a hidden one, \(name)" }
    if scalar.value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(scalar.value) { return "a noncharacter, \(name)" }
    return nil
  }

  private static func sequence(_ rest: inout Substring.UnicodeScalarView, _ allowed: Allowed) -> String? {
    switch rest.popFirst() {
    case "[":
      while let next = rest.popFirst() {
        if ("0"..."9").contains(next) || next == ";" { continue }
        return allowed.finals.contains(Character(next)) ? nil : "a CSI that ends in \(String(next).debugDescription)"
      }
      return "an endless CSI"
    case "]":
      guard allowed.links, rest.starts(with: "8;;".unicodeScalars) else { return "an OSC" }
      rest = rest.dropFirst(3)
      var address = ""
      while let next = rest.popFirst() {
        if next == "\u{1B}" {
          guard rest.popFirst() == "\\" else { return "a link that does not end in ST" }
          let isSafe = address.isEmpty || address.hasPrefix("http://") || address.hasPrefix("https://")
          return isSafe ? nil : "a link to \(address.debugDescription)"
        }
        guard next.value > 0x20, next.value < 0x7F else { return "a link with U+\(String(next.value, radix: 16))" }
        address.unicodeScalars.append(next)
      }
      return "an endless link"
    case let other: return "an ESC with \(other.map { String($0).debugDescription } ?? "nothing")"
    }
  }
}
