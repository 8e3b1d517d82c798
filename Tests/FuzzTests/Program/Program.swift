import Glibc

#if COVERAGE

  /// libFuzzer's way in: `FLIGHTDECK_FUZZ_TARGET` says what is fed; a target's samples go to the folder
  /// `FLIGHTDECK_FUZZ_SEEDS` first.
  enum Coverage {
    static let target: FuzzTarget? = {
      if getenv("FLIGHTDECK_FUZZ_LIST") != nil {
        for target in FuzzTargets.all { print(target.name) }
        exit(0)
      }
      let name = getenv("FLIGHTDECK_FUZZ_TARGET").map { String(cString: $0) } ?? ""
      return FuzzTargets.all.first { $0.name == name }
    }()
  }

  @_cdecl("LLVMFuzzerInitialize")
  public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    guard let target = Coverage.target else {
      print("FLIGHTDECK_FUZZ_TARGET names no target")
      exit(2)
    }
    if let folder = getenv("FLIGHTDECK_FUZZ_SEEDS").map({ String(cString: $0) }) {
      for (place, seed) in target.seeds.enumerated() { _ = CaseFolder.write(seed, to: "\(folder)/sample-\(place)") }
    }
    return 0
  }

  @_cdecl("LLVMFuzzerTestOneInput")
  public func test(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try Coverage.target?.check(Array(UnsafeBufferPointer(start: data, count: count))) } catch {
      print("\(error)")
      abort()
    }
    return 0
  }

#else

  /// `flightdeck-fuzz --corpus FOLDER --found FOLDER [--seconds N] [--seed N] [TARGET…]`
  @main enum Program {
    static func main() {
      var words = CommandLine.arguments.dropFirst()
      var (corpus, found, seconds, seed) = ("Tests/FuzzTests/Corpus", ".build/fuzz", 60.0, UInt64(1))
      var names: [String] = []
      while let word = words.popFirst() {
        switch word {
        case "--corpus": corpus = words.popFirst() ?? corpus
        case "--found": found = words.popFirst() ?? found
        case "--seconds": seconds = words.popFirst().flatMap { Double($0) } ?? seconds
        case "--seed": seed = words.popFirst().flatMap { UInt64($0) } ?? seed
        default: names.append(word)
        }
      }
      for name in names where !FuzzTargets.all.contains(where: { $0.name == name }) {
        print("There is no target \(name): \(FuzzTargets.all.map(\.name).joined(separator: ", "))")
        exit(2)
      }
      Watch.shared.look(longest: 5)
      var findings = 0
      var (cases, bytes) = (0, 0)
      for target in FuzzTargets.all where names.isEmpty || names.contains(target.name) {
        let report = FuzzRun(target: target, seed: seed, length: .seconds(seconds), corpus: corpus, found: found).run()
        print(report)
        fflush(nil)
        cases += report.cases
        bytes += report.bytes
        if report.finding != nil { findings += 1 }
      }
      print("all: \(cases) cases, \(bytes) bytes, \(findings) findings")
      exit(findings > 0 ? 1 : 0)
    }
  }

#endif
