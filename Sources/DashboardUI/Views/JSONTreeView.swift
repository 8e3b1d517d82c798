import TerminalKit

/// A JSON value as a tree that folds: names, values by kind, and the cursor's row.
func drawJSONTree(_ tree: JSONTree, _ rect: Rect, _ theme: Theme, _ frame: inout Frame) {
  let top = jsonTop(tree, height: rect.height)
  for row in 0..<rect.height {
    guard let item = tree.rows[safe: top + row] else { break }
    let isSelected = top + row == tree.cursor
    var spans = [Span(isSelected ? "▌" : " ", .accent)]
    switch item {
    case .text(let place, let text):
      let depth = tree.nodes[safe: place]?.depth ?? 0
      spans += [Span(String(repeating: "  ", count: min(depth, 20)) + "  "), Span("│ ", .faint), Span(text, .code)]
    case .node(let place):
      guard let node = tree.nodes[safe: place] else { break }
      spans.append(Span(String(repeating: "  ", count: min(max(0, node.depth - 1), 20))))
      spans.append(Span(node.canFold ? (node.isOpen ? "▾ " : "▸ ") : "  ", .muted))
      if !node.label.isEmpty {
        spans.append(Span(node.label, node.label.hasPrefix("[") ? .muted : .heading))
        spans.append(Span("  "))
      }
      spans += jsonValue(node)
    }
    frame.draw(spans, x: rect.x, y: rect.y + row, width: rect.width - 2, theme)
    if isSelected { select(rect.row(row), theme, &frame) }
  }
  if tree.isCut, rect.height > 1, tree.rows.count - top < rect.height {
    frame.put(
      "… the rest is too large to show here", x: rect.x + 2, y: rect.y + tree.rows.count - top, width: rect.width - 4,
      style: theme[.muted])
  }
  drawScrollMark(top, rect, tree.rows.count, theme, &frame)
}

/// The first row in sight: it moves only as far as the cursor makes it.
func jsonTop(_ tree: JSONTree, height: Int) -> Int {
  let top = max(min(tree.top, tree.cursor), tree.cursor - height + 1)
  return max(0, min(top, tree.rows.count - height))
}

private func jsonValue(_ node: JSONTree.Node) -> [Span] {
  switch node.kind {
  case .object: [Span(node.count == 0 ? "{}" : node.isOpen ? "" : "{ \(node.count) }", .muted)]
  case .array: [Span(node.count == 0 ? "[]" : node.isOpen ? "" : "[ \(node.count) ]", .muted)]
  case .number: [Span(node.text, .accent)]
  case .bool: [Span(node.text, node.text == "true" ? .yes : .no)]
  case .null: [Span("null", .muted)]
  case .string:
    if node.canFold {
      [
        Span(node.isOpen ? "" : String(node.text.prefix(160).prefix { $0 != "\n" }) + " … ", .code),
        Span(Format.plural(node.text.split(separator: "\n", omittingEmptySubsequences: false).count, "line"), .muted),
      ]
    } else {
      [Span("\"\(node.text)\"", .code)]
    }
  }
}
