import RunModel
import TerminalKit

struct TabSpan {
  var text: String
  var x: Int
  var width: Int
  var action: Action
  var isActive: Bool
}

extension DashboardState {
  /// The tabs of the second line and where they are: for drawing and for clicks.
  var tabSpans: [TabSpan] {
    var spans: [TabSpan] = []
    var x = 1
    // Nine tabs and how the open one stands: below this, short titles close to their numbers.
    let isNarrow = screen == .run && size.width < 116
    func add(_ number: Int, _ title: String, _ action: Action, _ isActive: Bool) {
      let text = isNarrow ? "\(number)\(title)" : "\(number) \(title)"
      spans.append(TabSpan(text: text, x: x, width: measure(text), action: action, isActive: isActive))
      x += measure(text) + 2
    }
    switch screen {
    case .runs, .runtimes, .queue, .audit, .pulse:
      add(1, "Runs", .runs, screen == .runs)
      add(2, "Runtimes", .runtimes, screen == .runtimes)
      add(3, "Queue", .queue, screen == .queue)
      add(4, "Audit", .audit, screen == .audit)
      add(5, "Pulse", .pulse, screen == .pulse)
    case .run:
      let actions: [Action] = [.tab1, .tab2, .tab3, .tab4, .tab5, .tab6, .tab7, .tab8, .tab9]
      for tab in RunTab.allCases {
        add(tab.rawValue + 1, isNarrow ? tab.shortTitle : tab.title, actions[tab.rawValue], tab == open?.tab)
      }
    case .dispatch: break
    }
    return spans
  }
}

func drawTabs(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  let theme = state.theme
  let rect = layout.tabs
  if state.screen == .dispatch {
    frame.draw(
      [Span(" Dispatch", .heading), Span("  a contract for an agent", .muted)], x: 0, y: rect.y, width: rect.width,
      theme)
    return
  }
  var end = 0
  // On a narrow screen a filter being typed has the line to itself.
  if rect.width < 100, case .filter? = state.layers.last {
    drawFilterLine(state, Rect(x: 1, y: rect.y, width: rect.width - 2, height: 1), &frame)
    return
  }
  for tab in state.tabSpans {
    frame.put(tab.text, x: tab.x, y: rect.y, width: tab.width, style: theme[tab.isActive ? .tabActive : .tabInactive])
    end = tab.x + tab.width
  }
  let room = Rect(x: end + 2, y: rect.y, width: rect.width - end - 3, height: 1)
  if state.screen == .runs { drawFilterLine(state, room, &frame) }
  if state.screen == .run { drawTabState(state, room, &frame) }
}

/// The filter, being typed or in force, and how much it leaves.
private func drawFilterLine(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  let total = state.board.total
  let shown = state.list.visible.count
  var counts = shown == total ? [] : [Span("\(shown) of \(total)", .muted)]
  if shown > 0, !state.hasSnapshot {
    counts = [Span("the latest \(shown) of \(total), the rest is coming", .muted)]
  }
  if state.isWide, state.table.hidesColumns { counts.insert(Span("← → columns   ", .muted), at: 0) }
  if state.list.sort != RunSort() {
    counts.insert(
      Span("by \(state.list.sort.column.rawValue)\(state.list.sort.isInverted ? " ↑" : "")   ", .muted), at: 0)
  }
  if state.list.grouping != .none {
    counts.insert(Span("grouped by \(state.list.grouping.rawValue)   ", .muted), at: 0)
  }
  if !state.marks.isEmpty { counts.insert(Span("● \(state.marks.count) marked   ", .mark), at: 0) }
  if let view = state.currentView {
    counts.insert(Span("view \(view.name)\(view.isChanged ? " (changed)" : "")   ", .accent), at: 0)
  }
  var typing: FilterPrompt?
  for layer in state.layers { if case .filter(let prompt) = layer { typing = prompt } }
  let countsWidth = counts.reduce(0) { $0 + $1.width }
  if let typing {
    let width = max(10, rect.width - countsWidth - 3)
    let box = Rect(x: rect.x, y: rect.y, width: width, height: 1)
    frame.put("/", x: box.x, y: box.y, width: 1, style: theme[.accent])
    drawField(typing.field, Rect(x: box.x + 1, y: box.y, width: width - 1, height: 1), state, &frame, isFocused: true)
    let complaint = state.list.filter.complaint
    let used = measure(typing.field.text) + 3
    if let complaint, used + 8 < width {
      frame.put(complaint, x: box.x + used, y: box.y, width: width - used, style: theme[.invalid])
    }
    frame.draw(StyledLine([], right: counts), in: rect, theme)
    return
  }
  if !state.list.filter.text.isEmpty {
    counts.insert(Span("   "), at: 0)
    counts.insert(
      Span("/" + fitted(state.list.filter.text, min(measure(state.list.filter.text), rect.width / 2)), .accent), at: 0)
  }
  frame.draw(StyledLine([], right: counts), in: rect, theme)
}

/// One line of a text field, scrolled so that the cursor shows.
func drawField(
  _ field: TextField, _ rect: Rect, _ state: DashboardState, _ frame: inout Frame, isFocused: Bool,
  ground: Role? = nil
) {
  guard !rect.isEmpty else { return }
  let theme = state.theme
  var style = theme[isFocused ? .inputFocused : .input]
  if let ground, !isFocused { style = style.on(theme[ground].background) }
  frame.fill(rect, style: style)
  let before = measure(String(field.characters[..<field.cursor]))
  let skip = max(0, before - rect.width + 1)
  let shown = scrolledLeft([Span(field.text)], by: skip).map(\.text).joined()
  frame.put(shown, x: rect.x, y: rect.y, width: rect.width, style: style)
  if isFocused {
    frame.cursor = Point(x: min(rect.right - 1, rect.x + before - skip), y: rect.y)
  }
}

/// The keys that work here, most useful first, as many as fit.
func drawFooter(_ state: DashboardState, _ rect: Rect, _ frame: inout Frame) {
  let theme = state.theme
  frame.fill(rect, style: theme[.footer])
  for layer in state.layers {
    var typed: TextField?
    if case .search(let field) = layer { typed = field }
    if case .auditFilter(let field, _) = layer { typed = field }
    if let field = typed {
      frame.put(" /", x: rect.x, y: rect.y, width: 2, style: theme[.footerKey])
      drawField(field, Rect(x: 2, y: rect.y, width: rect.width - 2, height: 1), state, &frame, isFocused: true)
      return
    }
    if case .themes(let picker) = layer {
      frame.put(" :theme ", x: rect.x, y: rect.y, width: 8, style: theme[.footerKey])
      drawField(picker.field, Rect(x: 8, y: rect.y, width: rect.width - 8, height: 1), state, &frame, isFocused: true)
      return
    }
    if case .palette(let dialog) = layer {
      frame.put(" :", x: rect.x, y: rect.y, width: 2, style: theme[.footerKey])
      drawField(dialog.field, Rect(x: 2, y: rect.y, width: rect.width - 2, height: 1), state, &frame, isFocused: true)
      return
    }
  }
  if case .filter(let prompt) = state.layers.last, drawFilterOffers(prompt, state, rect, &frame) { return }
  var hints = footerHints(state)
  var end = rect.right
  // Help keeps its place at the right, however little room there is.
  if let place = hints.firstIndex(where: { $0.text == "help" }) {
    let help = hints.remove(at: place)
    end -= measure(help.keys) + 1 + measure(help.text) + 1
    frame.draw(
      [Span(help.keys, .footerKey), Span(" " + help.text, .footer)], x: end, y: rect.y, width: rect.right - end, theme)
    if let key = help.key { frame.addZone(Rect(x: end, y: rect.y, width: rect.right - end, height: 1), .key(key)) }
    end -= 1
  }
  var x = rect.x + 1
  for hint in hints {
    let width = measure(hint.keys) + 1 + measure(hint.text)
    guard x + width < end else { break }
    if let key = hint.key { frame.addZone(Rect(x: x, y: rect.y, width: width, height: 1), .key(key)) }
    x += frame.put(hint.keys, x: x, y: rect.y, width: rect.width, style: theme[.footerKey])
    x += frame.put(" " + hint.text, x: x, y: rect.y, width: rect.width, style: theme[.footer]) + 2
  }
}

/// What the footer offers: a key, how it is written, and the word for it.
private func footerHints(_ state: DashboardState) -> [(key: Key?, keys: String, text: String)] {
  var contexts = state.contexts
  switch state.layers.last {
  case .cancel(let dialog): return dialog.words
  case .approval: contexts = [.dialog]
  case .auditFilter: contexts = [.prompt]
  case .confirm, .switcher: contexts = [.dialog]
  case .answer(let dialog):
    return dialog.hints(canAnswer: state.refusalWords(for: .answer) == nil && state.isOpen(dialog))
  case .message:
    return [
      (.enter, "enter", "send"), (nil, "alt-enter", "new line"), (.ctrl("o"), "ctrl-o", "editor"),
      (.escape, "esc", "leave"),
    ]
  case .filter: contexts = [.prompt]
  case .columns: contexts = [.columnsDialog]
  case .views(let dialog): contexts = dialog.naming == nil ? [.viewsDialog] : [.prompt]
  case .help: return [(.escape, "esc", "close"), (nil, "j k", "scroll")]
  case .eventTypes:
    return [(.character(" "), "space", "on or off"), (.enter, "enter", "only this"), (.escape, "esc", "close")]
  case .palette, .search, .themes, nil: break
  case .comment:
    return [
      (.enter, "enter", "keep"), (nil, "alt-enter", "new line"), (.ctrl("d"), "ctrl-d", "delete"),
      (.escape, "esc", "leave"),
    ]
  case .review:
    return [
      (.enter, "enter", "send"), (.tab, "tab", "say first"), (.character("c"), "c", "edit"),
      (.character("x"), "x", "delete"), (.escape, "esc", "not yet"),
    ]
  case .compare: return [(.enter, "enter", "compare"), (nil, "j k", "choose"), (.escape, "esc", "leave")]
  }
  if state.screen == .dispatch, state.layers.isEmpty { return state.formHints }
  var hints: [(key: Key?, keys: String, text: String)] = []
  var seen: Set<String> = []
  // A key that means something nearer means nothing here.
  var claimed: Set<Key> = []
  for context in contexts {
    let nearer = claimed
    for binding in state.keys.bindings where binding.context == context {
      claimed.formUnion(binding.keys)
      guard let short = binding.short, let key = binding.keys.first, isUseful(binding.action, state),
        !nearer.contains(key), seen.insert(short).inserted
      else { continue }
      hints.append((key, key.label, short))
    }
  }
  // What the run waits for comes before what its tab can do.
  if state.screen == .run, state.currentRun?.needsAttention == true,
    let place = hints.firstIndex(where: { $0.text == "answer" })
  {
    hints.insert(hints.remove(at: place), at: 0)
  }
  return hints
}

/// Whether an action does something for what is on the screen now, so that the footer offers no dead key.
private func isUseful(_ action: Action, _ state: DashboardState) -> Bool {
  if state.refusalWords(for: action) != nil { return false }
  guard state.layers.isEmpty else { return true }
  let run = state.currentRun
  return switch action {
  case .answer: run.map { $0.needsAttention && state.answerRefusal($0) == nil } ?? false
  case .message: run.map { $0.status != .queued && ($0.branch != nil || !$0.status.isTerminal) } ?? false
  case .approve, .reject:
    run?.awaitsApproval == true || state.marks.contains { state.board[$0]?.awaitsApproval == true }
  case .cancel: state.screen == .dispatch || run?.status.isTerminal == false || !state.marks.isEmpty
  case .retry: run?.status.isTerminal == true
  case .open: state.screen != .runs || run != nil
  case .mark, .filter, .sort: !state.board.runs.isEmpty
  case .diff: run != nil && state.open?.tab != .diff
  case .back: state.screens.count > 1 || !state.marks.isEmpty || !state.list.filter.isEmpty
  default: true
  }
}

/// The latest words, over the bottom right corner of the body; they go by themselves.
func drawToasts(_ state: DashboardState, _ layout: Layout, _ frame: inout Frame) {
  var y = layout.footer.y - layout.timeBar.height - layout.tour.height - 1
  for (place, toast) in state.toasts.enumerated().reversed() {
    let role: Role =
      switch toast.kind {
      case .info: .toastInfo
      case .good: .toastGood
      case .bad: .toastBad
      }
    let mark =
      switch toast.kind {
      case .info: " "
      case .good: " ✔ "
      case .bad: " ✖ "
      }
    let room = min(state.size.width - 2, 100)
    let lines = wrapped([Span(mark + toast.text + " ", role)], width: room, indent: measure(mark), most: 4)
    let width = lines.map { $0.reduce(0) { $0 + $1.width } }.max() ?? 0
    y -= lines.count - 1
    guard y > layout.tabs.y else { return }
    let rect = Rect(x: state.size.width - width - 1, y: y, width: width, height: lines.count)
    frame.fill(rect, style: state.theme[role])
    frame.addZone(rect, .message(place))
    frame.draw(lines.map { StyledLine($0) }, in: rect, state.theme, ground: role)
    y -= 1
  }
}
