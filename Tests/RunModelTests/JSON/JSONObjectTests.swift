import RunModel
import Testing

@Suite struct JSONObjectTests {
  private func object(_ keys: [Int], _ value: Int64 = 1) -> JSONObject {
    JSONObject(keys.map { (key: "k\($0)", value: .int(value)) })
  }

  @Test(
    "Objects are equal when they have the same members, in whatever order, few or many", arguments: [3, 32, 33, 5000])
  func equality(count: Int) {
    let keys = Array(0..<count)
    #expect(object(keys) == object(keys.reversed()))
    #expect(object(keys) != object(keys, 2))
    #expect(object(keys) != object(Array(1...count)))
    #expect(object(keys) != object(Array(keys.dropLast())))
  }

  @Test("Nothing is near a word that is longer than any of ours, however long it is")
  func nearest() {
    #expect(Nearest.nearest(to: String(repeating: "title", count: 200_000), among: ["title"]) == nil)
    #expect(Nearest.nearest(to: "titel", among: ["title"]) == "title")
  }
}
