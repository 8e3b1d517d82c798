import CTerminal
import Glibc

/// The terminal of this process: frames go in, inputs come out, and it is made whole again however the process ends.
///
/// Nothing here waits for a terminal that does not read: frames that could not be written yet are replaced by later ones.
@TerminalActor package final class Terminal {
  package struct Options: Sendable {
    /// Clicks and the wheel come as inputs; the terminal's own selection then needs shift.
    package var mouse = true
    /// ctrl-z suspends here and is no input.
    package var suspendsOnCtrlZ = true
    /// Standard error is kept while the screen is shown and written out afterwards.
    package var capturesErrors = true
    /// Nil: by the environment and what terminfo knows.
    package var colorDepth: ColorDepth?
    package init() {}
  }

  /// What a person does, in order; ends when the terminal is closed, a signal came or the terminal vanished. One reader.
  package nonisolated let inputs: AsyncStream<Input>
  package private(set) var size: Size
  package let colorDepth: ColorDepth
  /// Whether glyphs beyond ASCII show; when not, frames are brought down to ASCII by the backend.
  package let isUTF8: Bool
  /// The signal that ended it (HUP for a terminal that vanished), once `inputs` has ended: give it to `end(by:)`.
  package private(set) var endedBy: Int32?

  /// The open one. Only one can be, as there is one set of signal handlers.
  static var current: Terminal?

  private let screen: NcursesScreen
  private let options: Options
  private let sink: AsyncStream<Input>.Continuation
  private var parser = InputParser()
  private var clicks = ClickCounter()
  private var patienceEnds: Int64?
  private var question: Question?
  /// Until then an ESC may begin an answer.
  private var awaitsAnswerUntil: Int64 = 0
  private var mouse: Bool
  /// Whether the screen is ours now: not while suspended, or an editor has it.
  private var isActive = false
  private var isClosed = false
  private var isGone = false
  private var output = OutputQueue()
  private var pending: Frame?
  private var lastFrame: Frame?

  private init(screen: NcursesScreen, options: Options, size: Size) {
    self.screen = screen
    self.options = options
    self.size = size
    colorDepth = screen.depth
    isUTF8 = screen.isUTF8
    mouse = options.mouse
    // Nobody types ahead of that; a program that does loses what nobody could have meant.
    (inputs, sink) = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .bufferingOldest(10_000))
  }

  package static func open(_ options: Options = Options()) throws(TerminalError) -> Terminal {
    guard current == nil else { throw .alreadyOpen }
    guard cterm_is_terminal() else { throw .notATerminal }
    let isUTF8 = cterm_locale_is_utf8()
    let size = deviceSize
    // Before ncurses, which installs its own handlers only where there are none.
    guard cterm_guard_open(true, options.capturesErrors) else { throw .notATerminal }
    let screen: NcursesScreen
    do {
      screen = try NcursesScreen.open(
        term: variable("TERM") ?? "", wish: options.colorDepth, isUTF8: isUTF8, size: size, environment: variable)
    } catch {
      cterm_guard_close()
      throw error
    }
    let terminal = Terminal(screen: screen, options: options, size: size)
    guard cterm_guard_enter() else {
      screen.close()
      cterm_guard_close()
      throw .notATerminal
    }
    current = terminal
    terminal.isActive = true
    terminal.send(screen.enter() + terminal.modes(on: true))
    return terminal
  }

  // MARK: Output

  /// Shows the frame; when the terminal is still busy with an earlier one, as soon as it is not, unless a later one comes.
  package func show(_ frame: Frame) {
    pending = frame
    push()
  }

  /// Draws everything anew: for a screen that something else wrote on.
  package func redraw() {
    screen.forget()
    if pending == nil { pending = lastFrame }
    push()
  }

  /// Sends a sequence of `ControlSequence` between frames.
  package func writeControl(_ bytes: [UInt8]) {
    output.append(control: bytes)
    push()
  }

  package func beep() { writeControl([0x07]) }

  package func setMouse(_ on: Bool) {
    guard mouse != on else { return }
    mouse = on
    writeControl(Self.mouseModes(on))
  }

  /// Frames drawn and bytes written so far.
  package private(set) var framesShown = 0
  package var bytesWritten: Int { output.written }

  private static let syncBegin = Array("\u{1B}[?2026h".utf8)
  private static let syncEnd = Array("\u{1B}[?2026l".utf8)

  private func push() {
    guard isActive, !isGone, output.isEmpty else { return }
    if !output.controls.isEmpty { send(output.takeControls()) }
    guard output.isEmpty, !isGone, let frame = pending else { return }
    pending = nil
    lastFrame = frame
    let bytes = screen.render(frame)
    framesShown += 1
    if !bytes.isEmpty { send(Self.syncBegin + bytes + Self.syncEnd) }
  }

  private func send(_ bytes: [UInt8]) {
    output.append(bytes)
    drain()
  }

  private func drain() {
    if output.drain() == .gone { end(by: SIGHUP, gone: true) }
  }

  /// Apart from one another: some terminals miss the second of two in one sequence.
  private func modes(on: Bool) -> [UInt8] {
    Array((on ? "\u{1B}[?2004h" : "\u{1B}[?2004l").utf8) + Self.mouseModes(on && mouse)
  }

  private static func mouseModes(_ on: Bool) -> [UInt8] {
    Array((on ? "\u{1B}[?1000h\u{1B}[?1006h" : "\u{1B}[?1006l\u{1B}[?1000l").utf8)
  }

  // MARK: Asking

  /// Somebody waits for what the background is.
  private struct Question {
    var deadline: Int64
    var attributesAnswered: Int
    var answer: CheckedContinuation<UInt32?, Never>
  }

  /// The colour of the background, 0xRRGGBB, from the terminal itself. Nil when it says nothing within `milliseconds`, or as
  /// soon as it is plain that it will not; an answer that comes later is an input.
  package func askBackground(within milliseconds: Int) async -> UInt32? {
    guard isActive, question == nil, Self.answersQuestions(Self.variable("TERM") ?? "") else { return nil }
    let now = cterm_milliseconds()
    awaitsAnswerUntil = now + 1000
    return await withCheckedContinuation { continuation in
      question = Question(
        deadline: now + Int64(milliseconds), attributesAnswered: parser.attributesAnswered, answer: continuation)
      writeControl(ControlSequence.backgroundQuestion)
    }
  }

  /// Old ones would print the question.
  nonisolated static func answersQuestions(_ term: String) -> Bool {
    let silent = ["linux", "vt", "ansi", "cons", "dumb", "sun", "hurd", "mach", "pcansi", "cygwin", "eterm", "wsvt"]
    return !silent.contains { term.hasPrefix($0) }
  }

  private func settleQuestion(_ found: [Input]) {
    guard let question else { return }
    var color: UInt32?
    for input in found { if case .background(let answer) = input { color = answer } }
    guard
      color != nil || parser.attributesAnswered > question.attributesAnswered
        || cterm_milliseconds() >= question.deadline || !isActive
    else { return }
    self.question = nil
    question.answer.resume(returning: color)
  }

  // MARK: Input, from the loop

  var wait: LoopWait {
    let listens = isActive && endedBy == nil
    var wait = LoopWait(input: listens, output: isActive && !isGone && !output.isEmpty)
    if let ends = [patienceEnds, question?.deadline].compactMap({ $0 }).min(), listens {
      wait.milliseconds = max(0, Int(ends - cterm_milliseconds()))
    }
    return wait
  }

  func handle(_ events: LoopEvents, signals: [Int32]) {
    for signal in signals { handle(signal: signal) }
    guard isActive else { return }
    if events.contains(.readable) { read() }
    if events.contains(.gone), isActive { return end(by: SIGHUP, gone: true) }
    if events.contains(.writable), isActive {
      drain()
      push()
    }
    if let ends = patienceEnds, isActive, cterm_milliseconds() >= ends {
      patienceEnds = nil
      deliver(parser.expire())
    }
    settleQuestion([])
  }

  private func read() {
    let bytes: [UInt8]? = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 65_536) { buffer in
      let count = cterm_read(buffer.baseAddress, buffer.count)
      return count < 0 ? nil : Array(buffer.prefix(count))
    }
    guard let bytes else { return end(by: SIGHUP, gone: true) }
    parser.awaitsAnswer = cterm_milliseconds() < awaitsAnswerUntil
    let found = parser.feed(bytes)
    settleQuestion(found)
    patienceEnds = parser.patience.map { cterm_milliseconds() + Int64($0) }
    deliver(found)
  }

  private func deliver(_ found: [Input]) {
    for input in found {
      switch input {
      case .mouse(let mouse): sink.yield(.mouse(clicks.count(mouse, milliseconds: cterm_milliseconds())))
      case .key(.ctrl("z")) where options.suspendsOnCtrlZ: suspend()
      default: sink.yield(input)
      }
    }
  }

  private func handle(signal: Int32) {
    switch signal {
    case SIGWINCH: if isActive { resize() }
    case SIGTSTP: suspend()
    case SIGCONT: if isActive { reenter() }
    default: end(by: signal, gone: false)
    }
  }

  private static var deviceSize: Size {
    var rows: Int32 = 0
    var columns: Int32 = 0
    guard cterm_size(&rows, &columns) else { return Size(width: 80, height: 24) }
    // Nobody has more, and a wrong answer must not cost gigabytes.
    return Size(width: min(Int(columns), 2000), height: min(Int(rows), 1000))
  }

  private func resize() {
    let now = Self.deviceSize
    guard now != size else { return }
    size = now
    screen.resize(now)
    sink.yield(.resize(now))
  }

  // MARK: Leaving and coming back

  /// Stops the process group as ctrl-z does in a shell; returns when it is continued.
  package func suspend() {
    guard isActive else { return }
    leave()
    cterm_stop()
    enter()
  }

  /// Stops the process group while something else has the terminal; returns when it is continued.
  package nonisolated static func stop() { cterm_stop() }

  /// Gives the terminal to `body`, for an editor, and takes it back.
  package func outside<T>(_ body: () async throws -> T) async rethrows -> T {
    leave()
    defer { enter() }
    return try await body()
  }

  private func leave() {
    guard isActive else { return }
    isActive = false
    // The cursor once more: leaving the alternate screen may bring back how it was when that was entered.
    let bytes = output.takeAll() + Self.syncEnd + modes(on: false) + screen.leave() + Array("\u{1B}[?25h".utf8)
    if !isGone { bytes.withUnsafeBufferPointer { cterm_write_bounded($0.baseAddress, $0.count) } }
    cterm_guard_leave()
    parser = InputParser()
    patienceEnds = nil
    settleQuestion([])
  }

  private func enter() {
    guard !isActive, !isClosed, !isGone else { return }
    guard cterm_guard_enter() else { return end(by: SIGHUP, gone: true) }
    isActive = true
    resize()
    send(screen.enter() + modes(on: true))
    redraw()
  }

  /// After a stop that nobody announced: the shell may have changed everything.
  private func reenter() {
    send(screen.leave())
    isActive = false
    enter()
  }

  // MARK: The end

  /// Gives the terminal back as it was found. Does nothing the second time.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    if isActive { leave() }
    screen.close()
    cterm_guard_close()
    sink.finish()
    Self.current = nil
  }

  /// Does what can be done at once, so that slow work at the end happens on a terminal that is whole.
  private func end(by signal: Int32, gone: Bool) {
    guard endedBy == nil, !isClosed else { return }
    endedBy = signal
    isGone = gone
    close()
  }

  /// Ends the process by `signal`, with the terminal restored, so that its parent sees what happened.
  package nonisolated static func end(by signal: Int32) -> Never { cterm_die(signal) }

  /// To be called first thing in `main`: crashes find a stack to restore the terminal on.
  ///
  /// That stack is the thread's own. Threads of the pool have none, and an asynchronous `main` goes on in the pool: what
  /// overflows the stack there is for `supervise` to clean up. All other crashes are handled on any thread.
  package nonisolated static func prepareProcess() { cterm_prepare() }

  /// Goes on in a child process, while this one waits to restore the terminal after deaths that no process survives to
  /// clean up after: KILL, `_exit`, a stack overflow on a thread of the pool. Costs one more start of the program.
  package nonisolated static func supervise() { cterm_supervise(CommandLine.unsafeArgv) }

  private nonisolated static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
