/// The answer that a person's word means.
package struct GivenAnswer: Sendable, Hashable {
  /// One of the options, or any text where there are none.
  package var text: String
  /// Likewise, for the rest of the run, whatever is asked in the same way.
  package var remember: Bool

  package init(_ text: String, remember: Bool = false) {
    self.text = text
    self.remember = remember
  }
}

extension Attention {
  /// Whether it asks leave for something, with options that say what they mean.
  package var isPermission: Bool { detail.map { !$0.choices.isEmpty && !options.isEmpty } ?? false }

  /// What the option means; nil where the agent does not say.
  package func choice(of option: String) -> AttentionDetail.Choice? {
    guard let detail, let place = options.firstIndex(of: option), detail.choices.indices.contains(place) else {
      return nil
    }
    return detail.choices[place]
  }

  private func option(meaning choices: AttentionDetail.Choice...) -> String? {
    for choice in choices {
      if let option = options.first(where: { self.choice(of: $0) == choice }) { return option }
    }
    return nil
  }

  /// Leave for this once.
  package var allowing: GivenAnswer? { option(meaning: .allowOnce).map { GivenAnswer($0) } }

  /// Leave for the rest of the run: as the agent does it, or remembered here where it only knows `once`.
  package var allowingAlways: GivenAnswer? {
    option(meaning: .allowAlways).map { GivenAnswer($0) }
      ?? option(meaning: .allowOnce).map {
        GivenAnswer($0, remember: true)
      }
  }

  package var rejecting: GivenAnswer? { option(meaning: .rejectOnce, .rejectAlways).map { GivenAnswer($0) } }

  /// An option by its text, its number, `allow`, `always` or `reject`, or the beginning that no other has. Throws a
  /// `Problem` that lists them all.
  package func answer(meant word: String) throws(Problem) -> GivenAnswer {
    if options.isEmpty { return GivenAnswer(word) }
    if options.contains(word) { return GivenAnswer(word) }
    let same = options.filter { $0.lowercased() == word.lowercased() }
    if same.count == 1 { return GivenAnswer(same[0]) }
    if let number = Int(word), options.indices.contains(number - 1) { return GivenAnswer(options[number - 1]) }
    if isPermission {
      switch word.lowercased() {
      case "allow": if let answer = allowing { return answer }
      case "always": if let answer = allowingAlways { return answer }
      case "reject": if let answer = rejecting { return answer }
      default: break
      }
    }
    let begun = options.filter { !word.isEmpty && $0.lowercased().hasPrefix(word.lowercased()) }
    if begun.count == 1 { return GivenAnswer(begun[0]) }
    let complaint = begun.isEmpty ? "\"\(word)\" is none of the options" : "\"\(word)\" could be several options"
    throw Problem(.invalid, "\(complaint). They are: \(listing); or their numbers, from 1 on.")
  }

  /// `Allow once (allow), Reject (reject)`.
  private var listing: String {
    options.map { option in
      var text = option
      if isPermission {
        if allowing?.text == option { text += " (allow)" }
        if allowingAlways?.text == option, choice(of: option)?.isForAlways == true { text += " (always)" }
        if rejecting?.text == option { text += " (reject)" }
      }
      return text
    }.joined(separator: ", ")
  }
}
