import RunModel
import TerminalKit

/// What an agent asks, for people: the question, what it wants to do, and how to answer.
struct AttentionSheet {
  let attention: Attention
  let run: RunID

  var lines: [String] {
    var lines = [attention.question]
    if let detail = attention.detail {
      lines.append("tool     \(detail.tool.rawValue)" + (detail.title.isEmpty ? "" : "  \(detail.title)"))
      if let command = detail.command { lines.append("command  \(command)") }
      if !detail.paths.isEmpty { lines.append("in       " + detail.paths.joined(separator: "\n         ")) }
      if let diff = detail.diff, !diff.isEmpty { lines += ["", diff, ""] }
    }
    lines += attention.options.enumerated().map { place, option in
      let choice = attention.choice(of: option).map { "  (\($0.rawValue.replacing("_", with: " ")))" }
      return "\(place + 1)  \(option)\(choice ?? "")"
    }
    lines.append("flightdeck answer \(run.shortName) \(example)")
    if attention.isPermission {
      let words = [
        attention.allowing.map { _ in "allow" }, attention.allowingAlways.map { _ in "always" },
        attention.rejecting.map { _ in "reject" },
      ].compactMap { $0 }
      if !words.isEmpty { lines.append("or --option " + words.joined(separator: " | ")) }
    }
    return lines
  }

  private var example: String {
    guard let first = attention.options.first else { return "--text '…'" }
    return Self.option(first) ?? "--option 1"
  }

  /// To be copied into a shell; nil for an option that is not what it looks like.
  static func option(_ option: String) -> String? {
    guard !option.unicodeScalars.contains(where: DisplayText.hides) else { return nil }
    return "--option" + (option.hasPrefix("-") ? "=" : " ") + "'" + option.replacing("'", with: "'\\''") + "'"
  }
}
