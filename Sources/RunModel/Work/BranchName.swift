/// The names of the branches that runs work on.
package enum BranchName {
  /// `awf/GH-12-fix-the-login`: what the names of all of a contract's runs begin with.
  package static func stem(of contract: Contract) -> String {
    let reference = contract.externalRef.map { slug($0, keepsCase: true, limit: 30) }
    let words = [reference, slug(contract.title, keepsCase: false, limit: 40)].compactMap { $0 }.filter { !$0.isEmpty }
    return "awf/" + words.joined(separator: "-")
  }

  /// `awf/GH-12-fix-the-login-K9Q4MZ`, then ever longer ends of the run's id.
  package static func candidates(for contract: Contract, run: RunID) -> [String] {
    let stem = stem(of: contract)
    return [6, 10, 16, 26].map { (stem.hasSuffix("/") ? stem : stem + "-") + run.description.suffix($0) }
  }

  /// ASCII letters and digits, everything else one dash, at most `limit` characters and cut between words where it can.
  package static func slug(_ text: String, keepsCase: Bool, limit: Int) -> String {
    var slug = ""
    for character in keepsCase ? text : text.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber {
        slug.append(character)
      } else if !slug.isEmpty, slug.last != "-" {
        slug.append("-")
      }
    }
    if slug.count > limit {
      let cut = slug.prefix(limit + 1)
      let end = cut.lastIndex(of: "-")
      slug = String(
        end.map { cut.distance(from: cut.startIndex, to: $0) > limit / 2 ? cut[..<$0] : cut.dropLast() }
          ?? cut.dropLast())
    }
    while slug.last == "-" { slug.removeLast() }
    return slug
  }
}
