import RunModel

/// An agent's plan, in a line and whole.
enum PlanWords {
  static func mark(_ status: PlanEntry.Status) -> Span {
    switch status {
    case .completed: Span(Glyphs.succeeded, .runSucceeded)
    case .inProgress: Span(Glyphs.running, .runRunning)
    case .pending: Span("·", .muted)
    }
  }

  /// `3 of 5   ✔ backoff  ✔ jitter  ▶ dead letter  · metrics  · docs`.
  static func spans(_ plan: [PlanEntry]) -> [Span] {
    var spans = [Span("\(plan.completed) of \(plan.count)  ", .emphasis)]
    for entry in plan {
      spans += [
        Span(" "), mark(entry.status), Span(" \(entry.text) ", entry.status == .inProgress ? .emphasis : .muted),
      ]
    }
    return spans
  }

  static func lines(_ plan: [PlanEntry], width: Int) -> [StyledLine] {
    guard !plan.isEmpty else { return [] }
    let head = StyledLine([Span("Plan", .heading), Span("  \(plan.completed) of \(plan.count)", .muted)])
    return [.blank, head]
      + plan.flatMap { entry in
        let role: Role = entry.status == .completed ? .muted : entry.status == .inProgress ? .emphasis : .text
        return wrapped([mark(entry.status), Span(" \(entry.text)", role)], width: width, indent: 2, most: 4)
          .map { StyledLine($0) }
      }
  }
}
