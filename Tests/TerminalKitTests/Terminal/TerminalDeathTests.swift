import Foundation
import Glibc
import Testing
import TestSupport

@Suite struct TerminalDeathTests {
  @Test(
    "A signal ends the program as that signal, with the terminal whole", arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT],
    [[], ["--supervised"]])
  func signals(number: Int32, arguments: [String]) throws {
    let terminal = try fixture(arguments)
    try terminal.wait(forText: "count 0")
    terminal.signal(number)
    #expect(try terminal.waitExit() == .signaled(number))
    #expect(terminal.damage == [])
  }

  @Test(
    "A crash leaves the terminal whole",
    arguments: [
      ("F", [SIGILL, SIGTRAP]), ("G", [SIGSEGV]), ("H", [SIGABRT]), ("I", [SIGSEGV]),
      ("M", [SIGILL, SIGTRAP]),
    ]) func crashes(key: String, signals: [Int32]) throws
  {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send(key)
    let exit = try terminal.waitExit()
    #expect(signals.contains { exit == .signaled($0) }, "\(exit)")
    #expect(terminal.damage == [])
  }

  @Test(
    "Deaths that nothing survives to clean up after are cleaned up by the supervisor",
    arguments: [
      ("K", PseudoTerminal.Exit.signaled(SIGKILL)), ("X", .exited(3)), ("J", .signaled(SIGSEGV)),
      ("H", .signaled(SIGABRT)), ("E", .exited(4)),
      ("q", .exited(0)),
    ]) func supervised(key: String, exit: PseudoTerminal.Exit) throws
  {
    let terminal = try fixture(["--supervised"])
    try terminal.wait(forText: "count 0")
    terminal.send(key)
    #expect(try terminal.waitExit() == exit)
    #expect(terminal.damage == [])
  }

  @Test(
    "Without a supervisor too, the terminal is whole after deaths that nothing in the process survives",
    arguments: [("K", PseudoTerminal.Exit.signaled(SIGKILL)), ("X", .exited(3)), ("J", .signaled(SIGSEGV))])
  func watched(key: String, exit: PseudoTerminal.Exit) throws {
    let mark = UUID().uuidString
    let terminal = try marked(mark)
    try terminal.wait(forText: "count 0")
    terminal.send(key)
    #expect(try terminal.waitExit() == exit)
    try terminal.waitWhole()
    let isBlank = terminal.text.allSatisfy { $0.isWhitespace }
    #expect(isBlank)
    try Self.waitForNone(mark)
  }

  @Test("A killed program that had given the terminal away changes nothing on it")
  func killedOutside() throws {
    let mark = UUID().uuidString
    let terminal = try marked(mark)
    try terminal.wait(forText: "count 0")
    terminal.send("o")
    try terminal.wait("the other screen") { !terminal.altScreen && terminal.text.contains("outside") }
    let written = terminal.raw.count
    terminal.signal(SIGKILL)
    try terminal.waitExit()
    try Self.waitForNone(mark)
    try terminal.waitWhole()
    #expect(terminal.raw.count == written)
  }

  @Test("A program that ends as usual leaves no process behind, whoever else it lent the terminal to meanwhile")
  func leavesNone() throws {
    let mark = UUID().uuidString
    let terminal = try marked(mark)
    try terminal.wait(forText: "count 0")
    #expect(PseudoTerminal.processes(with: "FLIGHTDECK_TEST_MARK=\(mark)").count == 2)
    terminal.send("o")
    try terminal.wait("the other screen") { !terminal.altScreen && terminal.text.contains("outside") }
    terminal.send("a line\r")
    try terminal.wait(forText: "last: outside read a line")
    #expect(PseudoTerminal.processes(with: "FLIGHTDECK_TEST_MARK=\(mark)").count == 2)
    terminal.send("q")
    #expect(try terminal.waitExit() == .exited(0))
    #expect(PseudoTerminal.processes(with: "FLIGHTDECK_TEST_MARK=\(mark)").isEmpty)
    #expect(terminal.damage == [])
  }

  private func marked(_ mark: String) throws -> PseudoTerminal {
    try PseudoTerminal(
      [PseudoTerminal.product("terminal-fixture")], environment: ["FLIGHTDECK_TEST_MARK": mark])
  }

  /// The watcher ends a moment after what it watches.
  private static func waitForNone(_ mark: String) throws {
    var turns = 0
    while !PseudoTerminal.processes(with: "FLIGHTDECK_TEST_MARK=\(mark)").isEmpty {
      turns += 1
      try #require(turns < 100_000, "a process is left")
      sched_yield()
    }
  }

  @Test("exit() from anywhere restores the terminal") func exits() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send("E")
    #expect(try terminal.waitExit() == .exited(4))
    #expect(terminal.damage == [])
  }

  @Test(
    "A trap's last words are read on the screen that is left",
    arguments: [("F", "boom"), ("wq", "words on standard error")])
  func lastWords(keys: String, words: String) throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send(keys)
    try terminal.waitExit()
    #expect(terminal.text.contains(words))
  }

  @Test("A program whose terminal thread is stuck ends at the second signal") func stuck() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send("aL")
    try terminal.wait(forText: "count 1")
    terminal.signal(SIGTERM)
    // Another one: two of a kind may become one before they are taken.
    terminal.signal(SIGINT)
    let exit = try terminal.waitExit()
    #expect(exit == .signaled(SIGTERM) || exit == .signaled(SIGINT))
    #expect(terminal.damage == [])
  }

  @Test("A vanished terminal ends the program", arguments: [[], ["--flood"], ["--supervised"]])
  func vanished(arguments: [String]) throws {
    let terminal = try fixture(arguments)
    try terminal.wait("a frame") { !terminal.text.allSatisfy(\.isWhitespace) }
    terminal.hangUp()
    #expect(try terminal.waitExit() == .signaled(SIGHUP))
  }

  @Test("A terminal that reads nothing does not keep the program from ending") func blocked() throws {
    let terminal = try fixture(["--flood"], rows: 100, columns: 300)
    // Nothing of the flood is read from here on.
    terminal.signal(SIGTERM)
    try terminal.waitExitUnread()
    #expect(terminal.exit == .signaled(SIGTERM))
    #expect(terminal.termiosRestored)
  }

  @Test("ctrl-z gives the shell a whole terminal, and fg brings the screen back") func suspend() throws {
    let terminal = try PseudoTerminal(["/bin/bash", "--norc", "--noprofile", "-i"], environment: ["PS1": "shell> "])
    try terminal.wait(forText: "shell>")
    terminal.send("\(PseudoTerminal.product("terminal-fixture"))\r")
    try terminal.wait(forText: "count 0")
    terminal.send("a")
    try terminal.wait(forText: "count 1")
    terminal.send("\u{1A}")
    try terminal.wait("the shell") {
      !terminal.altScreen && terminal.text.contains("Stopped") && terminal.cursorVisible
    }
    #expect(terminal.mouseMode == 0 && !terminal.isOn(mode: 1006))
    terminal.send("echo ok-$((40+2))\r")
    try terminal.wait(forText: "ok-42")
    terminal.resize(rows: 30, columns: 90)
    terminal.send("fg\r")
    try terminal.wait("the screen") { terminal.altScreen && terminal.text.contains("last: resize 90x30") }
    #expect(terminal.line(0).hasPrefix("90x30") && terminal.mouseMode == 1 && terminal.isOn(mode: 2004))
    #expect(terminal.cell(x: 89, y: 29).text == "@")
    terminal.send("b")
    try terminal.wait(forText: "last: key b")
    terminal.send("q")
    try terminal.wait("the shell") { !terminal.altScreen && terminal.line(terminal.cursor.y).hasPrefix("shell>") }
    terminal.send("exit\r")
    try terminal.waitExit()
  }

  @Test("A stop and a continuation that nobody announced end with everything painted anew") func stopped() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.signal(SIGSTOP)
    terminal.spoil()
    #expect(!terminal.text.contains("count 0"))
    terminal.signal(SIGCONT)
    try terminal.wait(forText: "count 0")
    #expect(terminal.line(4) == "┌─┐ ▶ ✔ ██▌")
    terminal.send("q")
    #expect(try terminal.waitExit() == .exited(0))
    #expect(terminal.damage == [])
  }

  @Test("Another program gets the terminal whole for a while, its keys included") func outside() throws {
    let terminal = try fixture()
    try terminal.wait(forText: "count 0")
    terminal.send("o")
    try terminal.wait("the other screen") { !terminal.altScreen && terminal.text.contains("outside") }
    #expect(terminal.damage == [])
    terminal.send("a line\r")
    try terminal.wait(forText: "last: outside read a line")
    #expect(terminal.altScreen)
    terminal.send("q")
    #expect(try terminal.waitExit() == .exited(0))
    #expect(terminal.damage == [])
  }
}
