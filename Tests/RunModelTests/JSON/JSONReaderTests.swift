import Foundation
import RunModel
import Testing

@Suite struct JSONReaderTests {
  @Test(
    "What is not JSON is refused",
    arguments: [
      "", " ", "nul", "nulll", "tru", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".5", "1e", "1e+",
      "0x10", "1 2", "1_000", "--1", "1.5.5", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{\"a\"}",
      "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "\"", "\"a",
      "\"\\",
      "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u123g\"", "\"\\uD800\\u\"", "\"a\nb\"", "\"\t\"", "\"\u{0}\"", "'a'",
      "// c\n1", "/* c */1", "\u{FEFF}1", "1e400", "-1e400", "[1]]", "{}{}", "\u{A0}1", "1\u{0}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(throws: JSONError.self) { try Array(text.utf8).readJSON { reader throws(JSONError) in try reader.skip() } }
  }

  @Test(
    "What is JSON is read",
    arguments: [
      ("null", JSONValue.null), (" \t\r\n true \n", true), ("-0", 0), ("0.0", 0.0), ("-0.0", 0.0), ("1E5", 100_000.0),
      ("1e-2", 0.01), ("12345678901234567890", 12_345_678_901_234_567_890.0), ("[ ]", []), ("{ }", [:]),
      ("[[],{}]", [[], [:]]), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u4e2d""#, "Aé中"),
      (#""\ud834\udd1e""#, "𝄞"), (#""\u0000""#, "\u{0}"), ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
      (#"{"a":{"b":[1,"x",null]}}"#, ["a": ["b": [1, "x", nil]]]),
    ] as [(String, JSONValue)])
  func read(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test(
    "A lone surrogate becomes the replacement character, and what follows is kept",
    arguments: [
      (#""\ud800""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"), (#""\ud800x""#, "\u{FFFD}x"),
      (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800\ud834\udd1e""#, "\u{FFFD}𝄞"), (#""\ud800\n""#, "\u{FFFD}\n"),
    ])
  func surrogates(text: String, value: String) throws {
    #expect(try JSONValue(parsing: text).string == value)
  }

  @Test("Bytes that are no UTF-8 are read as replacement characters")
  func invalidUTF8() throws {
    #expect(try JSONValue(parsing: [0x22, 0xFF, 0x61, 0x22]).string == "\u{FFFD}a")
  }

  @Test("Nesting has a limit, and what is within it is read", arguments: ["[", "{\"a\":"])
  func depth(open: String) throws {
    func nested(_ depth: Int) -> String {
      String(repeating: open, count: depth) + "1" + String(repeating: open == "[" ? "]" : "}", count: depth)
    }
    #expect(throws: Never.self) { try JSONValue(parsing: nested(128)) }
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(129)) }
    #expect(error?.message.contains("128") == true)
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: open, count: 1_000_000)) }
    #expect(throws: JSONError.self) {
      try Array(nested(129).utf8).readJSON { reader throws(JSONError) in try reader.skip() }
    }
  }

  @Test(
    "An error says where",
    arguments: [("[1,x]", 3), ("{\"a\":1,}", 7), ("[1", 2), ("tru", 0), ("1 2", 2), ("{\"a\" 1}", 5)])
  func offsets(text: String, offset: Int) {
    #expect(#expect(throws: JSONError.self) { try JSONValue(parsing: text) }?.offset == offset)
  }

  @Test("Objects keep the order of their members")
  func order() throws {
    #expect(try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#).object?.keys == ["z", "a", "m"])
    #expect(try JSONValue(parsing: #"{"z":1,"a":2}"#) == ["a": 2, "z": 1])
  }

  @Test("Random values are read as Foundation reads them, and Foundation reads what is written")
  func againstFoundation() throws {
    var random = Seeded(7)
    for _ in 0..<1500 {
      let value = Self.value(&random, depth: 0)
      let text = value.jsonText
      #expect(try JSONValue(parsing: text) == value, "\(text)")
      let foundation = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
      #expect(Self.agrees(value, foundation), "\(text)")
      let theirs = try JSONSerialization.data(withJSONObject: [foundation], options: .prettyPrinted)
      #expect(try JSONValue(parsing: theirs).array?.count == 1)
    }
  }

  @Test("Damaged texts are refused or read, as Foundation does, and never more leniently")
  func damaged() throws {
    var random = Seeded(8)
    var refused = 0
    for _ in 0..<4000 {
      var bytes = Self.value(&random, depth: 0).jsonBytes
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = Array("{}[],:\"\\0e-. tnu".utf8).randomElement(using: &random) ?? 0
      case 1: bytes.remove(at: place)
      default: bytes.insert(Array("{}[],:\"\\0e-. tnu".utf8).randomElement(using: &random) ?? 0, at: place)
      }
      guard (try? JSONValue(parsing: bytes)) == nil else {
        // Foundation refuses lone surrogates and repeated keys, which are read here.
        let text = String(decoding: bytes, as: UTF8.self)
        if !text.contains("\\u") {
          #expect(throws: Never.self, "\(text)") {
            try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
          }
        }
        continue
      }
      refused += 1
    }
    #expect(refused > 500)
  }

  private static func value(_ random: inout Seeded, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 4 ? 6 : 8), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<63, using: &random))
    case 3:
      let number = Double.random(in: -1...1, using: &random) * pow(10, Double(Int.random(in: -30...30, using: &random)))
      return .double(number)
    case 4, 5: return .string(text(&random))
    case 6: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      var object = JSONObject()
      for place in 0..<Int.random(in: 0..<5, using: &random) {
        object["\(place)" + text(&random)] = value(&random, depth: depth + 1)
      }
      return .object(object)
    }
  }

  private static func text(_ random: inout Seeded) -> String {
    let marks: [Unicode.Scalar] = [
      "a", "Z", " ", "\"", "\\", "/", "\n", "\t", "\r", "\u{8}", "\u{c}", "\u{0}", "\u{1f}", "\u{7f}", "é", "中", "𝄞",
      "\u{2028}", "\u{fffd}", "👩",
    ]
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<12, using: &random) { text.append(marks.randomElement(using: &random) ?? "a") }
    return String(text)
  }

  private static func agrees(_ value: JSONValue, _ foundation: Any) -> Bool {
    switch value {
    case .null: foundation is NSNull
    case .bool(let bool): foundation as? Bool == bool
    case .int(let int): (foundation as? NSNumber)?.int64Value == int
    case .double(let double): (foundation as? NSNumber)?.doubleValue == double
    case .string(let text):
      (foundation as? String).map { Array($0.unicodeScalars) == Array(text.unicodeScalars) } ?? false
    case .array(let elements):
      (foundation as? [Any]).map { $0.count == elements.count && zip(elements, $0).allSatisfy { agrees($0, $1) } }
        ?? false
    case .object(let object):
      (foundation as? [String: Any]).map { theirs in
        theirs.count == object.count
          && object.allSatisfy { member in theirs[member.key].map { agrees(member.value, $0) } ?? false }
      } ?? false
    }
  }
}
