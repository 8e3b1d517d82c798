import FoundationEssentials
import Glibc
import RunModel

/// Where the orchestrator of a store listens, noted in the store's folder for those who look for it at the usual place.
struct ListeningNote: Sendable {
  let state: String

  private var path: String { state + "/listening" }

  /// It serves a message only, so that a folder which cannot be written is no reason not to serve.
  func write(_ addresses: [String]) {
    let text = addresses.joined(separator: "\n") + "\n"
    guard
      !FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { return }
    unlink(path)
  }

  func remove() { unlink(path) }

  /// The process of the orchestrator that holds the store now.
  var holder: Int32? {
    // Trying the lock would keep out one that is just starting. What is not there holds nothing.
    guard let holder = try? String(contentsOfFile: state + "/lock", encoding: .utf8),
      let pid = Int32(holder.prefix { $0.isNumber }),
      let command = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8),  // it has gone
      command.split(separator: "\0").contains("serve")
    else { return nil }
    return pid
  }

  /// Where one listens that holds the store now; empty when it has not said so, nil when none holds it.
  var addresses: [String]? {
    guard holder != nil else { return nil }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }  // it is about to start
    return text.split(separator: "\n").map(String.init)
  }

  /// Whether one holds the store that listens nowhere else: it is just starting, or ending.
  func isPassing(_ address: ServerAddress) -> Bool {
    addresses.map { $0.allSatisfy { $0 == "\(address)" } } ?? false
  }

  /// What to do where nobody answers at `address`; nil when the address alone says it.
  func wayOut(from address: ServerAddress) -> String? {
    guard case .unix(let path) = address, let holder, let addresses else { return nil }
    if addresses.contains("\(address)"), access(path, F_OK) != 0 {
      return
        "The one of the store in \(state) works, but its socket was removed: it makes it anew within a few seconds. "
        + "Where it does not, restart process \(holder); agents go on meanwhile."
    }
    let others = addresses.filter { $0 != "\(address)" }
    guard !others.isEmpty else {
      return "One uses the store in \(state) and is just starting or ending: try again in a moment."
    }
    return "The one of the store in \(state) listens at \(others.joined(separator: " and ")): "
      + "--connect \(others.lazy.compactMap(Self.reachable).first ?? Self.byName(others[0])), or FLIGHTDECK_CONNECT."
  }

  private static func byName(_ address: String) -> String {
    let port = address.split(separator: ":").last ?? "PORT"
    return "https://HOST:\(port) with a name that its certificate has"
  }

  /// As a client names it; nil for one that listens on every address of the machine, which is no name.
  static func reachable(_ address: String) -> String? {
    // What this wrote can be read.
    guard let known = try? ServerAddress(address) else { return address }
    switch known {
    case .unix: return address
    case .http(let host, _), .https(let host, _):
      return ["0.0.0.0", "::", "[::]", "0"].contains(host) ? nil : address
    }
  }
}
