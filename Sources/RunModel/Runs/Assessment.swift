/// What the QA stage makes of a run that has ended; the worst first.
package enum Verdict: String, Sendable, Hashable, CaseIterable {
  /// It could not be judged: it never came to work, or its checks could not be run.
  case blocked
  case fail
  /// Nothing failed, and something is left to look at: the notes say what.
  case passWithNotes = "pass_with_notes"
  case pass
}

/// Four dimensions of 25 points each.
package struct Score: Sendable, Hashable {
  package enum Tier: String, Sendable, Hashable, CaseIterable {
    case high = "HIGH"
    case standard = "STANDARD"
    case restricted = "RESTRICTED"
    case probation = "PROBATION"
  }

  /// Correctness, observability, policy and recurrence, each 0…25.
  package var d1: UInt8
  package var d2: UInt8
  package var d3: UInt8
  package var d4: UInt8

  package init(d1: UInt8, d2: UInt8, d3: UInt8, d4: UInt8) {
    self.d1 = d1
    self.d2 = d2
    self.d3 = d3
    self.d4 = d4
  }

  package var total: Int { Int(d1) + Int(d2) + Int(d3) + Int(d4) }

  package var tier: Tier {
    switch total {
    case 90...: .high
    case 75...: .standard
    case 60...: .restricted
    default: .probation
    }
  }
}

/// One acceptance criterion and what shows that it is met, or not.
package struct CriterionResult: Sendable, Hashable {
  package enum Proof: String, Sendable, Hashable, CaseIterable { case proven, failed, unproven }

  /// What shows it.
  package struct Evidence: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable { case test, command }

    package var kind: Kind
    /// The test's name in `tests_run`, or the command line in `commands_run`.
    package var name: String

    package init(kind: Kind, name: String) {
      self.kind = kind
      self.name = name
    }
  }

  package var id: String
  package var text: String
  package var proof: Proof
  /// Nil while it is unproven.
  package var evidence: Evidence?

  package init(id: String, text: String, proof: Proof = .unproven, evidence: Evidence? = nil) {
    self.id = id
    self.text = text
    self.proof = proof
    self.evidence = evidence
  }
}

/// How an ended run was judged, and why.
package struct Assessment: Sendable, Hashable {
  package var verdict: Verdict
  package var score: Score
  package var criteria: [CriterionResult]
  /// What keeps the verdict from a plain pass, in a person's words; empty for `pass`.
  package var notes: [String]
  /// Why each dimension got its points, D1 to D4.
  package var reasons: [String]

  package init(
    verdict: Verdict, score: Score, criteria: [CriterionResult] = [], notes: [String] = [], reasons: [String] = []
  ) {
    self.verdict = verdict
    self.score = score
    self.criteria = criteria
    self.notes = notes
    self.reasons = reasons
  }
}

extension Score: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("total", total)
      json.member("tier", tier.rawValue)
      json.member("d1", Int(d1))
      json.member("d2", Int(d2))
      json.member("d3", Int(d3))
      json.member("d4", Int(d4))
    }
  }

  /// Nil without all four dimensions, each 0…25.
  package init?(json: JSONValue) {
    func points(_ key: String) -> UInt8? { json[key]?.int.flatMap { (0...25).contains($0) ? UInt8($0) : nil } }
    guard let d1 = points("d1"), let d2 = points("d2"), let d3 = points("d3"), let d4 = points("d4") else { return nil }
    self.init(d1: d1, d2: d2, d3: d3, d4: d4)
  }
}

extension CriterionResult: JSONWritable {
  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("id", id)
      json.member("text", text)
      json.member("proof", proof.rawValue)
      if let evidence {
        json.key("evidence")
        json.object { json in
          json.member("kind", evidence.kind.rawValue)
          json.member("name", evidence.name)
        }
      }
    }
  }

  package init?(json: JSONValue) {
    guard let id = json["id"]?.string, let proof = json["proof"]?.string.flatMap(Proof.init) else { return nil }
    self.init(id: id, text: json["text"]?.string ?? "", proof: proof)
    guard let kind = json["evidence"]?["kind"]?.string.flatMap(Evidence.Kind.init),
      let name = json["evidence"]?["name"]?.string
    else { return }
    evidence = Evidence(kind: kind, name: name)
  }
}

extension Assessment: JSONWritable {
  /// D1 and D2 rest on what the runtime reports, D3 and D4 on what is on record here.
  private static let bases = ["candidate", "candidate", "deterministic", "deterministic"]

  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("verdict", verdict.rawValue)
      json.member("score", score)
      json.member("criteria", criteria)
      json.member("notes", notes)
      json.member(
        "reasons",
        .array(
          zip(reasons, Self.bases).enumerated().map { place, entry in
            ["dimension": .string("d\(place + 1)"), "basis": .string(entry.1), "reason": .string(entry.0)]
          }))
    }
  }

  package init?(json: JSONValue) {
    guard let verdict = json["verdict"]?.string.flatMap(Verdict.init),
      let score = json["score"].flatMap(Score.init(json:))
    else { return nil }
    self.init(
      verdict: verdict, score: score, criteria: json["criteria"]?.array?.compactMap(CriterionResult.init(json:)) ?? [],
      notes: json["notes"]?.array?.compactMap(\.string) ?? [],
      reasons: json["reasons"]?.array?.compactMap { $0["reason"]?.string } ?? [])
  }
}
