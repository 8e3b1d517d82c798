import Glibc
import TerminalKit

// Draws a frame, shows each input, and ends in every way that a program can.
Terminal.prepareProcess()
if CommandLine.arguments.contains("--supervised") { Terminal.supervise() }

do {
  let fixture = try await Fixture.open()
  await fixture.run()
  if let signal = await fixture.terminal.endedBy { Terminal.end(by: signal) }
} catch {
  complain("\(error)")
  exit(2)
}

@TerminalActor final class Fixture {
  let terminal: Terminal
  var last = "none"
  var count = 0
  var cursor: Point?

  init(_ terminal: Terminal) { self.terminal = terminal }

  static func open() throws(TerminalError) -> Fixture { Fixture(try Terminal.open()) }

  func run() async {
    draw()
    if CommandLine.arguments.contains("--flood") { startFlood() }
    for await input in terminal.inputs {
      last = Self.name(input)
      if await !act(on: input) { break }
      count += 1
      draw()
    }
    terminal.close()
  }

  static func name(_ input: Input) -> String {
    switch input {
    case .key(let key): "key \(key.name)"
    case .paste(let text): "paste \(text.utf8.count) \(text.prefix(40))"
    case .mouse(let mouse): "mouse \(mouse.action) \(mouse.at.x),\(mouse.at.y)"
    case .resize(let size): "resize \(size.width)x\(size.height)"
    case .background(let color): "background \(String(color, radix: 16))"
    }
  }

  func draw() {
    var frame = Frame(size: terminal.size)
    let width = frame.size.width
    let depth = "\(terminal.colorDepth)"
    frame.put("\(width)x\(frame.size.height) \(depth) utf8=\(terminal.isUTF8)", x: 0, y: 0, width: width)
    frame.put("last: \(last)", x: 0, y: 1, width: width)
    frame.put("日本語|e\u{301}|🚀|x\u{202E}y", x: 0, y: 2, width: width)
    let loud = Style(foreground: .rgb(0xFF8800), background: .rgb(0x003366), attributes: [.bold, .underline])
    frame.put("loud", x: 0, y: 3, width: width, style: loud)
    frame.put("turned", x: 5, y: 3, width: width - 5, style: Style(attributes: [.reverse, .italic]))
    frame.put("┌─┐ ▶ ✔ ██▌", x: 0, y: 4, width: width)
    frame.put("count \(count)", x: 0, y: 5, width: width)
    // The corners show that the frame is as large as the terminal.
    frame[width - 1, frame.size.height - 1] = Cell(text: "@", width: 1)
    frame.cursor = cursor
    terminal.show(frame)
  }

  /// False ends the program.
  func act(on input: Input) async -> Bool {
    guard case .key(.character(let key)) = input else { return true }
    switch key {
    case "q": return false
    case "F": fatalError("boom")
    case "G": crash(SIGSEGV)
    case "H": abort()
    case "I": print(deep(1))
    case "J": await MainActor.run { print(deep(1)) }
    case "M": await trapElsewhere()
    case "X": _exit(3)
    case "E": exit(4)
    case "K": kill(getpid(), SIGKILL)
    case "L": while true { pause() }
    case "w": complain("words on standard error")
    case "y": terminal.writeControl(ControlSequence.copy("hello") ?? [])
    case "c": cursor = Point(x: 3, y: 1)
    case "r": terminal.redraw()
    case "m": terminal.setMouse(false)
    case "o":
      await terminal.outside {
        print("outside")
        last = "outside read \(readLine() ?? "nothing")"
      }
    default: break
    }
    return true
  }

  private func crash(_ number: Int32) {
    let place = UnsafeMutablePointer<Int>(bitPattern: 8)
    place?.pointee = Int(number)
  }

  /// Draws frames that change in every cell, as fast as it can, whether anyone reads them or not.
  private func startFlood() {
    Task {
      var turn = 0
      while terminal.endedBy == nil {
        turn += 1
        var frame = Frame(size: terminal.size)
        frame.fill(frame.bounds, turn % 2 == 0 ? "#" : "%")
        terminal.show(frame)
        await Task.yield()
      }
    }
  }
}

func deep(_ depth: Int) -> Int {
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { bytes in
    bytes.initialize(repeating: UInt8(truncatingIfNeeded: depth))
    return depth <= 0 ? 0 : deep(depth + 1) + Int(bytes[depth % 4096])
  }
}

@concurrent func trapElsewhere() async {
  let empty: [Int] = []
  print(empty[Int(getpid())])
}

func complain(_ text: String) {
  var line = text + "\n"
  _ = line.withUTF8 { write(2, $0.baseAddress, $0.count) }
}
