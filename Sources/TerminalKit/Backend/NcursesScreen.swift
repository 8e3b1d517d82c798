import CTerminal

/// ncurses as a backend: takes frames, gives the bytes that bring the terminal from the last one to this one.
///
/// Used on the terminal's thread alone. It never touches the terminal itself.
final class NcursesScreen {
  let depth: ColorDepth
  let isUTF8: Bool
  private var shown: Frame?
  private var overlay: LinkOverlay?
  private var mapper: ColorMapper
  private var pairs: [Colors: Int32] = [:]
  private var lastStyle: (style: Style, pair: Int32)?
  private var lastDrawn: (place: Int, style: Style)?
  private var filter = StyleFilter()

  private struct Colors: Hashable {
    var foreground: Int32
    var background: Int32
  }

  private init(depth: ColorDepth, isUTF8: Bool, overlay: (ColorDepth) -> LinkOverlay?) {
    self.overlay = overlay(depth)
    self.depth = depth
    self.isUTF8 = isUTF8
    mapper = ColorMapper(depth: depth)
  }

  /// Opens the screen for `term`; one at a time. A terminal that terminfo does not know is taken for an xterm with 256
  /// colours, as nearly all of them are.
  static func open(
    term: String, wish: ColorDepth?, isUTF8: Bool, size: Size, environment: (String) -> String?
  ) throws(TerminalError) -> NcursesScreen {
    guard !term.isEmpty, term != "dumb" else { throw .tooSimple(term) }
    // ncurses draws UTF-8 whatever the locale is; that is settled here.
    _ = cterm_locale_is_utf8()
    let depth = wish ?? .fromEnvironment(environment)
    var direct: Int32 = 0
    if depth == .trueColor, !term.hasSuffix("-direct") {
      direct = term.hasPrefix("screen") || term.hasPrefix("tmux") ? 2 : 1
    }
    var status = Int(CTERM_UNKNOWN)
    for name in [term, "xterm-256color"] where status == Int(CTERM_UNKNOWN) {
      status = Int(cterm_screen_open(name, direct, depth != .none, Int32(size.height), Int32(size.width)))
    }
    switch status {
    case Int(CTERM_OK): break
    case Int(CTERM_TOO_SIMPLE): throw .tooSimple(term)
    case Int(CTERM_UNKNOWN): throw .unknown(term)
    default: throw .noMemory
    }
    return NcursesScreen(depth: min(depth == .none ? .none : Self.depthOfScreen, wish ?? .trueColor), isUTF8: isUTF8) {
      LinkOverlay(term: term, depth: $0, isUTF8: isUTF8, environment: environment)
    }
  }

  private static var depthOfScreen: ColorDepth {
    if cterm_screen_is_direct() { return .trueColor }
    switch cterm_screen_colors() {
    case 256...: return .palette256
    case 16...: return .sixteen
    case 8...: return .eight
    default: return .none
    }
  }

  func close() { cterm_screen_close() }

  func resize(_ size: Size) {
    cterm_screen_resize(Int32(size.height), Int32(size.width))
    shown = nil
  }

  /// The bytes that leave the alternate screen.
  func leave() -> [UInt8] {
    cterm_screen_leave()
    filter.forget()
    return takeOutput()
  }

  /// The bytes that enter it again; the next frame is drawn whole.
  func enter() -> [UInt8] {
    cterm_screen_enter()
    filter.forget()
    shown = nil
    return takeOutput()
  }

  /// The next frame is drawn whole.
  func forget() { shown = nil }

  func render(_ frame: Frame) -> [UInt8] {
    let whole = shown == nil || shown?.size != frame.size
    lastDrawn = nil
    if whole {
      cterm_screen_erase()
      filter.forget()
      for place in frame.cells.indices { put(frame, place) }
    } else if let shown {
      for place in frame.cells.indices where frame.cells[place] != shown.cells[place] {
        put(frame, place)
      }
    }
    let links = overlay?.bytes(from: whole ? nil : shown, to: frame) ?? []
    shown = frame
    if let cursor = frame.cursor, frame.bounds.contains(cursor) {
      cterm_screen_cursor(Int32(cursor.y), Int32(cursor.x))
    } else {
      cterm_screen_cursor(-1, 0)
    }
    cterm_screen_render(whole)
    return (depth >= .palette256 ? filter.filter(takeOutput()) : takeOutput()) + links
  }

  /// How a cell is drawn: a space shows nothing of its ink, so it takes that of the cell drawn before it, and no change is
  /// sent.
  private func style(_ frame: Frame, _ place: Int) -> Style {
    let own = frame.cells[place].style
    let seen: Attributes = [.underline, .reverse]
    guard frame.cells[place].text == " ", own.attributes.isDisjoint(with: seen), place % frame.size.width > 0,
      let last = lastDrawn, last.place == place - 1, last.style.background == own.background,
      last.style.attributes.isDisjoint(with: seen)
    else { return own }
    return last.style
  }

  private func put(_ frame: Frame, _ place: Int) {
    let cell = frame.cells[place]
    guard cell.width > 0 else { return }
    let row = Int32(place / frame.size.width)
    let column = Int32(place % frame.size.width)
    let style = style(frame, place)
    lastDrawn = (place + Int(cell.width) - 1, style)
    let pair = self.pair(for: style)
    let attributes = UInt32(style.attributes.rawValue)
    let utf8 = cell.text.utf8
    if utf8.count == 1, let byte = utf8.first {
      var scalar = UInt32(byte)
      cterm_screen_put(row, column, &scalar, 1, 1, attributes, pair)
    } else if isUTF8 {
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { scalars in
        var count = 0
        for scalar in cell.text.unicodeScalars where count < scalars.count {
          scalars[count] = scalar.value
          count += 1
        }
        cterm_screen_put(row, column, scalars.baseAddress, Int32(count), Int32(cell.width), attributes, pair)
      }
    } else {
      let text = asciiFallback(cell.text, width: Int(cell.width))
      for (index, byte) in text.utf8.enumerated() {
        var scalar = UInt32(byte)
        cterm_screen_put(row, column + Int32(index), &scalar, 1, 1, attributes, pair)
      }
    }
  }

  private func pair(for style: Style) -> Int32 {
    if depth == .none { return 0 }
    if let lastStyle, lastStyle.style.foreground == style.foreground, lastStyle.style.background == style.background {
      return lastStyle.pair
    }
    let mapped = mapper.map(style)
    let colors = Colors(foreground: Self.number(mapped.foreground), background: Self.number(mapped.background))
    let pair = pairs[colors] ?? cterm_screen_pair(colors.foreground, colors.background)
    // ncurses recycles its pairs silently when they run out; ours are forgotten before.
    if pairs.count > 30_000 {
      pairs.removeAll()
    }
    pairs[colors] = pair
    lastStyle = (style, pair)
    return pair
  }

  private static func number(_ color: ColorMapper.Mapped) -> Int32 {
    switch color {
    case .terminalDefault: -1
    case .index(let index): Int32(index)
    case .rgb(let rgb): Int32(rgb & 0xFFFFFF)
    }
  }

  private func takeOutput() -> [UInt8] {
    let size = cterm_output_size()
    guard size > 0 else { return [] }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = cterm_output_read(buffer.baseAddress, size, 0)
    }
    cterm_output_clear()
    return bytes
  }
}
