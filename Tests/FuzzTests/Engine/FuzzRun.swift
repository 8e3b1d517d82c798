import Glibc
import Synchronization

/// Runs a target: first the cases that were kept, then new ones up to a number of them or for some seconds.
struct FuzzRun: Sendable {
  enum Length: Sendable {
    case cases(Int)
    case seconds(Double)
  }

  struct Report: Sendable, CustomStringConvertible {
    var target: String
    var kept = 0
    var cases = 0
    var bytes = 0
    var seconds = 0.0
    var finding: Finding?

    var description: String {
      let rate = seconds > 0 ? Double(cases) / seconds : 0
      return "\(target): \(kept) kept, \(cases) cases, \(bytes) bytes, \(Int(rate)) cases/s"
        + (finding.map { "\n\($0)" } ?? "")
    }
  }

  struct Finding: Sendable, CustomStringConvertible {
    var what: String
    var origin: String
    var bytes: [UInt8]
    var file: String?
    var description: String {
      "\(origin): \(what)\n  \(bytes.count) bytes: \(bytes.shown)" + (file.map { "\n  kept as \($0)" } ?? "")
    }
  }

  let target: FuzzTarget
  var seed: UInt64 = 1
  var length = Length.cases(300)
  /// Where cases are kept that are always tried first: `Corpus/TARGET`.
  var corpus: String
  /// Where the present case and new findings go.
  var found: String

  func run() -> Report {
    var report = Report(target: target.name)
    let clock = ContinuousClock()
    let start = clock.now
    let present = "\(found)/\(target.name).present"
    if let fatal = CaseFile.leftover(present), !fatal.isEmpty {
      // If it still kills, it kills here, and the next run finds it kept.
      let path = "\(found)/\(target.name).fatal"
      if CaseFolder.write(fatal, to: path) { print("\(target.name): the last run died of \(path)") }
    }
    let file = CaseFile(path: present, longest: max(target.longest, target.heavy.map(\.count).max() ?? 0))
    defer { file?.remove() }
    let watch = Watch.shared.enter(target.name, present)
    defer { Watch.shared.leave(watch) }

    let kept = CaseFolder.kept("\(corpus)/\(target.name)")
    for (name, bytes) in kept {
      report.kept += 1
      if let what = attempt(bytes, file, watch) {
        report.finding = Finding(what: what, origin: "the kept case \(name)", bytes: bytes)
        return report
      }
    }
    for sample in target.seeds + target.heavy {
      if let what = attempt(sample, file, watch) {
        report.finding = Finding(what: what, origin: "a sample", bytes: sample)
        return report
      }
    }
    let mutator = Mutator(target: target, pool: target.seeds + kept.map(\.bytes))
    while goesOn(report.cases, since: start, clock) {
      let bytes = mutator.input(report.cases, seed: seed)
      report.cases += 1
      report.bytes += bytes.count
      if let what = attempt(bytes, file, watch) {
        report.finding = smallest(bytes, what, "case \(report.cases - 1) of seed \(seed)", file, watch)
        break
      }
    }
    report.seconds = start.duration(to: clock.now) / .seconds(1)
    return report
  }

  private func goesOn(_ cases: Int, since start: ContinuousClock.Instant, _ clock: ContinuousClock) -> Bool {
    switch length {
    case .cases(let most): cases < most
    case .seconds(let most): cases % 16 != 0 || start.duration(to: clock.now) < .seconds(most)
    }
  }

  private func attempt(_ bytes: [UInt8], _ file: CaseFile?, _ watch: Int) -> String? {
    file?.keep(bytes)
    Watch.shared.began(watch)
    do {
      try target.check(bytes)
      return nil
    } catch { return "\(error)" }
  }

  /// Takes out what is not needed for something not to hold, and keeps the rest.
  private func smallest(
    _ bytes: [UInt8], _ what: String, _ origin: String, _ file: CaseFile?, _ watch: Int
  ) -> Finding {
    var best = (bytes, what)
    var tries = 0
    var piece = max(1, bytes.count / 2)
    while piece >= 1, tries < 3000 {
      var start = 0
      var isSmaller = false
      while start < best.0.count, tries < 3000 {
        tries += 1
        var shorter = best.0
        shorter.removeSubrange(start..<min(shorter.count, start + piece))
        if let what = attempt(shorter, file, watch) {
          best = (shorter, what)
          isSmaller = true
        } else {
          start += piece
        }
      }
      if piece == 1, !isSmaller { break }
      piece = max(1, piece / 2)
    }
    var finding = Finding(what: best.1, origin: origin, bytes: best.0)
    var random = SplitMix(of: best.0)
    let path = "\(found)/\(target.name)-\(String(random.next(), radix: 36))"
    if CaseFolder.write(best.0, to: path) { finding.file = path }
    return finding
  }
}

/// Sees that no case takes too long. Only long runs look: a suite has no business with the time.
final class Watch: Sendable {
  static let shared = Watch()

  private struct Entry {
    var target: String
    var file: String
    var began: ContinuousClock.Instant?
  }

  private let entries = Mutex<[Entry?]>([])
  private let clock = ContinuousClock()
  private let isLooking = Mutex(false)

  func enter(_ target: String, _ file: String) -> Int {
    entries.withLock { entries in
      entries.append(Entry(target: target, file: file))
      return entries.count - 1
    }
  }

  func began(_ place: Int) {
    guard isLooking.withLock({ $0 }) else { return }
    let now = clock.now
    entries.withLock { $0[place]?.began = now }
  }

  func leave(_ place: Int) { entries.withLock { $0[place] = nil } }

  /// From here on a case of more than this many seconds ends the process, with its file named.
  func look(longest seconds: Double) {
    let wasLooking = isLooking.withLock { was in
      defer { was = true }
      return was
    }
    if wasLooking { return }
    let limit = Duration.seconds(seconds)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Look(watch: self, limit: limit)).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let look = Unmanaged<Look>.fromOpaque(context).takeRetainedValue()
        while true {
          usleep(250_000)
          look.watch.check(look.limit)
        }
      }, context)
  }

  private final class Look: Sendable {
    let watch: Watch
    let limit: Duration
    init(watch: Watch, limit: Duration) {
      self.watch = watch
      self.limit = limit
    }
  }

  private func check(_ limit: Duration) {
    let now = clock.now
    let slow = entries.withLock { entries in
      entries.first { entry in entry?.began.map { $0.duration(to: now) > limit } ?? false } ?? nil
    }
    guard let slow else { return }
    print("\(slow.target): a case takes more than \(limit): \(slow.file) holds it after 8 bytes of its length")
    exit(70)
  }
}
