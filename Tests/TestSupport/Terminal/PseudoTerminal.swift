import CProcess
package import CVTerm
import Glibc

/// A program on a terminal of its own, whose screen libvterm keeps in this process: keys go in, cells and modes come out.
///
/// Nothing sleeps: `wait` returns as soon as what it waits for is on the screen, and throws with the screen's text when it
/// never gets there. Belongs to one test. Ends its program when it goes away.
package final class PseudoTerminal {
  package enum Exit: Equatable {
    case exited(Int32)
    case signaled(Int32)
  }

  package private(set) var rows: Int
  package private(set) var columns: Int
  package let pid: Int32
  package private(set) var altScreen = false
  package private(set) var cursorVisible = true
  /// As libvterm names them: 0 none, 1 clicks.
  package private(set) var mouseMode = 0
  /// Bodies of the operating system commands that libvterm does not know, as `52;c;aGk=`.
  package private(set) var oscs: [String] = []
  /// What it answers when it is asked for its background, as `rgb:ffff/ffff/ffff`; nil: nothing.
  package var background: String?
  /// All that the program wrote.
  package private(set) var raw: [UInt8] = []
  package private(set) var exit: Exit?

  private let vterm: OpaquePointer
  private let screen: OpaquePointer
  private let state: OpaquePointer
  private var master: Int32
  private let slave: Int32
  private let process: Int32
  private let initial: termios
  private let screenCallbacks = UnsafeMutablePointer<VTermScreenCallbacks>.allocate(capacity: 1)
  private let parserCallbacks = UnsafeMutablePointer<VTermParserCallbacks>.allocate(capacity: 1)

  /// The wait that no healthy test comes near, on the slowest machine.
  package static let patience = 30_000

  /// The variables that a program starts with, unless the test says otherwise; an empty value removes one.
  package static var environment: [String: String] {
    var variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color", "HOME": "/tmp",
    ]
    // Where the Swift runtime is, when it is not where the linker said.
    if let path = getenv("LD_LIBRARY_PATH") { variables["LD_LIBRARY_PATH"] = String(cString: path) }
    return variables
  }

  /// The path of a program of this package, which lies beside the one that runs the tests.
  package static func product(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
    let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/" + name
  }

  package init(
    _ arguments: [String], rows: Int = 24, columns: Int = 80, environment: [String: String] = [:],
    directory: String? = nil
  ) throws {
    self.rows = rows
    self.columns = columns
    var name = [CChar](repeating: 0, count: 128)
    var ends: (master: Int32, slave: Int32) = (-1, -1)
    let opened = cprocess_pty_open(Int32(rows), Int32(columns), &ends.master, &ends.slave, &name, name.count)
    guard opened == 0 else { throw Failure("No pseudo-terminal: errno \(opened).") }
    (master, slave) = (ends.master, ends.slave)
    var settings = termios()
    tcgetattr(slave, &settings)
    initial = settings

    var variables = Self.environment.merging(environment) { $1 }
    for (variable, value) in environment where value.isEmpty { variables[variable] = nil }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
    var started: (pid: pid_t, process: Int32) = (0, -1)
    let failed = cprocess_pty_spawn(name, directory, &argv, &envp, &started.pid, &started.process)
    argv.forEach { free($0) }
    envp.forEach { free($0) }
    guard failed == 0 else {
      close(ends.master)
      close(ends.slave)
      throw Failure("\(arguments.first ?? "") did not start: errno \(failed).")
    }
    (pid, process) = started

    vterm = vterm_new(Int32(rows), Int32(columns))
    vterm_set_utf8(vterm, 1)
    screen = vterm_obtain_screen(vterm)
    state = vterm_obtain_state(vterm)
    vterm_screen_enable_altscreen(screen, 1)
    listen()
    vterm_screen_reset(screen, 1)
  }

  deinit {
    if exit == nil {
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
    }
    if master >= 0 { close(master) }
    close(slave)
    if process >= 0 { close(process) }
    vterm_free(vterm)
    screenCallbacks.deallocate()
    parserCallbacks.deallocate()
  }

  private func listen() {
    screenCallbacks.initialize(to: VTermScreenCallbacks())
    parserCallbacks.initialize(to: VTermParserCallbacks())
    screenCallbacks.pointee.settermprop = { property, value, user in
      guard let user, let value else { return 1 }
      let terminal = Unmanaged<PseudoTerminal>.fromOpaque(user).takeUnretainedValue()
      switch property {
      case VTERM_PROP_ALTSCREEN: terminal.altScreen = value.pointee.boolean != 0
      case VTERM_PROP_CURSORVISIBLE: terminal.cursorVisible = value.pointee.boolean != 0
      case VTERM_PROP_MOUSE: terminal.mouseMode = Int(value.pointee.number)
      default: break
      }
      return 1
    }
    parserCallbacks.pointee.osc = { command, length, user in
      guard let user else { return 1 }
      let terminal = Unmanaged<PseudoTerminal>.fromOpaque(user).takeUnretainedValue()
      let body = String(decoding: UnsafeRawBufferPointer(start: command, count: length), as: UTF8.self)
      terminal.oscs.append(body)
      if body == "11;?", let color = terminal.background { terminal.send("\u{1B}]11;\(color)\u{7}") }
      return 1
    }
    let user = Unmanaged.passUnretained(self).toOpaque()
    vterm_screen_set_callbacks(screen, screenCallbacks, user)
    vterm_screen_set_unrecognised_fallbacks(screen, parserCallbacks, user)
    vterm_output_set_callback(
      vterm,
      { bytes, count, user in
        guard let user, let bytes else { return }
        let terminal = Unmanaged<PseudoTerminal>.fromOpaque(user).takeUnretainedValue()
        terminal.write(UnsafeRawBufferPointer(start: bytes, count: count))
      }, user)
  }

  // MARK: Waiting

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
  }

  /// Reads what the program writes until `condition` holds.
  package func wait(_ what: String = "the screen", until condition: () -> Bool) throws {
    let deadline = Self.now + Self.patience
    while !condition() {
      let left = deadline - Self.now
      guard left > 0 else { throw failure("Waited in vain for \(what)") }
      if !pump(left) {
        if condition() { return }
        throw failure("The program ended before \(what)")
      }
    }
  }

  package func wait(forText text: String) throws {
    try wait("“\(text)”") { self.text.contains(text) }
  }

  /// Waits for the program's end, and reads all that it wrote.
  @discardableResult
  package func waitExit() throws -> Exit {
    let deadline = Self.now + Self.patience
    while exit == nil {
      let left = deadline - Self.now
      guard left > 0 else { throw failure("The program does not end") }
      _ = pump(left)
    }
    while master >= 0, cprocess_pty_wait(master, -1, 0) != 0, readAvailable() {}
    return exit ?? .exited(-1)
  }

  /// Waits, after the program's end, for another process to write what makes the terminal whole.
  package func waitWhole() throws {
    let deadline = Self.now + Self.patience
    while !damage.isEmpty {
      let left = deadline - Self.now
      guard left > 0, master >= 0 else { throw failure("Nobody mends \(damage)") }
      if cprocess_pty_wait(master, -1, Int32(clamping: left)) != 0, !readAvailable() {
        throw failure("Nobody mends \(damage)")
      }
    }
  }

  /// Processes that began with this variable in their environment, those of other sessions among them.
  package static func processes(with variable: String) -> [Int32] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [Int32] = []
    let wanted = Array(variable.utf8)
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let process = Int32(name) else { continue }
      let file = Glibc.open("/proc/\(name)/environ", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { continue }
      defer { close(file) }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = max(0, read(file, &bytes, bytes.count))
      if bytes[..<count].split(separator: 0).contains(where: { $0.elementsEqual(wanted) }) { found.append(process) }
    }
    return found
  }

  /// Waits for the end without reading a byte, as a terminal whose window is frozen.
  package func waitExitUnread() throws {
    let deadline = Self.now + Self.patience
    while exit == nil {
      let left = deadline - Self.now
      guard left > 0 else { throw failure("The program does not end while nobody reads") }
      if cprocess_pty_wait(-1, process, Int32(clamping: left)) != 0 { reap() }
    }
  }

  private func failure(_ what: String) -> Failure {
    Failure("\(what). Exit: \(exit.map { "\($0)" } ?? "none"). The screen:\n\(text)")
  }

  /// Reads once; false when there will be nothing more.
  private func pump(_ milliseconds: Int) -> Bool {
    guard exit == nil else { return readAvailable(wait: false) }
    let events = Int(cprocess_pty_wait(master, process, Int32(clamping: milliseconds)))
    if events & Int(CPROCESS_PTY_READABLE) != 0, readAvailable() { return true }
    if events & Int(CPROCESS_PTY_ENDED) != 0 {
      reap()
      return true
    }
    return true
  }

  private func reap() {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return }
    exit = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signaled(status & 0x7F)
  }

  private func readAvailable(wait: Bool = true) -> Bool {
    guard master >= 0 else { return false }
    if !wait, cprocess_pty_wait(master, -1, 0) == 0 { return false }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
      let count = read(master, buffer.baseAddress, buffer.count)
      guard count > 0 else { return false }
      raw.append(contentsOf: UnsafeRawBufferPointer(start: buffer.baseAddress, count: count))
      _ = vterm_input_write(vterm, buffer.baseAddress, count)
      return true
    }
  }

  private static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  // MARK: What a person does

  package func send(_ text: String) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
  }

  package func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  private func write(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(master, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  package func key(_ key: VTermKey) { vterm_keyboard_key(vterm, key, VTERM_MOD_NONE) }

  package func paste(_ text: String) { send("\u{1B}[200~\(text)\u{1B}[201~") }

  /// A click with the left button, as the program asked to be told of it; `x` and `y` count from 0.
  package func click(x: Int, y: Int) {
    vterm_mouse_move(vterm, Int32(y), Int32(x), VTERM_MOD_NONE)
    vterm_mouse_button(vterm, 1, true, VTERM_MOD_NONE)
    vterm_mouse_button(vterm, 1, false, VTERM_MOD_NONE)
  }

  package func wheel(up: Bool, x: Int, y: Int) {
    vterm_mouse_move(vterm, Int32(y), Int32(x), VTERM_MOD_NONE)
    vterm_mouse_button(vterm, up ? 4 : 5, true, VTERM_MOD_NONE)
  }

  package func resize(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    vterm_set_size(vterm, Int32(rows), Int32(columns))
    _ = cprocess_pty_resize(master, Int32(rows), Int32(columns))
  }

  package func signal(_ number: Int32) { kill(pid, number) }

  /// The terminal vanishes, as when its window is closed.
  package func hangUp() {
    close(master)
    master = -1
  }

  /// Another program writes over the screen.
  package func spoil() {
    var bytes = Array("\u{1B}[H\u{1B}[2Jspoiled".utf8).map(CChar.init(bitPattern:))
    _ = vterm_input_write(vterm, &bytes, bytes.count)
  }

  // MARK: What a person sees

  package func cell(x: Int, y: Int) -> ScreenCell {
    var cell = VTermScreenCell()
    vterm_screen_get_cell(screen, VTermPos(row: Int32(y), col: Int32(x)), &cell)
    return ScreenCell(cell)
  }

  /// Without the spaces at its end.
  package func line(_ y: Int) -> String {
    var text = ""
    var x = 0
    while x < columns {
      let cell = cell(x: x, y: y)
      text += cell.text.isEmpty ? " " : cell.text
      x += max(1, cell.width)
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  package var text: String { (0..<rows).map(line).joined(separator: "\n") }

  package var cursor: (x: Int, y: Int) {
    var place = VTermPos()
    vterm_state_get_cursorpos(state, &place)
    return (Int(place.col), Int(place.row))
  }

  /// Whether a private mode was last switched on, as 2004 for bracketed paste.
  package func isOn(mode: Int) -> Bool {
    let written = String(decoding: raw, as: UTF8.self)
    let parts = written.components(separatedBy: "\u{1B}[?\(mode)")
    guard parts.count > 1, let last = parts.last else { return false }
    return last.hasPrefix("h")
  }

  /// Whether the device's settings are those from before the program ran.
  package var termiosRestored: Bool {
    var now = termios()
    guard tcgetattr(slave, &now) == 0 else { return false }
    return now.c_iflag == initial.c_iflag && now.c_oflag == initial.c_oflag && now.c_cflag == initial.c_cflag
      && now.c_lflag == initial.c_lflag
      && withUnsafeBytes(of: now.c_cc, Array.init) == withUnsafeBytes(of: initial.c_cc, Array.init)
  }

  /// What is not as a program must leave it; empty when the terminal is whole.
  package var damage: [String] {
    var found: [String] = []
    if !termiosRestored { found.append("settings") }
    if altScreen { found.append("alternate screen") }
    if !cursorVisible { found.append("cursor") }
    if mouseMode != 0 || isOn(mode: 1000) || isOn(mode: 1006) { found.append("mouse") }
    if isOn(mode: 2004) { found.append("paste") }
    if isOn(mode: 2026) { found.append("synchronized output") }
    return found
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [Substring] {
    var parts: [Substring] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return parts + [rest]
  }
}
