import RunModel

/// Which acceptance criteria are met, shown by what the orchestrator ran itself.
///
/// A verify command or a test of its report shows a criterion when it names it (`AC-1`, `test_ac_1_total`, `testAC1`),
/// or when the contract says so in `metadata.criteria` (`{"AC-1": "make test"}`). What an agent says of its own tests
/// can fail a criterion and never prove one.
enum CriteriaProof {
  static func results(
    _ criteria: [Contract.Criterion], shownBy named: [String: String] = [:],
    verifications: [(command: String, result: Verification)], reported: [TestRecord]
  ) -> [CriterionResult] {
    criteria.map { criterion in
      var proof: CriterionResult.Evidence?
      var refutation: CriterionResult.Evidence?
      func weigh(_ evidence: CriterionResult.Evidence, passed: Bool) {
        if passed { proof = proof ?? evidence } else { refutation = refutation ?? evidence }
      }
      func shows(_ name: String) -> Bool { named[criterion.id] == name || names(criterion.id, in: name) }
      for (command, result) in verifications {
        for test in result.tests where test.status != .skipped && test.name != command && shows(test.name) {
          weigh(.init(kind: .test, name: test.name), passed: test.status == .passed)
        }
        if shows(command) { weigh(.init(kind: .command, name: command), passed: result.isPassed) }
      }
      for test in reported where test.status.isFailure && shows(test.name) {
        weigh(.init(kind: .test, name: test.name), passed: false)
      }
      var result = CriterionResult(id: criterion.id, text: criterion.text)
      if let evidence = refutation ?? proof {
        result.proof = refutation == nil ? .proven : .failed
        result.evidence = evidence
      }
      return result
    }
  }

  /// Whether `text` names the criterion: its words and numbers in their order, whatever separates them, and not as part
  /// of another word or a longer number. An id without a letter names nothing, as every text has numbers in it.
  static func names(_ id: String, in text: String) -> Bool {
    let words = words(of: id)
    guard words.contains(where: { $0.first?.isLetter == true }) else { return false }
    let text = Array(text)
    return text.indices.contains { isNamed(words, in: text, at: $0) }
  }

  private static func words(of id: String) -> [[Character]] {
    var words: [[Character]] = []
    var previous: Character?
    for character in id {
      defer { previous = character }
      guard isWord(character) else { continue }
      if let last = previous, isWord(last), last.isNumber == character.isNumber {
        words[words.count - 1].append(contentsOf: character.lowercased())
      } else {
        words.append(Array(character.lowercased()))
      }
    }
    return words
  }

  private static func isNamed(_ words: [[Character]], in text: [Character], at start: Int) -> Bool {
    if start > 0, isWord(text[start - 1]), text[start - 1].isNumber == text[start].isNumber {
      // Within a word, only a hump begins another: `testAC1`.
      guard text[start - 1].isLowercase, text[start].isUppercase else { return false }
    }
    var place = start
    for (number, word) in words.enumerated() {
      if number > 0, place < text.count, "-_. :#".contains(text[place]) { place += 1 }
      for character in word {
        guard place < text.count, text[place].lowercased() == String(character) else { return false }
        place += 1
      }
    }
    guard place < text.count else { return true }
    let (last, next) = (text[place - 1], text[place])
    if last.isNumber {
      // AC-1 is neither AC-12 nor AC-1.2.
      let isPart = next == "." && place + 1 < text.count && text[place + 1].isNumber
      return !next.isNumber && !isPart
    }
    return !next.isLetter || (last.isLowercase && next.isUppercase)
  }

  private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }
}

extension TestRecord.Status {
  var isFailure: Bool { self == .failed || self == .error }
}

extension Verification {
  var isPassed: Bool { exitCode == 0 && !timedOut }
  /// It could not be started, so it says nothing about the work.
  var isMissing: Bool { exitCode < 0 }
}
