import RunModel

/// What an agent's task has made, as artifacts: notes from its texts, patches, files.
struct A2AWork {
  let task: A2ATask
  let folder: A2AFolder

  /// A note.
  private static let longestNote = 1 << 20

  /// `opensPullRequests`: what the agent names as a pull request is one that it has opened.
  func artifacts(opensPullRequests: Bool) throws(Problem) -> Artifacts {
    let changes = PatchText.changes(in: try patch())
    var artifacts = Artifacts(diffSummary: PatchText.summary(changes), handoffNote: note.bounded(Self.longestNote))
    var paths: [String] = []
    for path in changes.flatMap(\.paths) + files.map(\.name) where !paths.contains(path) { paths.append(path) }
    artifacts.filesChanged = paths
    if opensPullRequests { artifacts.prURL = task.pullRequest }
    if !files.isEmpty {
      let kept = "\(files.count) file\(files.count == 1 ? "" : "s") kept in \(folder.files)"
      artifacts.diffSummary += artifacts.diffSummary.isEmpty ? kept : "\n\(kept)"
    }
    var evidence: JSONObject = [:]
    var a2a: JSONObject = [:]
    if let id = task.id { a2a.append("taskId", .string(id)) }
    if let context = task.context { a2a.append("contextId", .string(context)) }
    if !files.isEmpty {
      a2a.append(
        "files",
        .array(
          files.map {
            ["name": .string($0.name), "path": .string(folder.files + "/" + $0.name), "bytes": .int(Int64($0.size))]
          }))
    }
    if !opensPullRequests, let address = task.pullRequest { a2a.append("pullRequest", .string(address)) }
    if !links.isEmpty { a2a.append("links", .array(links.map { .string($0) })) }
    if !a2a.isEmpty {
      evidence.append("a2a", .object(a2a))
      artifacts.evidence = .object(evidence)
    }
    return artifacts
  }

  /// What the patch changes; without one, the files that were made.
  func counts() throws(Problem) -> (files: Int, added: Int, removed: Int, paths: [String]) {
    let changes = PatchText.changes(in: try patch())
    let paths = changes.flatMap(\.paths) + files.map(\.name)
    return (
      changes.count + files.count, changes.reduce(0) { $0 + $1.added }, changes.reduce(0) { $0 + $1.removed },
      Array(paths.prefix(10_000))
    )
  }

  /// All patches, one after the other. Throws when that is more than a patch may be.
  func patch() throws(Problem) -> [UInt8] {
    var patch: [UInt8] = []
    for part in task.artifacts.flatMap(\.patches) {
      switch part.content {
      case .text(let text): patch += Array(text.utf8)
      case .kept(let name, _, _):
        patch += try Files.read(folder.files + "/" + name, limit: Bounds.patch + 1, following: false) ?? []
      case .link, .bytes: continue
      }
      guard patch.count <= Bounds.patch else {
        throw Problem(.tooLarge, "The agent's patch is larger than \(Bounds.patch >> 20) MiB; it is in \(folder.path).")
      }
      if let last = patch.last, last != 0x0A { patch.append(0x0A) }
    }
    return patch
  }

  private var files: [(name: String, size: Int)] {
    var files: [(name: String, size: Int)] = []
    for part in task.artifacts.flatMap(\.parts) where !PatchText.isPatch(part) {
      if case .kept(let name, let size, _) = part.content, !files.contains(where: { $0.name == name }) {
        files.append((name, size))
      }
    }
    return files
  }

  private var links: [String] {
    task.artifacts.flatMap(\.parts).compactMap { if case .link(let url) = $0.content { url } else { nil } }
  }

  /// The texts of the artifacts; without any, the agent's last message. Then where its files are.
  private var note: String {
    let texts = task.artifacts.filter(\.patches.isEmpty).map { ($0.name, $0.text) }.filter { !$0.1.isBlank }
    var paragraphs = texts.map { name, text in
      texts.count > 1 ? "\(name.map { "\($0):\n" } ?? "")\(text)" : text
    }
    if paragraphs.isEmpty, !task.lastWords.isBlank { paragraphs.append(task.lastWords) }
    if task.isCutShort { paragraphs.append("What it said beyond \(A2ATask.mostText >> 20) MiB was not kept.") }
    if !links.isEmpty { paragraphs.append("Not fetched:\n" + links.joined(separator: "\n")) }
    return paragraphs.joined(separator: "\n\n")
  }
}

extension A2ATask.KnownArtifact {
  /// Its parts that are patches; a patch that came in pieces is one part.
  fileprivate var patches: [A2APart] {
    if isStreamed, let first = parts.first, first.text != nil, PatchText.isPatch(first) {
      var whole = first
      whole.content = .text(text)
      return [whole]
    }
    return parts.filter(PatchText.isPatch)
  }
}

extension String {
  fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
