/// Text that is safe to show, cut into grapheme clusters with their widths in columns. The one way from any text that
/// is not ours to the screen.
///
/// C0, DEL, C1, bidi controls, zero-width characters and what has no known width become visible marks: a control
/// picture as `␛`, or the code point as `⟨U+202E⟩`. Marks stay with their base, composed where Unicode has the
/// character; emoji sequences show their parts, because terminals disagree about the whole.
package struct DisplayText: Hashable, Sendable {
  package struct Cluster: Hashable, Sendable {
    package var text: String
    /// 1 or 2.
    package var width: UInt8
  }

  package enum Tabs: Hashable, Sendable {
    /// Spaces up to the next stop of eight columns, counted from the start of the text.
    case stops
    /// One `→` each, where white space itself is looked at.
    case arrow
  }

  package private(set) var clusters: [Cluster] = []
  /// In columns. Past `maxWidth` when the text was not read to its end.
  package private(set) var width = 0

  /// Reads no further than it must to exceed `maxWidth`, so that a line of megabytes costs only what is shown of it.
  package init(_ raw: String, maxWidth: Int = .max, tabs: Tabs = .stops) {
    // A string that lies elsewhere than in native UTF-8 is read by scalars from its start.
    let read = raw.utf8.withContiguousStorageIfAvailable { readASCII($0, maxWidth: maxWidth) } ?? 0
    let rest = raw.utf8.index(raw.startIndex, offsetBy: read)
    if rest == raw.endIndex || width > maxWidth { return }
    var reader = ClusterReader(tabs: tabs)
    reader.resume(after: clusters, width: width)
    clusters = []
    for scalar in raw.unicodeScalars[rest...] {
      reader.append(scalar)
      if reader.width > maxWidth { break }
    }
    clusters = reader.clusters
    width = reader.width
  }

  /// Takes the printable ASCII at the start; returns how many bytes that was.
  private mutating func readASCII(_ bytes: UnsafeBufferPointer<UInt8>, maxWidth: Int) -> Int {
    let limit = maxWidth == .max ? bytes.count : min(bytes.count, max(0, maxWidth) + 1)
    var count = 0
    while count < limit, bytes[count] >= 0x20, bytes[count] < 0x7F { count += 1 }
    clusters.reserveCapacity(count)
    for place in 0..<count { clusters.append(Self.ascii[Int(bytes[place])]) }
    width = count
    return count
  }

  /// All of ASCII as clusters; control characters are never looked up.
  private static let ascii = (0..<128).map { Cluster(text: String(Unicode.Scalar(UInt8($0))), width: 1) }

  /// The sanitised text of one line, for what is printed instead of drawn.
  package static func plain(_ raw: String) -> String { clean(raw, newlines: false) }

  /// The same, with line ends kept (CR LF becomes one) and tabs expanded line by line.
  package static func plainLines(_ raw: String) -> String { clean(raw, newlines: true) }

  /// The text as it may be copied: lines, tabs and visible characters as they are, what `hides` as the marks that show it.
  /// A terminal or a shell into which it is pasted gets nothing that a person did not see. Emoji keep what joins them.
  package static func copyable(_ raw: String) -> String {
    if raw.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x09 }) { return raw }
    var text = ""
    let scalars = raw.unicodeScalars
    for place in scalars.indices {
      switch scalars[place] {
      case "\n", "\t", "\u{200D}", "\u{FE0E}", "\u{FE0F}": text.unicodeScalars.append(scalars[place])
      case "\r" where scalars.index(after: place) < scalars.endIndex && scalars[scalars.index(after: place)] == "\n":
        text.unicodeScalars.append("\r")
      case let scalar:
        if hides(scalar) { text += plain(String(Character(scalar))) } else { text.unicodeScalars.append(scalar) }
      }
    }
    return text
  }

  /// Whether a terminal would obey the character, or nobody would see it.
  package static func hides(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value >= 0x20, scalar.value < 0x7F { return false }
    let properties = scalar.properties
    if properties.isDefaultIgnorableCodePoint { return true }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }

  private static func clean(_ raw: String, newlines: Bool) -> String {
    if raw.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || newlines && $0 == 0x0A }) { return raw }
    var text = ""
    var reader = ClusterReader(tabs: .stops)
    let scalars = raw.unicodeScalars
    var place = scalars.startIndex
    while place < scalars.endIndex {
      let scalar = scalars[place]
      scalars.formIndex(after: &place)
      if newlines, scalar == "\r", place < scalars.endIndex, scalars[place] == "\n" { continue }
      if newlines, scalar == "\n" {
        for cluster in reader.clusters { text += cluster.text }
        text += "\n"
        reader = ClusterReader(tabs: .stops)
      } else {
        reader.append(scalar)
      }
    }
    for cluster in reader.clusters { text += cluster.text }
    return text
  }
}
