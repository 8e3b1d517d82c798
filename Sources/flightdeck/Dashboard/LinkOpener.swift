import FoundationEssentials
import RunModel
import TerminalKit

/// The desktop's own way to open an address: `xdg-open`.
enum LinkOpener {
  /// Throws `Problem(.unavailable)` where there is no desktop to open it on, or no such program.
  static func open(_ text: String) async throws {
    guard let address = LinkAddress(text) else { throw Problem(.invalid, "\(text) is no web address") }
    let environment = ProcessInfo.processInfo.environment
    guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else {
      throw Problem(.unavailable, "There is no desktop here to open it on")
    }
    // The shell puts it into the background, so that nobody waits for a browser to end.
    let script = "command -v xdg-open >/dev/null || exit 1; xdg-open \"$1\" >/dev/null 2>&1 &"
    let status = try await ChildProcess.run(["sh", "-c", script, "sh", address.text])
    if status != 0 { throw Problem(.unavailable, "xdg-open is not installed") }
  }
}
