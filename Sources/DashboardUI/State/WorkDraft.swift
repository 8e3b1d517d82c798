package import RunModel

/// Work as the form holds it: what can be kept, named and dispatched again.
package struct WorkDraft: Sendable, Equatable {
  package var contract: Contract
  /// Several: one run each.
  package var runtimes: [RuntimeID]
  package var count: Int

  package init(contract: Contract, runtimes: [RuntimeID] = [], count: Int = 1) {
    self.contract = contract
    self.runtimes = runtimes
    self.count = count
  }

  /// Longer ones are not kept.
  static let longest = 64 << 10
}

extension WorkDraft: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("contract", contract)
      if !runtimes.isEmpty { json.member("runtimes", runtimes.map(\.rawValue)) }
      if count != 1 { json.member("count", count) }
    }
  }

  /// A draft, or a bare contract. Throws a `ContractError` that names what is wrong.
  package init(json: JSONValue) throws(ContractError) {
    guard let inner = json["contract"] else {
      self.init(contract: try Contract(json: json))
      return
    }
    self.init(
      contract: try Contract(json: inner),
      runtimes: (json["runtimes"]?.array ?? []).compactMap(\.string).map { RuntimeID($0) },
      count: max(1, min(1000, json["count"]?.int.map { Int($0) } ?? 1)))
  }

  /// Nil for what cannot be read: it is forgotten.
  init?(kept json: JSONValue) {
    do throws(ContractError) { self = try WorkDraft(json: json) } catch { return nil }
  }

  var json: JSONValue? { try? JSONValue(parsing: jsonBytes) }  // our own JSON parses
}

/// A draft that has a name: kept by the dashboard, or a file in the configuration folder.
package struct WorkTemplate: Sendable, Equatable {
  package var name: String
  package var draft: WorkDraft
  /// The file that it comes from; nil for those that the dashboard keeps.
  package var file: String?

  package init(name: String, draft: WorkDraft, file: String? = nil) {
    self.name = name
    self.draft = draft
    self.file = file
  }
}
