import RunModel

/// Numbers and times as a person reads them.
enum Format {
  /// `00:41`, `11:03`, `1:02:07`, `3d 04h`.
  static func elapsed(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    if seconds >= 86_400 * 2 { return "\(seconds / 86_400)d \(two(seconds / 3600 % 24))h" }
    if seconds >= 3600 { return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))" }
    return "\(two(seconds / 60)):\(two(seconds % 60))"
  }

  /// `120 ms`, `3.1 s`, `2 min 05 s`.
  static func duration(_ milliseconds: Int64) -> String {
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    if milliseconds < 60_000 { return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" }
    if milliseconds < 3_600_000 { return "\(milliseconds / 60_000) min \(two(milliseconds / 1000 % 60)) s" }
    return "\(milliseconds / 3_600_000) h \(two(milliseconds / 60_000 % 60)) min"
  }

  /// `12 s`, `4 min`, `3 h`, `2 days`.
  static func age(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7200 { return "\(seconds / 60) min" }
    if seconds < 172_800 { return "\(seconds / 3600) h" }
    return "\(seconds / 86_400) days"
  }

  /// An estimate, in one unit and not too exact: `~40s`, `~3m`, `~2h`, `~4d`.
  static func remaining(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    if seconds < 60 { return "~\(max(5, (seconds + 4) / 5 * 5))s" }
    if seconds < 5400 { return "~\((seconds + 30) / 60)m" }
    if seconds < 129_600 { return "~\((seconds + 1800) / 3600)h" }
    return "~\((seconds + 43_200) / 86_400)d"
  }

  /// How long ago, short: `now`, `12s`, `4m`, `3h`, `2d`.
  static func ago(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    if seconds < 5 { return "now" }
    if seconds < 120 { return "\(seconds)s" }
    if seconds < 7200 { return "\(seconds / 60)m" }
    if seconds < 172_800 { return "\(seconds / 3600)h" }
    return "\(seconds / 86_400)d"
  }

  static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// `12:31:07` where the person is.
  static func clock(_ time: Timestamp, offset: Int, seconds: Bool = true) -> String {
    let day: Int64 = 86_400
    let local = ((time.milliseconds / 1000 + Int64(offset)) % day + day) % day
    let minutes = "\(two(local / 3600)):\(two(local / 60 % 60))"
    return seconds ? minutes + ":\(two(local % 60))" : minutes
  }

  /// `2026-11-22 12:31:07`.
  static func moment(_ time: Timestamp, offset: Int) -> String {
    let local = Timestamp(milliseconds: time.milliseconds + Int64(offset) * 1000).description
    return String(local.prefix(10)) + " " + String(local.dropFirst(11).prefix(8))
  }

  /// `12:31:07` today, `11-22 12:31` before.
  static func day(_ time: Timestamp, now: Timestamp, offset: Int) -> String {
    let (then, today) = (moment(time, offset: offset), moment(now, offset: offset))
    return then.prefix(10) == today.prefix(10) ? String(then.dropFirst(11)) : String(then.dropFirst(5).prefix(11))
  }

  /// `999`, `1.2k`, `34k`, `5.6M`.
  static func count(_ value: Int64) -> String {
    func scaled(_ unit: Int64, _ name: String) -> String {
      let whole = value / unit
      return whole < 10 ? "\(whole).\(value % unit * 10 / unit)\(name)" : "\(whole)\(name)"
    }
    if value < 1000 { return "\(value)" }
    return value < 1_000_000 ? scaled(1000, "k") : scaled(1_000_000, "M")
  }

  static func dollars(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "$?" }
    let places: Int64 = value < 1 ? 10_000 : 100
    let whole = Int64((value * Double(places)).rounded())
    let fraction = String(whole % places)
    let width = places == 100 ? 2 : 4
    return "$\(whole / places)." + String(repeating: "0", count: max(0, width - fraction.count)) + fraction
  }

  /// 0…100, rounded down; what is no number, or out of range, is brought in.
  static func percent(_ share: Double) -> Int {
    guard share.isFinite else { return 0 }
    return Int((max(0, min(1, share)) * 100).rounded(.down))
  }

  static func plural(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
  }

  /// `3 gone, 2 strays, 1 killed, kept 1a2b3c4`: processes, and the commit that holds the work.
  static func proof(_ proof: CancelProof) -> String {
    var words: [String] = []
    if proof.confirmedAt == nil, proof.stopSentAt != nil {
      words.append("unconfirmed")
    } else if proof.stopSentAt == nil, proof.processes == 0 {
      // It had not begun, or it had ended by itself.
      words.append("nothing was running")
    } else {
      words.append(proof.processes == 0 ? "confirmed" : "\(proof.processes) gone")
      if let strays = proof.strays, strays > 0 { words.append(plural(strays, "stray")) }
      if proof.killed > 0 { words.append("\(proof.killed) killed") }
    }
    if let commit = proof.commit { words.append("kept \(commit.prefix(7))") }
    if proof.uncommitted != nil { words.append("work not committed") }
    return words.joined(separator: ", ")
  }
}
