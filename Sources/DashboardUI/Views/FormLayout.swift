import TerminalKit

/// Where the form's parts are: the view draws there, and the mouse and the cursor keys ask the same.
struct FormLayout: Sendable {
  struct Block: Sendable {
    var field: DispatchForm.Field
    /// The first row, counted from the top of the whole form.
    var y: Int
    /// Rows of the field itself.
    var height: Int
    /// With what is wrong below it, and the gap.
    var total: Int
  }

  /// The form; what does not fit is scrolled.
  var area = Rect(x: 0, y: 0, width: 0, height: 0)
  /// What would happen: at the right, or below.
  var plan = Rect(x: 0, y: 0, width: 0, height: 0)
  var planIsRight = false
  var isRoomy = false
  var blocks: [Block] = []
  var height = 0

  static let labels = 13

  /// The columns of a field, without label and rail.
  var fieldX: Int { area.x + Self.labels }
  var fieldWidth: Int { max(1, area.width - Self.labels - 1) }

  /// Where a field is on the screen, parts outside of the area included.
  func rect(_ block: Block, top: Int) -> Rect {
    Rect(x: fieldX, y: area.y + block.y - top, width: fieldWidth, height: block.height)
  }

  subscript(field: DispatchForm.Field) -> Block? { blocks.first { $0.field == field } }
}

extension DashboardState {
  var formLayout: FormLayout {
    var layout = FormLayout()
    var rest = self.layout.body
    if rest.width >= 150 {
      layout.plan = rest.takeRight(rest.width * 2 / 5)
      layout.planIsRight = true
    } else {
      layout.plan = rest.takeBottom(rest.height >= 34 ? 8 : rest.height >= 18 ? 3 : 2)
    }
    if rest.height > 40 { _ = rest.takeTop(1) }
    layout.area = Rect(x: rest.x + 1, y: rest.y, width: rest.width - 2, height: rest.height)
    layout.isRoomy = layout.area.height >= 38
    var y = 0
    // Room that is left shows more of the runtimes.
    let heights = DispatchForm.Field.allCases.map { field in
      (field, fieldHeight(field, layout.isRoomy), layout.isRoomy || shownComplaint(field) != nil ? 1 : 0)
    }
    let spare = max(0, layout.area.height - heights.reduce(0) { $0 + $1.1 + $1.2 })
    for (field, least, _) in heights {
      let height = field == .runtimes ? max(least, min(runtimes.count + 1, least + spare)) : least
      let isWrong = shownComplaint(field) != nil
      let total = height + (layout.isRoomy || isWrong ? 1 : 0)
      layout.blocks.append(.init(field: field, y: y, height: height, total: total))
      y += total
    }
    layout.height = y
    return layout
  }

  private func fieldHeight(_ field: DispatchForm.Field, _ isRoomy: Bool) -> Int {
    func grown(_ least: Int, _ most: Int) -> Int { max(least, min(most, form[field]?.rowCount ?? 1)) }
    return switch field {
    case .prompt: grown(isRoomy ? 5 : 3, isRoomy ? 12 : 8)
    case .criteria: grown(2, 6)
    case .paths: grown(1, 4)
    case .verify: grown(isRoomy ? 2 : 1, 4)
    case .runtimes: runtimes.isEmpty ? 1 : 1 + min(runtimes.count, isRoomy ? 10 : 5)
    case .title, .labels, .repository, .base, .needs, .priority, .count, .dependsOn, .timeout: 1
    }
  }

  /// What is wrong with a field, once it is fair to say so: not of a title that nobody has begun.
  func shownComplaint(_ field: DispatchForm.Field) -> String? {
    if field == .title, form.title.characters.isEmpty { return nil }
    return form.complaint(field)
  }
}
