import Foundation
import RunModel

@testable import Orchestration

/// The audit trail as it is exported and checked again: whole it verifies, changed anywhere it does not.
enum AuditTargets {
  #if READERS_ALONE
    // The chain needs a package for its hashes: the suite alone fuzzes it.
    static let all: [FuzzTarget] = []
  #else
    static let all = [chain, lines]

    private static let text = [
      "", "ada", "é\u{202E}", "\u{0}", "\"\\", "🧨", String(repeating: "x", count: 300),
    ]

    /// A trail that the bytes choose.
    private static func trail(_ choices: inout Choices) -> [JSONValue] {
      var tail = AuditTail(last: nil)
      let run = RunID(ULID(high: 1, low: 1))
      return (0..<(1 + choices.below(6))).map { _ in
        var data = JSONObject()
        for _ in 0..<choices.below(4) {
          let values: [JSONValue] = [
            .null, .bool(choices.flag()), .int(Int64(bitPattern: choices.wide())),
            .double(Double(choices.byte()) / 7),
            .string(choices.one(of: text)), .array([.int(1), .string(choices.one(of: text))]),
          ]
          data["k\(choices.byte())"] = choices.one(of: values)
        }
        let draft = AuditDraft(
          choices.one(of: ["agent_run.dispatched", "agent_run.canceled", "access.refused"]), run: run,
          by: Actor(.human, choices.one(of: text)), data: data,
          rationale: choices.flag() ? choices.one(of: text) : nil,
          time: Timestamp(milliseconds: Int64(choices.byte()) * 1_000_000_007))
        let stored = tail.append(draft)
        return (try? JSONValue(parsing: stored.json)) ?? .null  // no JSON: the check below finds it out
      }
    }

    private static func breaks(_ trail: [JSONValue]) -> AuditChain.Break? {
      do throws(AuditChain.Break) {
        try AuditChain.verify(trail)
        return nil
      } catch { return error }
    }

    static let chain = FuzzTarget(
      name: "audit-chain", seeds: [[3, 2, 1, 0, 5, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6]],
      longest: 200, cases: 400
    ) { bytes in
      var choices = Choices(bytes)
      let whole = trail(&choices)
      try hold(
        breaks(whole) == nil,
        "what was chained does not verify: \(breaks(whole).map { "\($0)" } ?? "")")
      // As an export writes it, and as one reads it back.
      let exported = try whole.map { try JSONValue(parsing: Array($0.jsonText.utf8)) }
      try hold(breaks(exported) == nil, "exported it does not verify")
      // For those who may see the links alone.
      try hold(breaks(whole.map(AuditChain.link)) == nil, "reduced it does not verify")

      var changed = whole
      let place = choices.below(changed.count)
      guard var object = changed[place].object else { throw Broken("a record is no object") }
      switch choices.below(7) {
      case 0: changed.remove(at: place)
      case 1: changed.insert(changed[place], at: place)
      case 2:
        guard changed.count > 1 else { return }
        changed.swapAt(place, (place + 1) % changed.count)
      case 3:
        let name = choices.one(of: AuditChain.hashedMembers.filter { $0 != "previous_hash" })
        object[name] = .string("another \(choices.byte())")
        changed[place] = .object(object)
      case 4:
        object[choices.one(of: ["previous_hash", "event_hash", "seq"])] = .string("00")
        changed[place] = .object(object)
      case 5:
        object["not_covered"] = .bool(true)
        changed[place] = .object(object)
      default:
        // Readers differ in which of two they take.
        object.append(choices.one(of: AuditChain.hashedMembers), .string("another"))
        changed[place] = .object(object)
      }
      // What is cut off at the end can only be told by somebody who knows the last hash.
      if changed == Array(whole.prefix(changed.count)) { return }
      guard let found = breaks(changed) else {
        throw Broken("a change of record \(place + 1) is not found")
      }
      try hold(found.seq >= 1 && found.seq <= UInt64(changed.count) + 1, "it breaks at \(found.seq)")
    }

    /// Any text, line by line: never taken for a trail that it is not, and never the end of the program.
    static let lines = FuzzTarget(
      name: "audit-lines",
      seeds: [
        Array(
          "{\"seq\":1,\"previous_hash\":null,\"event_hash\":\"aa\"}\n{\"seq\":2,\"previous_hash\":\"aa\",\"event_hash\":\"bb\"}\n"
        )
      ],
      words: [
        "\"seq\":", "\"event_hash\":", "\"previous_hash\":", "null", "\"aa\"", "1", "2",
        "9223372036854775807", "1e3", "{", "}",
        "\n", "\"tenant_id\":", "\"event_data\":",
      ], longest: 1000, cases: 400
    ) { bytes in
      var verifier = AuditChain.Verifier()
      var last: String?
      for line in bytes.split(separator: 0x0A) {
        guard let record = try? JSONValue(parsing: line) else { return }  // the command says so
        let before = verifier.count
        do throws(AuditChain.Break) { try verifier.check(record) } catch {
          try hold(
            verifier.count == before && verifier.lastHash == last, "a broken record moves it on")
          try hold(error.seq == before + 1, "it breaks at \(error.seq), and is at \(before)")
          return
        }
        try hold(verifier.count == before + 1, "it counts \(verifier.count) after \(before)")
        try hold(record["previous_hash"]?.string == last, "it goes on after another hash")
        last = verifier.lastHash
        try hold(record["event_hash"]?.string == last, "it remembers another hash")
      }
    }
  #endif
}
