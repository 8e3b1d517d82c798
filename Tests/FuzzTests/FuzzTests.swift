import Foundation
import Testing

/// A fixed number of cases of each target, the same each time; `FLIGHTDECK_FUZZ_CASES=100000` or
/// `FLIGHTDECK_FUZZ_SECONDS=60` goes on for longer, `FLIGHTDECK_FUZZ_SEED=7` takes other ones and
/// `FLIGHTDECK_FUZZ_TARGET=json,keys` some targets alone. What is found lies in `.build/fuzz`; once mended, it belongs into
/// `Tests/FuzzTests/Corpus/TARGET`, from where it is tried first, each time. One after the other, so that the processor is left to
/// others too.
@Suite("Fuzzing", .serialized) struct FuzzTests {
  private static let settings = ProcessInfo.processInfo.environment
  private static let targets: [String] = {
    let wanted = settings["FLIGHTDECK_FUZZ_TARGET"]?.split(separator: ",").map(String.init)
    return FuzzTargets.all.map(\.name).filter { wanted?.contains($0) ?? true }
  }()

  @Test("Nothing that is read can break the reader", arguments: targets)
  func target(name: String) throws {
    let target = try #require(FuzzTargets.all.first { $0.name == name })
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    let found = here.deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/fuzz")
    try FileManager.default.createDirectory(at: found, withIntermediateDirectories: true)
    var run = FuzzRun(
      target: target, length: .cases(target.cases), corpus: here.appending(path: "Corpus").path, found: found.path)
    if let seed = Self.settings["FLIGHTDECK_FUZZ_SEED"].flatMap({ UInt64($0) }) { run.seed = seed }
    if let cases = Self.settings["FLIGHTDECK_FUZZ_CASES"].flatMap({ Int($0) }) { run.length = .cases(cases) }
    if let seconds = Self.settings["FLIGHTDECK_FUZZ_SECONDS"].flatMap({ Double($0) }) {
      run.length = .seconds(seconds)
      Watch.shared.look(longest: 60)
    }
    let report = run.run()
    if Self.settings.keys.contains(where: { $0.hasPrefix("FLIGHTDECK_FUZZ") }) { print(report) }
    #expect(report.finding == nil, "\(report)")
  }
}
