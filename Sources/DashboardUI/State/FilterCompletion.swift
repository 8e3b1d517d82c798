import RunModel

extension DashboardState {
  /// What the word at the end of `text` may become, and the text before it.
  func filterOffers(_ text: String) -> (head: String, offers: [String]) {
    // Inside quotes a space belongs to the word.
    var start = text.startIndex
    var isQuoted = false
    for place in text.indices {
      if text[place] == "\"" { isQuoted.toggle() }
      if text[place] == " ", !isQuoted { start = text.index(after: place) }
    }
    var word = text[start...]
    if word.hasPrefix("!") {
      start = text.index(after: start)
      word = text[start...]
    }
    guard !word.hasPrefix("~"), !word.hasPrefix("\"") else { return (String(text[..<start]), []) }
    guard let colon = word.firstIndex(of: ":") else {
      let typed = word.lowercased()
      let fields = FilterField.allCases.map(\.hint).filter { $0.hasPrefix(typed) }
      return (String(text[..<start]), fields)
    }
    let value = word[word.index(after: colon)...].lowercased()
    let head = String(text[...colon])
    let known: [String] =
      switch FilterField(rawValue: word[..<colon].lowercased()) {
      case .status: ["attention"] + RunStatus.allCases.map(\.rawValue)
      case .condition: RunCondition.allCases.map(\.rawValue)
      case .runtime: runtimes.map(\.runtimeId.rawValue).sorted()
      case .label: list.labelNames.sorted()
      case .age: ["<10m", "<1h", "<1d", ">1h", ">1d"]
      default: []
      }
    let offers = known.filter { $0.lowercased().hasPrefix(value) }.prefix(40)
      .map { $0.contains(" ") ? "\"\($0)\"" : $0 }
    return (head, offers.count == 1 && offers.first?.lowercased() == value ? [] : Array(offers))
  }
}
