import RunModel
import Testing

@testable import Orchestration

@Suite struct ConflictRadarTests {
  private static func id(_ number: Int) -> RunID { RunID(ULID(high: 1, low: UInt64(number))) }
  private let a = Self.id(1)
  private let b = Self.id(2)
  private let c = Self.id(3)

  @Test("Two runs that change one file are both told, and neither when one ends")
  func pair() {
    var radar = ConflictRadar()
    #expect(radar.update(a, in: "r", paths: ["x", "y"]) == [])
    #expect(radar.update(b, in: "r", paths: ["y", "z"]) == [a, b])
    #expect(radar.finding(of: a) == .init(conflicts: [Conflict(run: b, path: "y")], files: 1))
    #expect(radar.finding(of: b) == .init(conflicts: [Conflict(run: a, path: "y")], files: 1))
    #expect(radar.update(a, in: "r", paths: ["y", "x"]) == [])
    #expect(radar.remove(b) == [a])
    #expect(radar.finding(of: a) == .init())
    #expect(radar.remove(b) == [])
  }

  @Test("A file that is given up conflicts no more")
  func givenUp() {
    var radar = ConflictRadar()
    _ = radar.update(a, in: "r", paths: ["x"])
    _ = radar.update(b, in: "r", paths: ["x"])
    _ = radar.update(c, in: "r", paths: ["x"])
    #expect(radar.finding(of: a).conflicts.map(\.run) == [b, c])
    #expect(radar.update(b, in: "r", paths: []) == [a, b, c])
    #expect(radar.finding(of: a).conflicts.map(\.run) == [c])
    #expect(radar.finding(of: b) == .init())
  }

  @Test(
    "A folder conflicts with what lies in it, and with nothing that only begins like it",
    arguments: [
      ("docs", "docs/a/b.md", true), ("docs/", "docs/a", true), ("docs", "docs2/a", false), ("a", "b/a", false),
    ])
  func folders(folder: String, file: String, conflicts: Bool) {
    for (first, second) in [(folder, file), (file, folder)] {
      var radar = ConflictRadar()
      _ = radar.update(a, in: "r", paths: [first])
      #expect(radar.update(b, in: "r", paths: [second]).isEmpty != conflicts)
      #expect(radar.finding(of: a).files == (conflicts ? 1 : 0))
      #expect(radar.finding(of: b).files == (conflicts ? 1 : 0))
      _ = radar.update(b, in: "r", paths: [])
      #expect(radar.finding(of: a).files == 0)
    }
  }

  @Test("Different repositories have nothing to do with each other")
  func repositories() {
    var radar = ConflictRadar()
    _ = radar.update(a, in: "r", paths: ["x"])
    #expect(radar.update(b, in: "s", paths: ["x"]) == [])
    #expect(radar.update(b, in: "r", paths: ["x"]) == [a, b])
  }

  @Test("Of many files the first twenty are named and all are counted")
  func bound() {
    var radar = ConflictRadar()
    let paths = (100..<300).map { "f\($0)" }
    _ = radar.update(a, in: "r", paths: paths.reversed())
    _ = radar.update(b, in: "r", paths: paths)
    let finding = radar.finding(of: a)
    #expect(finding.files == 200 && finding.conflicts.map(\.path) == Array(paths.prefix(20)))
  }

  @Test(
    "However the runs report, end and come again, what is found is what a comparison of all pairs finds",
    arguments: UInt64(1)...20)
  func agreesWithPairs(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let pool = ["a", "a/b", "a/b/c", "a/d", "ab", "e", "e/f", "g"]
    var radar = ConflictRadar()
    var lists: [RunID: Set<String>] = [:]
    func meet(_ x: String, _ y: String) -> Bool { x == y || x.hasPrefix(y + "/") || y.hasPrefix(x + "/") }
    var told: [RunID: ConflictRadar.Finding] = [:]
    for _ in 0..<60 {
      let run = Self.id(random(5))
      let affected: Set<RunID>
      if random(6) == 0 {
        affected = radar.remove(run)
        lists[run] = nil
        told[run] = nil
      } else {
        let paths = Set((0..<random(5)).map { _ in pool[random(pool.count)] })
        affected = radar.update(run, in: "r", paths: Array(paths))
        lists[run] = paths
      }
      for other in affected { told[other] = radar.finding(of: other) }
      for (one, paths) in lists {
        let shared = paths.filter { path in
          lists.contains { other, theirs in other != one && theirs.contains { meet($0, path) } }
        }
        #expect(radar.finding(of: one).files == shared.count)
        // Those not said to be affected are as they were told.
        #expect(told[one, default: .init()] == radar.finding(of: one))
        for conflict in radar.finding(of: one).conflicts {
          #expect(lists[conflict.run]?.contains { meet($0, conflict.path) } == true)
        }
      }
    }
  }
}
