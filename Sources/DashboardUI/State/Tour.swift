import RunModel

/// A first walk through the dashboard: one step at a time, each done when the person has done it, on real runs.
struct Tour: Sendable, Equatable {
  enum Step: Int, CaseIterable, Sendable {
    case move, answer, open, tabs, diff, back, cancel, filter, pages, dispatch, help
  }

  private(set) var step = Step.move
  /// What was on the screen when the step began, for steps that ask for something else than that.
  private var start = Mark()
  private(set) var isOver = false

  private struct Mark: Sendable, Equatable {
    var selection: RunID?
    var tab: RunTab?
  }

  /// From 1.
  var number: Int { step.rawValue + 1 }

  /// What to do now. Keys stand between backticks. `isDemo`: all of it is gone afterwards.
  func text(isDemo: Bool) -> String {
    switch step {
    case .move: "These are the runs, those that need you first. `j` and `k` or the arrows move; `g` goes to the first."
    case .answer: "A run with ▲ waits for your word: go to it, press `a`, choose with the arrows, `enter`."
    case .open: "`enter` opens the run under the cursor, here one that changes real files."
    case .tabs: "A run has tabs: `tab` goes to the next, a number to that one. `2` shows what the agent says, live."
    case .diff: "`d` shows what it changed. `}` and `{` go from change to change, `)` and `(` from file to file."
    case .back: "`esc` or `q` goes back, as on every screen."
    case .cancel:
      "`x` asks, `x` again cancels, and the row shows each step until the processes are gone. Try it on a live run."
    case .filter: "`/` filters while you type: words, ~regex, !not, status:failed. `esc` clears it."
    case .pages: "`2` to `5` are other screens: Runtimes, Queue, Audit, Pulse. `1` comes back."
    case .dispatch:
      "`D` writes a contract for an agent, from anywhere. What it would do shows before it does it; `esc` leaves."
    case .help:
      "`:` has every action by name, `?` what works where you are, `T` other themes."
        + (isDemo ? " Nothing of this tour stays." : "")
    }
  }

  init(_ state: DashboardState) { begin(.move, state) }

  private mutating func begin(_ step: Step, _ state: DashboardState) {
    self.step = step
    start = Mark(selection: state.selection, tab: state.open?.tab)
  }

  /// Looks at what was just done; steps that nothing can be done for now are passed over.
  mutating func look(at state: DashboardState, _ effects: [Effect]) {
    guard !isOver else { return }
    // The tour may begin before there are runs.
    if start.selection == nil { start.selection = state.selection }
    if isDone(state, effects) { next(state) }
    if step == .answer, state.hasSnapshot, state.board.needingAttention == 0, start.selection != state.selection {
      next(state)
    }
  }

  mutating func next(_ state: DashboardState) {
    guard let next = Step(rawValue: step.rawValue + 1) else {
      isOver = true
      return
    }
    begin(next, state)
  }

  private func isDone(_ state: DashboardState, _ effects: [Effect]) -> Bool {
    switch step {
    case .move: return state.selection != start.selection && start.selection != nil && state.cursorTouched
    case .answer: return effects.contains { if case .answer = $0 { true } else { false } }
    case .open: return state.screen == .run
    case .tabs: return state.screen == .run && state.open?.tab != start.tab
    case .diff: return state.screen == .run && state.open?.tab == .diff
    case .back: return state.screen == .runs
    case .cancel: return effects.contains { if case .cancel = $0 { true } else { false } }
    case .filter: return !state.list.filter.isEmpty
    case .pages: return ![.runs, .run, .dispatch].contains(state.screen)
    case .dispatch: return state.screen == .dispatch
    case .help:
      return state.layers.contains {
        switch $0 {
        case .help, .palette: true
        default: false
        }
      }
    }
  }
}

extension DashboardState {
  /// Begins the tour anew, or ends it.
  package mutating func toggleTour() { tour = tour == nil ? Tour(self) : nil }

  mutating func advanceTour() {
    guard var tour else { return }
    tour.look(at: self, outbox)
    if tour.isOver {
      self.tour = nil
      toast("That was the tour. f2 begins it again.", .good)
    } else {
      self.tour = tour
    }
  }
}
