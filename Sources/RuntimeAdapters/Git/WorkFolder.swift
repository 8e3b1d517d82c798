import Glibc
import RunModel

/// What an agent may have made of the folder that it works in.
enum WorkFolder {
  /// Whether a path of git's, with `/` between its names, stays within the work tree and out of its `.git`.
  static func isInside(_ path: some Collection<UInt8>) -> Bool {
    path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { name in
      switch name.count {
      case 0: false
      case 1: name.first != UInt8(ascii: ".")
      case 2: !name.elementsEqual("..".utf8)
      case 4: !String(decoding: name, as: UTF8.self).lowercased().elementsEqual(".git")
      default: true
      }
    }
  }

  /// FIFOs and devices in places that git opens and then waits for: `.gitattributes`, the HEAD of a repository within.
  static func whatBlocks(in top: String) -> [String] {
    var found: [String] = []
    var folders = [(path: top, isGit: false)]
    while let folder = folders.popLast() {
      guard let stream = opendir(folder.path) else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        let path = "\(folder.path)/\(name)"
        switch Int(entry.pointee.d_type) {
        case 4:
          // Of a repository within, what tells its commit.
          if !folder.isGit || name == "refs" || folder.path.hasSuffix("/refs") {
            folders.append((path, folder.isGit || name == ".git" && folder.path != top))
          }
        case 1, 2, 6: if folder.isGit || name.hasPrefix(".git") { found.append(path) }
        default: break
        }
      }
    }
    return found
  }

  static func refuseWhatBlocks(in top: String) throws(Problem) {
    guard let first = whatBlocks(in: top).first else { return }
    throw Problem(
      .conflict, "\(first) is no file but a pipe or a device, for which git would wait for ever. Remove it.")
  }

  /// Once the agent is gone. Nothing is lost: neither holds anything.
  static func removeWhatBlocks(in top: String) {
    for path in whatBlocks(in: top) { unlink(path) }
  }
}
