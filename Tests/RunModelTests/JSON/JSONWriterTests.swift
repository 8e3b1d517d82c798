import RunModel
import Testing

@Suite struct JSONWriterTests {
  @Test("Members and elements are separated by commas, nested or not, and null stands for nothing")
  func separators() {
    var json = JSONWriter()
    json.object { json in
      json.member("a", 1)
      json.member("b", String?.none)
      json.key("c")
      json.array { json in
        json.element("x")
        json.element([1, [:]] as JSONValue)
        json.element(encoded: Array("{}".utf8))
      }
      json.member("d", [String]())
      json.member("e", true)
      json.member("f", 0.5)
      json.member("g", ["p", "q"])
      json.member("h", encoded: Array("[]".utf8))
      json.member("i", Timestamp(milliseconds: 0))
      json.member("j", [Contract.Criterion(id: "AC-1", text: "t")])
      json.member("k", JSONValue?.none)
    }
    #expect(
      String(decoding: json.bytes, as: UTF8.self)
        == #"{"a":1,"b":null,"c":["x",[1,{}],{}],"d":[],"e":true,"f":0.5,"g":["p","q"],"h":[],"#
        + #""i":"1970-01-01T00:00:00.000Z","j":[{"id":"AC-1","text":"t"}],"k":null}"#)
  }

  @Test("Only what must be is escaped")
  func escapes() {
    let text = "\"\\/\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{7f}é𝄞\u{2028}"
    #expect(JSONValue.string(text).jsonText == #""\"\\/\b\t\n\f\r\u0000\u001f"# + "\u{7f}é𝄞\u{2028}\"")
  }

  @Test("A writer that is used again begins anew")
  func reuse() {
    var json = JSONWriter()
    json.value([1, 2])
    json.removeAll()
    json.value(["a": 1])
    #expect(String(decoding: json.bytes, as: UTF8.self) == #"{"a":1}"#)
  }

  @Test("A member set to nil is gone, one set anew keeps its place")
  func objects() {
    var object: JSONObject = ["a": 1, "b": 2, "c": 3]
    object["b"] = nil
    object["a"] = "x"
    object["d"] = nil
    object["e"] = 5
    #expect(JSONValue.object(object).jsonText == #"{"a":"x","c":3,"e":5}"#)
    #expect(object.count == 3)
  }
}
