import Glibc
import RunModel

/// One task done by several programs, in milliseconds: the medians of the same number of rounds, taken in turn, so that all
/// meet the same load of the machine.
struct Comparison {
  var task: String
  var ours: Double
  /// Nil: not installed.
  var others: [(program: String, milliseconds: Double?)]

  /// For people: a line a program.
  var lines: [String] {
    [Self.line(task, "flightdeck", ours, nil)]
      + others.map { other in
        guard let time = other.milliseconds else { return Self.line("", other.program, nil, nil) }
        return Self.line("", other.program, time, time / ours)
      }
  }

  private static func line(_ task: String, _ program: String, _ time: Double?, _ ratio: Double?) -> String {
    func short(_ value: Double) -> String { JSONWriter.number((value * 10).rounded() / 10) }
    let words = [task, program, time.map { "\(short($0)) ms" } ?? "not installed", ratio.map { "×\(short($0))" } ?? ""]
    return zip(words, [26, 14, 16, 0]).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }.joined()
  }
}

extension Comparison: JSONWritable {
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("task", task)
      json.member("flightdeck", ours)
      json.member(
        "others",
        .object(JSONObject(others.map { ($0.program, $0.milliseconds.map { .double($0) } ?? .null) })))
    }
  }
}

/// A program beside ours: how it is started, and what it shows when the task is done.
struct Rival {
  var program: String
  /// For `sh -c`.
  var command: String
  /// Keys pressed once the first text is there; the time runs from then. Empty: it runs from the start.
  var keys = ""
  var ready = ""
  var done: String

  var isInstalled: Bool {
    ["/usr/bin/", "/usr/local/bin/", "/bin/"].contains { access($0 + program, X_OK) == 0 }
  }

  /// One round, in milliseconds.
  func round(_ workshop: Workshop, in folder: String) throws -> Double {
    var start = ContinuousClock.now
    let screen = try Screen(workshop, program: "/bin/sh", ["-c", "exec \(command)"], folder: folder)
    defer { screen.stop() }
    if !keys.isEmpty {
      try screen.wait(forPainted: ready)
      screen.read(for: .milliseconds(300))
      screen.forget()
      start = .now
      screen.press(keys)
    }
    try screen.wait(forPainted: done)
    return start.duration(to: .now).inMilliseconds
  }
}

/// Takes the rounds in turn.
func compare(
  _ task: String, _ workshop: Workshop, in folder: String, rounds: Int = 7, ours: () throws -> Double, _ rivals: [Rival]
) throws -> Comparison {
  var own: [Double] = []
  var theirs: [[Double]] = Array(repeating: [], count: rivals.count)
  // The first of each reads its program from disk.
  for round in 0...rounds {
    let time = try ours()
    if round > 0 { own.append(time) }
    for (place, rival) in rivals.enumerated() where rival.isInstalled {
      let time = try rival.round(workshop, in: folder)
      if round > 0 { theirs[place].append(time) }
    }
  }
  return Comparison(
    task: task, ours: own.median,
    others: zip(rivals, theirs).map { ($0.program, $1.isEmpty ? nil : $1.median) })
}
