/// An address that a link may lead to: http or https to a named host, without a name and a password in it (which make
/// another host look like the one), and nothing in it that could end the sequence around it.
package struct LinkAddress: Hashable, Sendable {
  package let text: String

  /// Longer ones are no links; some terminals take no more.
  private static let longest = 2000

  /// Nil for any other scheme, and for what is no address.
  package init?(_ text: some StringProtocol) {
    let lowered = text.prefix(8).lowercased()
    guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://"), text.utf8.count <= Self.longest else {
      return nil
    }
    // A browser takes `\` for `/`: what it would call the host must be what a person reads as the host.
    let host = text.utf8.dropFirst(lowered.hasPrefix("https") ? 8 : 7).prefix { !Array("/?#\\".utf8).contains($0) }
    guard let first = host.first, first != UInt8(ascii: ":"), !host.contains(UInt8(ascii: "@")),
      host.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return nil }
    var safe = ""
    for byte in text.utf8 {
      // Spaces, controls and all that is not ASCII are written as the standard has them written.
      if byte > 0x20, byte < 0x7F {
        safe.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        safe += byte < 0x10 ? "%0\(digits)" : "%\(digits)"
      }
    }
    self.text = safe
  }
}

extension Frame {
  /// The number that a style carries to make its cells lead to `address`; 0, no link, when there are too many.
  package mutating func link(_ address: LinkAddress) -> UInt16 {
    if let known = links.firstIndex(of: address) { return UInt16(known + 1) }
    guard links.count < Self.mostLinks else { return 0 }
    links.append(address)
    return UInt16(links.count)
  }

  /// Where cells of this style lead.
  package func address(of style: Style) -> LinkAddress? {
    let place = Int(style.link) - 1
    return links.indices.contains(place) ? links[place] : nil
  }

  private static var mostLinks: Int { 256 }
}
