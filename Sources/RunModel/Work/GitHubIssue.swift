/// A GitHub issue as `gh issue list --json number,title,body,labels,url,state` prints it, or as the REST API gives it.
enum GitHubIssue {
  /// No contract has a `number`, and every issue has.
  static func isIssue(_ json: JSONValue) -> Bool { json["number"] != nil }

  /// Nil for a pull request and for what is not open. Members beyond those that are used are ignored.
  static func contract(_ json: JSONValue) throws(ContractError) -> Contract? {
    guard let number = json["number"]?.int, number > 0 else {
      throw ContractError("An issue's \"number\" must be a whole number above 0.")
    }
    if isPullRequest(json) { return nil }
    // `gh` without the field lists open ones alone.
    if let state = json["state"]?.string, state.lowercased() != "open" { return nil }
    guard let title = json["title"]?.string, !title.allSatisfy(\.isWhitespace) else {
      throw ContractError("Issue \(number) needs a \"title\".")
    }
    let body = try text("body", json, number) ?? ""
    var contract = Contract(title: title)
    if !body.allSatisfy(\.isWhitespace) { contract.prompt = "\(title)\n\n\(body)" }
    contract.acceptanceCriteria = criteria(in: body)
    contract.labels = try labels(json, number)
    contract.priority = priority(contract.labels)
    contract.externalRef = "GH-\(number)"
    // In the REST form `url` is the API's own.
    let page = try text("html_url", json, number)
    let url = try text("url", json, number)
    contract.externalURL = page ?? url
    contract.classify()
    return contract
  }

  private static func isPullRequest(_ json: JSONValue) -> Bool {
    if let link = json["pull_request"], !link.isNull { return true }
    if json["isPullRequest"] == .bool(true) { return true }
    return (json["html_url"] ?? json["url"])?.string?.contains("/pull/") == true
  }

  private static func text(_ key: String, _ json: JSONValue, _ number: Int64) throws(ContractError) -> String? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let text = value.string else { throw ContractError("\"\(key)\" of issue \(number) must be text.") }
    return text
  }

  /// Lower-cased; objects with a `name`, or plain texts.
  private static func labels(_ json: JSONValue, _ number: Int64) throws(ContractError) -> [String] {
    guard let value = json["labels"], !value.isNull else { return [] }
    let names = value.array?.compactMap { $0.string ?? $0["name"]?.string }
    guard let names, names.count == value.array?.count else {
      throw ContractError("\"labels\" of issue \(number) must be an array of texts or of objects with a \"name\".")
    }
    return names.map { $0.lowercased() }
  }

  /// `priority: 90` says it; else the highest of the names that are used for one.
  private static func priority(_ labels: [String]) -> Int {
    for label in labels where label.hasPrefix("priority:") {
      let text = label.dropFirst(9).drop(while: \.isWhitespace)
      let digits = text.drop { $0 == "-" }
      guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), text.count - digits.count <= 1 else {
        continue
      }
      return text.first == "-" ? 1 : min(1000, max(1, Int(digits) ?? 1000))
    }
    let names: [(Set<String>, Int)] = [
      (["p0", "critical", "urgent"], 100), (["p1", "high"], 80), (["p2", "medium"], 60), (["p3", "low"], 40),
    ]
    return names.first { names, _ in labels.contains { names.contains($0) } }?.1 ?? 50
  }

  /// The lines of a task list, done or not, outside of code blocks.
  private static func criteria(in body: String) -> [Contract.Criterion] {
    var found: [Contract.Criterion] = []
    var fence: Substring?
    for line in body.split(whereSeparator: \.isNewline) {
      let text = line.drop(while: \.isWhitespace)
      if let open = fence {
        if text.hasPrefix(open) { fence = nil }
        continue
      }
      if text.hasPrefix("```") || text.hasPrefix("~~~") {
        fence = text.prefix(3)
        continue
      }
      guard let mark = text.first, "-*+".contains(mark) else { continue }
      let item = text.dropFirst().drop(while: \.isWhitespace)
      guard item.count > 4, ["[ ] ", "[x] ", "[X] "].contains(where: item.hasPrefix), text.dropFirst().first == " "
      else {
        continue
      }
      let words = item.dropFirst(4).drop(while: \.isWhitespace)
      if words.isEmpty { continue }
      found.append(.init(id: "AC-\(found.count + 1)", text: trimmingEnd(words)))
    }
    return found
  }

  private static func trimmingEnd(_ text: Substring) -> String {
    var text = text
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
