import RunModel
import TerminalKit

/// The line after `/`.
extension DashboardState {
  mutating func takeInFilter(_ key: Key, _ prompt: FilterPrompt) {
    var prompt = prompt
    switch key {
    case .enter:
      layers.removeLast()
      rememberFilter(prompt.field.text)
    case .escape:
      layers.removeLast()
      setFilter(prompt.field.text.isEmpty ? prompt.before : "")
    case .up, .down: turnFilterHistory(&prompt, key == .up ? 1 : -1)
    case .tab, .shiftTab: completeFilter(&prompt, key == .tab ? 1 : -1)
    default:
      if key == .backspace, prompt.field.text.isEmpty {
        layers.removeLast()
        return
      }
      guard prompt.field.handle(key) else { return }
      prompt.completion = nil
      prompt.historyPlace = nil
      setFilterPrompt(prompt)
    }
  }

  mutating func setFilterPrompt(_ prompt: FilterPrompt) {
    if case .filter = layers.last { layers[layers.count - 1] = .filter(prompt) }
    setFilter(prompt.field.text)
  }

  private mutating func rememberFilter(_ text: String) {
    let text = text.trimmed
    guard !text.isEmpty else { return }
    keep { $0.filters = Preferences.remembering(text, in: $0.filters) }
  }

  private mutating func turnFilterHistory(_ prompt: inout FilterPrompt, _ step: Int) {
    let history = preferences.filters
    if prompt.historyPlace == nil { prompt.written = prompt.field.text }
    let place = (prompt.historyPlace ?? -1) + step
    guard place < history.count else { return }
    prompt.historyPlace = place < 0 ? nil : place
    prompt.field.replace(place < 0 ? prompt.written : history[place])
    prompt.completion = nil
    setFilterPrompt(prompt)
  }

  /// Tab takes the first that fits, and the next each time it is pressed again.
  private mutating func completeFilter(_ prompt: inout FilterPrompt, _ step: Int) {
    if var completion = prompt.completion, completion.offers.count > 1 {
      completion.place = (completion.place + step + completion.offers.count) % completion.offers.count
      prompt.completion = completion
    } else {
      let (head, offers) = filterOffers(prompt.field.text)
      guard !offers.isEmpty else { return }
      prompt.completion = FilterPrompt.Completion(head: head, offers: offers, place: step > 0 ? 0 : offers.count - 1)
    }
    guard let completion = prompt.completion else { return }
    let taken = completion.offers[completion.place]
    prompt.field.replace(completion.head + taken)
    // One that is alone is done with: tab goes on with what follows it.
    if completion.offers.count == 1 { prompt.completion = nil }
    setFilterPrompt(prompt)
  }

  /// What the filter asks for beside the runs: looked at again as time passes and marks change.
  mutating func refreshFilter() {
    guard list.filter.dependsOnTime || list.filter.dependsOnMarks, !isActing || list.filter.dependsOnMarks else {
      return
    }
    let fresh = filterSurroundings
    let isDue = list.filter.dependsOnTime && (fresh.now - list.surroundings.now).milliseconds >= 2000
    guard isDue || fresh.marked != list.surroundings.marked else { return }
    if list.setSurroundings(fresh, board) { refindSelection() }
  }

  var filterSurroundings: FilterSurroundings {
    FilterSurroundings(
      now: boardTime, quietTimes: quietTimes,
      marked: list.filter.dependsOnMarks ? Set(marks.compactMap { board.place(of: $0) }) : [])
  }

  func isStalled(_ run: Run) -> Bool { run.isStalled(at: boardTime, after: quietTimes[run]) }

  /// What is left of the run's time; nil where nothing tells.
  func remaining(_ run: Run) -> Duration? {
    isStalled(run) ? nil : paces.remaining(of: run, at: boardTime)
  }
}
