import RunModel

/// What a file that an agent sends is called here.
enum FileName {
  /// One plain name, whatever path or trick was sent: the last component, without what steers a terminal or hides, not
  /// hidden, not an option, at most 120 bytes with its extension.
  static func confined(_ name: String) -> String {
    // By scalars: a mark that follows a slash makes another character of it, and the same path.
    let last = name.unicodeScalars.split { $0 == "/" || $0 == "\\" }.last.map(Array.init) ?? []
    var kept = last.filter { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .unassigned, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: false
      default: !scalar.properties.isDefaultIgnorableCodePoint
      }
    }[...]
    kept = kept.drop { $0 == "." || $0 == "-" || $0 == "~" || $0.properties.isWhitespace }
    while let last = kept.last, last == "." || last.properties.isWhitespace { kept.removeLast() }
    var plain = ""
    plain.unicodeScalars.append(contentsOf: kept)
    if plain.utf8.count > 120 {
      let dot = plain.lastIndex(of: ".").map { plain[$0...] } ?? ""
      let ending = dot.utf8.count <= 20 ? String(dot) : ""
      plain = String(plain.bounded(100).dropLast()) + ending
    }
    // `.new` is how a file is called while it is written.
    return plain.isEmpty ? "file" : plain.hasSuffix(".new") ? plain + "_" : plain
  }

  /// Another name where that one is taken.
  static func numbered(_ name: String, _ number: Int) -> String {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "\(name)-\(number)" }
    return "\(name[..<dot])-\(number)\(name[dot...])"
  }
}
