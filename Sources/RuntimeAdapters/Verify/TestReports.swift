import CProcess
import Glibc
import RunModel

/// Finds the JUnit XML that a command has written under a worktree.
enum TestReports {
  /// A file system's own moment: its clock is coarser than the system's.
  struct Moment: Comparable {
    var seconds: Int
    var nanoseconds: Int
    static func < (a: Self, b: Self) -> Bool {
      (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }
  }

  private static let deepest = 8
  private static let mostFiles = 2000
  private static let longestReport = 64 << 20
  /// Of all reports together, in bytes and in entries.
  private static let mostBytes = 256 << 20
  private static let mostRecords = 100_000
  /// Folders with very many files and no reports.
  private static let skipped: Set<String> = [".git", "node_modules", ".venv", "venv", ".build", "__pycache__"]
  private static let reportFolders = ["test-results", "test-reports", "surefire-reports", "junit", "reports"]

  /// The moment that a file written now would carry.
  static func now(in folder: String) -> Moment {
    let probe = folder + "/began"
    // When it cannot be written, every report counts as new.
    try? Files.write([], to: probe)
    return modified(probe) ?? Moment(seconds: 0, nanoseconds: 0)
  }

  /// The entries of all reports modified since, in the order of their paths.
  static func records(in worktree: String, since began: Moment) -> [TestRecord] {
    var budget = mostFiles
    var paths: [String] = []
    collect(worktree, depth: 0, inReports: false, since: began, &budget, &paths)
    var records: [TestRecord] = []
    var room = mostBytes
    for path in paths.sorted() where room > 0 && records.count < mostRecords {
      // A report that cannot be read or understood is none: the command's exit code still counts.
      guard let bytes = try? Files.read(path, limit: min(longestReport, room), following: false) else { continue }
      room -= bytes.count
      records += JUnitReport.parse(bytes) ?? []
    }
    if records.count > mostRecords { records.removeSubrange(mostRecords...) }
    return records
  }

  private static func collect(
    _ folder: String, depth: Int, inReports: Bool, since began: Moment, _ budget: inout Int, _ paths: inout [String]
  ) {
    guard depth < deepest else { return }
    for name in Files.names(in: folder) where !skipped.contains(name) {
      let path = folder + "/" + name
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        collect(
          path, depth: depth + 1, inReports: inReports || reportFolders.contains(name.lowercased()), since: began,
          &budget, &paths)
      } else if status.st_mode & S_IFMT == S_IFREG, isReport(name, inReports: inReports), budget > 0,
        moment(status) >= began
      {
        budget -= 1
        paths.append(path)
      }
    }
  }

  static func isReport(_ name: String, inReports: Bool) -> Bool {
    let lower = name.lowercased()
    guard lower.hasSuffix(".xml") else { return false }
    return inReports || lower.hasPrefix("test-") || lower.contains("junit") || lower.hasPrefix("report")
      || lower.hasPrefix("test_result") || lower.hasPrefix("results") || lower.hasPrefix("xunit")
  }

  private static func modified(_ path: String) -> Moment? {
    var status = stat()
    return stat(path, &status) == 0 ? moment(status) : nil
  }

  private static func moment(_ status: stat) -> Moment {
    Moment(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
