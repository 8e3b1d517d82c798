import Glibc

/// The case that runs at present, in a file that is there even when the process dies of it: a shared mapping, which the
/// system keeps whatever happens to us.
final class CaseFile {
  private let path: String
  private let size: Int
  private let memory: UnsafeMutableRawPointer

  /// Nil when the file cannot be made; the fuzzing goes on without it.
  init?(path: String, longest: Int) {
    self.path = path
    size = longest + 8
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(size)) == 0,
      let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED
    else { return nil }
    memory = mapped
  }

  deinit { munmap(memory, size) }

  func keep(_ bytes: [UInt8]) {
    let count = min(bytes.count, size - 8)
    memory.storeBytes(of: UInt64(count), as: UInt64.self)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { (memory + 8).copyMemory(from: base, byteCount: count) } }
  }

  /// All went well.
  func remove() { unlink(path) }

  /// What a process died of; nil when none did.
  static func leftover(_ path: String) -> [UInt8]? {
    guard let bytes = CaseFolder.read(path), bytes.count >= 8 else { return nil }
    let count = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Array(bytes.dropFirst(8).prefix(Int(min(count, UInt64(bytes.count)))))
  }
}

/// Files of cases.
enum CaseFolder {
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = Glibc.read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  /// The cases that were kept, in the order of their names.
  static func kept(_ folder: String) -> [(name: String, bytes: [UInt8])] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = Glibc.readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().compactMap { name in read("\(folder)/\(name)").map { (name, $0) } }
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
