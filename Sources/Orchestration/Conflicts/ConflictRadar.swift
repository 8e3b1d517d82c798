import RunModel

/// Finds the files that several live runs of one repository change.
///
/// Two paths conflict when they are the same or one is a folder that the other lies in. The work follows what has
/// changed since a run's last report and how many others are concerned, not how many runs or files there are.
struct ConflictRadar: Sendable {
  /// Files named of one run; the others are counted.
  static let named = 20
  /// Files looked at of one run: more than that is no longer a matter for a person's eye.
  static let bound = 10_000

  struct Finding: Sendable, Equatable {
    var conflicts: [Conflict] = []
    /// How many of the run's files others change too.
    var files = 0
  }

  private struct Repository {
    /// Who changes exactly this path.
    var touched: [String: [RunID]] = [:]
    /// Who changes how many paths below this folder.
    var below: [String: [RunID: Int]] = [:]
  }

  private struct Member {
    var repository: String
    var paths: Set<String> = []
    /// The paths of its own that conflict, with the number of the others' paths that each conflicts with.
    var shared: [String: Int] = [:]
  }

  private var repositories: [String: Repository] = [:]
  private var members: [RunID: Member] = [:]

  /// The paths that the run changes now; returns the runs whose findings may have changed.
  mutating func update(_ run: RunID, in repository: String, paths: [String]) -> Set<RunID> {
    var affected: Set<RunID> = []
    if let known = members[run], known.repository != repository { affected = remove(run) }
    let now = Set(paths.prefix(Self.bound).map(Self.plain))
    let before = members[run, default: Member(repository: repository)].paths
    if members[run] == nil { members[run] = Member(repository: repository) }
    for path in before.subtracting(now) { take(path, of: run, in: repository, &affected) }
    for path in now.subtracting(before) { add(path, of: run, in: repository, &affected) }
    members[run]?.paths = now
    return affected
  }

  /// The run has ended; returns the others whose findings may have changed.
  mutating func remove(_ run: RunID) -> Set<RunID> {
    guard let member = members[run] else { return [] }
    var affected: Set<RunID> = []
    for path in member.paths { take(path, of: run, in: member.repository, &affected) }
    members[run] = nil
    if repositories[member.repository]?.touched.isEmpty == true { repositories[member.repository] = nil }
    affected.remove(run)
    return affected
  }

  func finding(of run: RunID) -> Finding {
    guard let member = members[run], !member.shared.isEmpty else { return Finding() }
    var finding = Finding(files: member.shared.count)
    for path in Self.first(Self.named, of: member.shared.keys) {
      let others = Set(others(than: run, at: path, in: member.repository).map(\.run))
      for other in others.sorted() where finding.conflicts.count < Self.named {
        finding.conflicts.append(Conflict(run: other, path: path))
      }
    }
    return finding
  }

  private mutating func add(
    _ path: String, of run: RunID, in repository: String, _ affected: inout Set<RunID>
  ) {
    for other in others(than: run, at: path, in: repository) {
      members[run]?.shared[path, default: 0] += 1
      members[other.run]?.shared[other.path, default: 0] += 1
      affected.formUnion([run, other.run])
    }
    repositories[repository, default: Repository()].touched[path, default: []].append(run)
    for folder in Self.folders(of: path) {
      repositories[repository]?.below[folder, default: [:]][run, default: 0] += 1
    }
  }

  private mutating func take(
    _ path: String, of run: RunID, in repository: String, _ affected: inout Set<RunID>
  ) {
    for other in others(than: run, at: path, in: repository) {
      if let count = members[other.run]?.shared[other.path] {
        members[other.run]?.shared[other.path] = count > 1 ? count - 1 : nil
      }
      affected.formUnion([run, other.run])
    }
    members[run]?.shared[path] = nil
    repositories[repository]?.touched[path]?.removeAll { $0 == run }
    if repositories[repository]?.touched[path]?.isEmpty == true { repositories[repository]?.touched[path] = nil }
    for folder in Self.folders(of: path) {
      guard let count = repositories[repository]?.below[folder]?[run] else { continue }
      repositories[repository]?.below[folder]?[run] = count > 1 ? count - 1 : nil
      if repositories[repository]?.below[folder]?.isEmpty == true { repositories[repository]?.below[folder] = nil }
    }
  }

  /// The other runs' paths that conflict with this one.
  private func others(
    than run: RunID, at path: String, in name: String
  ) -> [(run: RunID, path: String)] {
    guard let repository = repositories[name] else { return [] }
    var found: [(run: RunID, path: String)] = []
    for other in repository.touched[path] ?? [] where other != run { found.append((other, path)) }
    for folder in Self.folders(of: path) {
      for other in repository.touched[folder] ?? [] where other != run { found.append((other, folder)) }
    }
    // A folder that another run works in: as rare as it is costly.
    for other in (repository.below[path] ?? [:]).keys where other != run {
      let prefix = path + "/"
      for below in members[other]?.paths ?? [] where below.hasPrefix(prefix) { found.append((other, below)) }
    }
    return found
  }

  /// `a/b` and `a` of `a/b/c`.
  private static func folders(of path: String) -> [String] {
    path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
  }

  private static func plain(_ path: String) -> String {
    var path = path[...]
    if path.hasPrefix("./") { path = path.dropFirst(2) }
    while path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }

  /// The first in order, without sorting all.
  private static func first(_ count: Int, of keys: some Sequence<String>) -> [String] {
    var first: [String] = []
    for key in keys {
      if first.count == count, let last = first.last, key >= last { continue }
      first.insert(key, at: first.firstIndex { $0 > key } ?? first.count)
      if first.count > count { first.removeLast() }
    }
    return first
  }
}
