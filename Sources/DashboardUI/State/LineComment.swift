package import RunModel

/// A person's remark on lines of a run's diff, kept until it is sent to the agent.
package struct LineComment: Sendable, Equatable {
  package enum Side: String, Sendable { case old, new }

  var path: String
  var side: Side
  /// Line numbers on that side.
  var first: Int
  var last: Int
  /// The lines as they were, at most `mostQuoted` of them.
  var quote: [String]
  var text: String

  static let mostQuoted = 12
  static let longestQuote = 200
}

extension LineComment {
  /// `src/a.swift:12`, `src/a.swift:12–14`; removed lines by their old numbers.
  var place: String {
    let lines = first == last ? "\(first)" : "\(first)–\(last)"
    return "\(path):\(lines)" + (side == .old ? " (removed)" : "")
  }

  var json: JSONValue {
    [
      "path": .string(path), "side": .string(side.rawValue), "first": .int(Int64(first)), "last": .int(Int64(last)),
      "quote": .array(quote.map { .string($0) }), "text": .string(text),
    ]
  }

  /// Nil for what is no comment.
  init?(json: JSONValue) {
    guard let path = json["path"]?.string, let side = json["side"]?.string.flatMap(Side.init),
      let first = json["first"]?.int, let last = json["last"]?.int, let text = json["text"]?.string
    else { return nil }
    self.init(
      path: path, side: side, first: Int(clamping: first), last: Int(clamping: last),
      quote: (json["quote"]?.array ?? []).compactMap(\.string), text: text)
  }
}

/// The comments of all runs that have some.
package struct LineComments: Sendable, Equatable {
  private struct OfRun: Sendable, Equatable {
    var run: String
    var comments: [LineComment]
  }

  /// Latest touched first.
  private var runs: [OfRun] = []
  static let mostRuns = 200
  static let mostComments = 500

  package init() {}

  subscript(run: RunID) -> [LineComment] {
    get {
      let name = run.description
      return runs.first { $0.run == name }?.comments ?? []
    }
    set {
      let name = run.description
      runs.removeAll { $0.run == name }
      if !newValue.isEmpty {
        runs.insert(OfRun(run: name, comments: Array(newValue.prefix(Self.mostComments))), at: 0)
      }
      if runs.count > Self.mostRuns { runs.removeLast() }
    }
  }

  package var json: JSONValue {
    .object(JSONObject(runs.map { (key: $0.run, value: .array($0.comments.map(\.json))) }))
  }

  package init(json: JSONValue) {
    runs = (json.object ?? [:]).prefix(Self.mostRuns).compactMap { entry in
      let comments = (entry.value.array ?? []).compactMap(LineComment.init(json:))
      return comments.isEmpty ? nil : OfRun(run: entry.key, comments: comments)
    }
  }
}

/// The prompt that hands comments to an agent: each with its file, its lines and what they say.
enum ReviewPrompt {
  static func text(_ comments: [LineComment], introduction: String = "") -> String {
    var text = introduction.trimmed
    if text.isEmpty {
      text =
        comments.count == 1
        ? "Your changes on this branch were reviewed. Please work through this comment."
        : "Your changes on this branch were reviewed. Please work through these \(comments.count) comments."
    }
    for (number, comment) in comments.enumerated() {
      let lines =
        comment.first == comment.last ? "line \(comment.first)" : "lines \(comment.first) to \(comment.last)"
      let side = comment.side == .old ? ", as they were before your change" : ""
      text += "\n\n\(number + 1). \(comment.path), \(lines)\(side):\n"
      for line in comment.quote { text += "\n   > \(line)" }
      if comment.last - comment.first + 1 > comment.quote.count { text += "\n   > …" }
      text +=
        "\n\n"
        + comment.text.split(separator: "\n", omittingEmptySubsequences: false).map { "   \($0)" }
        .joined(separator: "\n")
    }
    return text + "\n"
  }
}

/// The small editor under a line of the diff.
struct CommentDialog: Sendable {
  /// The line of the patch that it stands under.
  var line: Int
  var comment: LineComment
  /// The place of the comment that is edited; nil for a new one.
  var place: Int?
  var field: TextField
}

/// All comments of a run before they are sent.
struct ReviewDialog: Sendable {
  var cursor = 0
  var introduction = TextField(isMultiline: true)
  var isEditing = false
  var isSending = false
}
