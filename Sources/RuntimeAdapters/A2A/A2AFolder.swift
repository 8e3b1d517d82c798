import Crypto
import FoundationEssentials
import Glibc
import Orchestration
import RunModel

/// Where an A2A run's files lie: `<state>/runs/<runId>`.
struct A2AFolder: Hashable, Sendable {
  let path: String

  init(state: String, run: RunID) { path = "\(state)/runs/\(run)" }

  /// What was sent and to whom; written before it is sent, so that nothing is sent twice.
  var record: String { path + "/a2a.json" }
  /// What the agent has said, as far as it was news: a line of JSON each.
  var updates: String { path + "/updates.jsonl" }
  /// The files that it made.
  var files: String { path + "/files" }
  var end: String { path + "/end.json" }

  func json(_ path: String) throws(Problem) -> JSONValue? {
    guard let bytes = try Files.read(path) else { return nil }
    do throws(JSONError) { return try JSONValue(parsing: bytes) } catch {
      throw Problem(.internal, "\(path) is damaged: \(error).")
    }
  }

  func readRecord() throws(Problem) -> A2ARecord? { try json(record).flatMap(A2ARecord.init(json:)) }
  func readEnd() throws(Problem) -> LocalRunEnd? { try json(end).flatMap(LocalRunEnd.init(json:)) }
}

/// `a2a.json`.
struct A2ARecord: JSONWritable, Sendable {
  var run: RunID
  var runtime: RuntimeID
  var title: String
  /// Of the message that began the task; made of the run's id.
  var messageId: String
  /// Of the run that this one goes on with.
  var context: String?
  var references: [String] = []

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("runId", run.description)
      json.member("runtimeId", runtime.rawValue)
      json.member("title", title)
      json.member("messageId", messageId)
      if let context { json.member("contextId", context) }
      if !references.isEmpty { json.member("references", references) }
    }
  }

  init(run: RunID, runtime: RuntimeID, title: String) {
    self.run = run
    self.runtime = runtime
    self.title = title
    messageId = "flightdeck-\(run)"
  }

  init?(json: JSONValue) {
    guard let run = json["runId"]?.string.flatMap({ RunID($0) }), let runtime = json["runtimeId"]?.string else {
      return nil
    }
    self.init(run: run, runtime: RuntimeID(runtime), title: json["title"]?.string ?? "")
    messageId = json["messageId"]?.string ?? messageId
    context = json["contextId"]?.string
    references = json["references"]?.array?.compactMap(\.string) ?? []
  }
}

/// The record of a run's updates: appended to as they come, read again by who takes the run up.
final class A2ALog {
  /// What an agent may fill it with.
  static let most = 128 << 20
  private let descriptor: CInt
  private var size: Int

  /// Opens the record, and cuts off a last line that was not written to its end.
  init(path: String) throws(Problem) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Files.problem(errno, "write", path) }
    size = 0
    for entry in try Self.read(path) { size = entry.end }
    guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
      throw Files.problem(errno, "write", path)
    }
  }

  deinit { close(descriptor) }

  /// Where the update lies; nil when it could not be written, for want of room say.
  func append(_ update: A2AUpdate, durably: Bool) -> Int? {
    var bytes = update.jsonBytes
    bytes.append(0x0A)
    guard size + bytes.count <= Self.most else { return nil }
    guard Files.writeAll(bytes, to: descriptor) else {
      // Half a line must not be the beginning of the next.
      if ftruncate(descriptor, off_t(size)) == 0 { lseek(descriptor, 0, SEEK_END) }
      return nil
    }
    if durably { fsync(descriptor) }
    defer { size += bytes.count }
    return size
  }

  /// The updates of a record, each with where it begins and ends; none where there is no record.
  static func read(_ path: String) throws(Problem) -> [(offset: Int, end: Int, update: A2AUpdate)] {
    guard let bytes = try Files.read(path, limit: most + 1, following: false) else { return [] }
    var entries: [(offset: Int, end: Int, update: A2AUpdate)] = []
    var start = 0
    while let newline = bytes[start...].firstIndex(of: 0x0A) {
      // What is no update ends the record: nothing after it can be trusted to follow from what is before.
      guard let json = try? JSONValue(parsing: bytes[start..<newline]), let update = A2AUpdate(json: json) else {
        break
      }
      entries.append((start, newline + 1, update))
      start = newline + 1
    }
    return entries
  }
}

/// Puts the files that an agent sends into the run's folder, and nowhere else.
struct A2AFileKeeper {
  /// All files of one run.
  static let mostBytes = 256 << 20
  static let mostFiles = 1000

  let folder: String
  private var kept: [String: A2APart.Content] = [:]
  private var names: Set<String> = []
  private var bytes = 0

  init(folder: String) { self.folder = folder }

  /// Counts one that is there already.
  mutating func know(_ part: A2APart) {
    guard case .kept(let name, let size, let digest) = part.content, names.insert(name).inserted else { return }
    kept[key(part, digest)] = part.content
    bytes += size
  }

  /// The part as it goes on record. Throws when the file cannot be kept; the same one is kept once.
  mutating func keep(_ part: A2APart, as fallback: String) throws(Problem) -> A2APart {
    guard case .bytes(let content) = part.content else { return part }
    let digest = SHA256.hash(data: content).map { byte in
      let text = String(byte, radix: 16)
      return text.count < 2 ? "0" + text : text
    }.joined()
    var part = part
    if let known = kept[key(part, digest)] {
      part.content = known
      return part
    }
    guard names.count < Self.mostFiles, bytes + content.count <= Self.mostBytes else {
      throw Problem(
        .tooLarge,
        "a file of \(content.count) bytes was not kept: \(Self.mostFiles) files and \(Self.mostBytes >> 20) MiB are the most of a run"
      )
    }
    var name = FileName.confined(part.name ?? fallback)
    var number = 2
    while names.contains(name) {
      name = FileName.numbered(FileName.confined(part.name ?? fallback), number)
      number += 1
    }
    try Files.makeFolder(folder)
    try Files.write(content, to: folder + "/" + name)
    names.insert(name)
    bytes += content.count
    part.content = .kept(name: name, size: content.count, digest: digest)
    kept[key(part, digest)] = part.content
    return part
  }

  private func key(_ part: A2APart, _ digest: String) -> String { "\(digest) \(part.name ?? "")" }
}
