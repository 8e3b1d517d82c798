import FoundationEssentials
import RunModel
import RuntimeAdapters

/// The files of `profiles/` as `Package.swift` embeds them: one line a profile.
private enum BuiltinProfiles {
  static let files: [(name: String, bytes: [UInt8])] = [
    ("claude-code", PackageResources.claude_code_yaml),
    ("mini-swe-agent", PackageResources.mini_swe_agent_yaml),
    ("vibe", PackageResources.vibe_yaml),
  ]
}

/// The profiles there are: those built in, and the user's own in a folder.
struct ProfileShelf {
  /// `profiles` beside the configuration.
  let folder: String

  static let builtin = BuiltinProfiles.files.map(\.name)

  static func source(_ name: String) -> String? {
    BuiltinProfiles.files.first { $0.name == name }.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The user's own files, sorted; none when there is no such folder.
  var files: [String] { ThemeShelf.files(in: folder) }

  static func name(of path: String) -> String { ThemeShelf.slug(of: path) }

  /// A profile's text, the user's own before one of ours with the same name. Throws a `Problem` that names the nearest.
  func text(_ name: String) throws(Problem) -> (text: String, path: String?) {
    if let path = files.first(where: { Self.name(of: $0) == name }) {
      return (String(decoding: try WholeFile.read(path), as: UTF8.self), path)
    }
    if let source = Self.source(name) { return (source, nil) }
    let known = files.map(Self.name) + Self.builtin
    throw Problem(
      .notFound,
      "There is no profile \"\(name)\".\(Nearest.hint(for: name, among: known)) See: flightdeck profiles list")
  }

  func profile(_ name: String) throws(Problem) -> AgentProfile {
    let (text, path) = try text(name)
    let (profile, issues) = ProfileFile.read(text, name: name)
    guard let profile else {
      let words = issues.map(\.description).joined(separator: " ")
      throw Problem(.invalid, "The profile \"\(name)\"\(path.map { " (\($0))" } ?? ""): \(words)")
    }
    return profile
  }
}
