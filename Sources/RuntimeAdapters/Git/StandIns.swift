import Glibc
import Orchestration
import RunModel
import Synchronization

/// What git is shown in place of a repository's shared folder: its objects and references by links, and a configuration of
/// our own making. So nothing that the repository configures can run, whatever the key is called, and no time lies between
/// a look at its configuration and its use.
struct StandIn: Sendable, Equatable {
  let path: String
  let common: String
  /// Filters that the repository's own configuration names: they are not run.
  var filters: [String]

  /// What git says about the stand-in is about the repository.
  func translated(_ text: String) -> String {
    guard text.contains(path) else { return text }
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    let top = common.hasSuffix("/.git") ? String(common.dropLast(5)) : common
    return text.replacing(path, with: common).replacing("/" + folder, with: top)
  }
}

/// The stand-ins of all repositories that one `Git` has looked at.
final class StandIns: Sendable {
  private let wanted: String?
  private let temporary: String
  private let made = Mutex<(folder: String?, known: [String: (stamp: FileStamp, standIn: StandIn)])>((nil, [:]))

  init(folder: String?, temporary: String?) {
    wanted = folder
    self.temporary = temporary ?? "/tmp"
  }

  deinit {
    if wanted == nil, let folder = made.withLock({ $0.folder }) { Files.removeTree(folder) }
  }

  /// What is linked; all but these are not git's, or are configuration.
  private static let linked = [
    "HEAD", "objects", "refs", "packed-refs", "reftable", "logs", "info", "shallow", "worktrees", "modules", "lfs",
  ]

  func standIn(for common: String, settings: (String) async throws -> RepositorySettings) async throws -> StandIn {
    let file = common + "/config"
    let stamp = FileStamp(file)
    if let known = made.withLock({ $0.known[common] }), known.stamp == stamp, Files.exists(known.standIn.path) {
      try link(known.standIn)
      return known.standIn
    }
    let settings = try await settings(file)
    return try made.withLock { made in
      let folder = try made.folder ?? self.folder()
      made.folder = folder
      let standIn = StandIn(
        path: "\(folder)/\(Self.fingerprint(of: common))/.git", common: common, filters: settings.filters)
      try Files.makeFolder(standIn.path)
      try link(standIn)
      // Another may be about the same one.
      let fresh = "\(standIn.path)/config-\(ULIDGenerator().next())"
      try Files.write(settings.text, to: fresh)
      guard rename(fresh, standIn.path + "/config") == 0 else { throw Files.problem(errno, "write", standIn.path) }
      made.known[common] = (stamp, standIn)
      return standIn
    }
  }

  private func folder() throws(Problem) -> String {
    if let wanted {
      try Files.makeFolder(wanted)
      return wanted
    }
    var template = Array("\(temporary)/flightdeck-git-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Files.problem(errno, "make a folder in", temporary)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A repository gets more of them with time. One that is not there yet is a link all the same where git would make a
  /// file of it; a folder it would not make through a link.
  private func link(_ standIn: StandIn) throws(Problem) {
    for name in Self.linked {
      let (place, target) = ("\(standIn.path)/\(name)", "\(standIn.common)/\(name)")
      guard !Files.isLink(place), name == "packed-refs" || Files.exists(target) else { continue }
      // What git has made here while there was nothing to link to.
      Files.removeTree(place)
      guard symlink(target, place) == 0 || errno == EEXIST else { throw Files.problem(errno, "make", place) }
    }
  }

  /// FNV-1a, 64 bits.
  private static func fingerprint(of text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 36)
  }
}

/// What of a repository's configuration counts: how its files are stored and who commits. None of it names a program, a path
/// or an address.
struct RepositorySettings: Sendable, Equatable {
  private(set) var text: [UInt8] = []
  private(set) var filters: [String] = []

  private static let plain: Set<String> = [
    "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode", "core.trustctime", "core.autocrlf",
    "core.eol", "core.safecrlf", "core.checkstat", "core.bigfilethreshold", "core.compression", "core.sharedrepository",
    "core.logallrefupdates", "extensions.objectformat", "extensions.refstorage", "i18n.commitencoding",
  ]
  private static let names: Set<String> = [
    "user.name", "user.email", "author.name", "author.email", "committer.name", "committer.email",
  ]

  init() { text = Array("[core]\n\trepositoryformatversion = 0\n\tbare = false\n".utf8) }

  /// From what `git config --list -z` prints: `KEY\nVALUE\0`, the value left out for one that is only named.
  init(listing: [UInt8]) {
    var lines: [String] = []
    var needsFormat = false
    for entry in listing.split(separator: 0) {
      let parts = entry.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(decoding: parts[0], as: UTF8.self)
      let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "true"
      if key.hasPrefix("filter."), ["clean", "smudge", "process"].contains(where: { key.hasSuffix(".\($0)") }),
        !value.isEmpty
      {
        let name = key.split(separator: ".").dropFirst().dropLast().joined(separator: ".")
        if !filters.contains(name) { filters.append(name) }
        continue
      }
      guard Self.plain.contains(key) && Self.isPlain(value) || Self.names.contains(key) && Self.isName(value),
        let dot = key.firstIndex(of: ".")
      else { continue }
      if key.hasPrefix("extensions.") { needsFormat = true }
      lines.append("[\(key[..<dot])]\n\t\(key[key.index(after: dot)...]) = \(Self.quoted(value))")
    }
    let format = "[core]\n\trepositoryformatversion = \(needsFormat ? 1 : 0)\n\tbare = false"
    text = Array((([format] + lines).joined(separator: "\n") + "\n").utf8)
  }

  private static func isPlain(_ value: String) -> Bool {
    value.utf8.count <= 64
      && value.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || [0x2B, 0x2D, 0x2E, 0x5F].contains($0)
      }
  }

  private static func isName(_ value: String) -> Bool {
    value.utf8.count <= 1000 && value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }

  private static func quoted(_ value: String) -> String {
    "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

extension Git {
  /// A repository's configuration as it lies there, without what it includes: read, never applied.
  func settings(of file: String) async throws -> RepositorySettings {
    guard Files.isRegular(file) else { return RepositorySettings() }
    let answer = try await look(["config", "--file", file, "--no-includes", "--list", "-z"], from: "/")
    guard answer.status == 0 else {
      throw Problem(.invalid, "git cannot read \(file): \(answer.diagnostics)", member: "repository")
    }
    return RepositorySettings(listing: answer.output)
  }

  /// Filters of a repository's own that are not run, where the operator's configuration has none of that name.
  func ignoredFilters(in checkout: Checkout) async throws -> [String] {
    let filters = try await standIns.standIn(for: checkout.common) { try await settings(of: $0) }.filters
    guard !filters.isEmpty else { return [] }
    let own = RepositorySettings(listing: try await look(["config", "--list", "-z"], from: "/").output).filters
    return filters.filter { !own.contains($0) }
  }
}
