import Dispatch
import Glibc

/// Tells of changes to the user's theme files, by inotify: nothing happens while nothing happens.
///
/// Looks at the folder, or, while there is none, at the one that it would lie in; and at the files themselves, as they may be
/// links to files elsewhere.
final class ThemeWatch {
  private let source: any DispatchSourceRead

  /// Nil where the system has no more watches: themes are then read at the start alone.
  init?(_ folder: String, onChange: @escaping @Sendable () -> Void) {
    let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
    Self.watch(folder, descriptor)
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
    source.setEventHandler {
      guard Self.drain(descriptor) else { return }
      // The folder may have come only now, and files with it.
      Self.watch(folder, descriptor)
      onChange()
    }
    source.setCancelHandler { close(descriptor) }
    source.resume()
  }

  deinit { source.cancel() }

  private static func watch(_ folder: String, _ descriptor: Int32) {
    // Files count when they are whole: closed, or moved into place.
    let changes = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
    if inotify_add_watch(descriptor, folder, changes) >= 0 {
      for file in ThemeShelf.files(in: folder) { inotify_add_watch(descriptor, file, UInt32(IN_CLOSE_WRITE)) }
    } else {
      inotify_add_watch(descriptor, Paths.parent(of: folder), UInt32(IN_CREATE | IN_MOVED_TO))
    }
  }

  /// Takes all that is there; false when that was nothing.
  private static func drain(_ descriptor: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 8) { buffer in
      var found = false
      while read(descriptor, buffer.baseAddress, buffer.count) > 0 { found = true }
      return found
    }
  }
}
