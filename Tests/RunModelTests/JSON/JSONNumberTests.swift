import Foundation
import RunModel
import Testing

@Suite struct JSONNumberTests {
  @Test(
    "Numbers print as JavaScript prints them",
    arguments: [
      (0.0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (-0.1, "-0.1"), (1.5, "1.5"), (100, "100"),
      (123.456, "123.456"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001"), (1e-7, "1e-7"),
      (1.5e-7, "1.5e-7"), (-1e-7, "-1e-7"), (1.2345678901234568e20, "123456789012345680000"),
      (1.2345678901234568e21, "1.2345678901234568e+21"), (.leastNonzeroMagnitude, "5e-324"),
      (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740991, "9007199254740991"),
      (9007199254740992, "9007199254740992"), (4.35, "4.35"),
      (0.000001234, "0.000001234"), (1e16, "10000000000000000"), (12345678.9, "12345678.9"),
      (2.2250738585072014e-308, "2.2250738585072014e-308"), (1.0 / 3, "0.3333333333333333"),
      (4.5e15, "4500000000000000"),
    ] as [(Double, String)])
  func javaScript(value: Double, text: String) {
    #expect(JSONWriter.number(value) == text)
  }

  @Test("What JSON cannot hold is null", arguments: [Double.nan, .infinity, -.infinity])
  func unrepresentable(value: Double) {
    #expect(JSONWriter.number(value) == "null")
  }

  @Test("Any finite number reads back as itself")
  func roundTrip() throws {
    var random = Seeded(1)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let text = JSONWriter.number(value)
      #expect(Double(text) == value)
      #expect(try JSONValue(parsing: text).double == value)
    }
  }

  @Test("Whole numbers keep all their digits", arguments: [Int64.min, .max, -1, 0, 9_007_199_254_740_993])
  func integers(value: Int64) throws {
    #expect(JSONValue.int(value).jsonText == String(value))
    #expect(try JSONValue(parsing: String(value)) == .int(value))
  }
}
