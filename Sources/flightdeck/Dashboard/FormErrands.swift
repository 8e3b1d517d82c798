import DashboardUI
import FoundationEssentials
import Glibc
import RunModel
import RuntimeAdapters
import Yams

/// What the dispatch form wants to know of this machine.
enum FormErrands {
  /// Folders offered at most.
  private static let mostFolders = 200

  static func inspect(_ question: RepositoryQuestion) async -> RepositoryFacts {
    let path = expanded(question.path)
    let inspection = RepositoryInspection(environment: ProcessInfo.processInfo.environment)
    var facts = RepositoryFacts(question: question, path: path)
    facts.problem = await inspection.complaint(about: path, base: question.base.isEmpty ? nil : question.base)
    do {
      if facts.problem?.member != "repository" {
        let report = try await inspection.report(on: path)
        facts.branch = report.branch
        facts.refs = report.refs
        facts.uncommittedFiles = report.uncommittedFiles
      }
    } catch {
      facts.problem = error as? Problem ?? Problem(.unavailable, "\(error)", member: "repository")
    }
    return facts
  }

  /// The folders that what is typed may go on to; hidden ones only when a dot is typed.
  static func folders(_ prefix: String) -> FolderListing {
    let path = prefix.hasPrefix("~/") || prefix.hasPrefix("/") ? expandedHome(prefix) : prefix
    guard let slash = path.lastIndex(of: "/") else { return FolderListing(prefix: prefix, folders: []) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    let begun = path[path.index(after: slash)...]
    // A folder that cannot be read has nothing to offer.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var found: [FolderListing.Folder] = []
    for name in names.sorted() where name.hasPrefix(begun) && (begun.hasPrefix(".") || !name.hasPrefix(".")) {
      let whole = (folder == "/" ? "" : folder) + "/" + name
      var isFolder = false
      guard FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder), isFolder else { continue }
      let shown = prefix.hasPrefix("~/") ? "~/" + whole.dropFirst(home.count + 1) : whole
      found.append(
        .init(path: shown, isRepository: FileManager.default.fileExists(atPath: whole + "/.git")))
      if found.count == mostFolders { break }
    }
    return FolderListing(prefix: prefix, folders: found)
  }

  /// The templates of the configuration folder, and a word on each that cannot be read.
  static func templates(in folder: String) throws -> [Message] {
    // No folder of one's own is the usual case, not an error.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var templates: [WorkTemplate] = []
    var messages: [Message] = []
    for name in names.sorted().prefix(200) {
      let parts = name.split(separator: ".")
      guard let ending = parts.last, ["json", "yaml", "yml"].contains(ending), parts.count > 1 else { continue }
      let path = folder + "/" + name
      do {
        let bytes = try WholeFile.read(path)
        let json =
          ending == "json"
          ? try JSONValue(parsing: bytes) : try JSONValue(yaml: String(decoding: bytes, as: UTF8.self))
        templates.append(
          WorkTemplate(
            name: parts.dropLast().joined(separator: "."), draft: try WorkDraft(json: json), file: path))
      } catch {
        messages.append(.failed(Problem(.invalid, "\(path): \(error)"), .here))
      }
    }
    return [.templates(templates)] + messages
  }

  /// Off the terminal's thread: it may be long.
  static func read(_ source: WorkSource) throws -> WorkSurvey {
    switch source {
    case .pasted(let text): ContractIntake.survey(Array(text.utf8))
    case .file(let path): ContractIntake.survey(try WholeFile.read(expanded(path)))
    }
  }

  /// As many requests as keep each below what the orchestrator takes in one, in their order.
  static func portions(of request: DispatchRequest) -> [DispatchRequest] {
    var portions: [DispatchRequest] = []
    var size = 0
    for contract in request.contracts {
      let own = contract.jsonBytes.count
      if portions.isEmpty || size + own > 8 << 20 {
        var portion = request
        portion.contracts = []
        portions.append(portion)
        size = 0
      }
      portions[portions.count - 1].contracts.append(contract)
      size += own
    }
    return portions
  }

  private static var home: String { ProcessInfo.processInfo.environment["HOME"] ?? "" }

  private static func expandedHome(_ path: String) -> String {
    path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path
  }

  private static func expanded(_ path: String) -> String {
    Paths.absolute(expandedHome(path), in: FileManager.default.currentDirectoryPath)
  }
}

extension JSONValue {
  /// A YAML document as the same JSON would be.
  init(yaml text: String) throws {
    guard let node = try Yams.compose(yaml: text) else {
      self = .null
      return
    }
    self = JSONValue(node)
  }

  private init(_ node: Node) {
    switch node {
    case .mapping(let mapping):
      self = .object(JSONObject(mapping.map { (key: $0.key.string ?? "", value: JSONValue($0.value)) }))
    case .sequence(let sequence): self = .array(sequence.map { JSONValue($0) })
    case .scalar(let scalar):
      if scalar.style != .plain {
        self = .string(scalar.string)
      } else if let bool = Bool.construct(from: scalar) {
        self = .bool(bool)
      } else if let int = Int64(scalar.string) {
        self = .int(int)
      } else if let double = Double(scalar.string) {
        self = .double(double)
      } else {
        self = scalar.string == "null" || scalar.string == "~" || scalar.string.isEmpty ? .null : .string(scalar.string)
      }
    case .alias: self = .null
    }
  }
}
