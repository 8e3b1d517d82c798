import RunModel

/// A JSON value as rows that fold, with a cursor: evidence, an event, an audit record.
///
/// The nodes lie flat, in reading order; the rows in sight are made anew only when something folds.
struct JSONTree: Sendable {
  enum Kind: Sendable { case object, array, string, number, bool, null }

  struct Node: Sendable {
    var depth: Int
    var parent: Int
    /// The member's name, or `[3]`; empty at the root.
    var label: String
    var kind: Kind
    /// A scalar as JSON writes it, without a string's quotes.
    var text: String
    /// Members of an object or elements of an array.
    var count = 0
    /// One past its last descendant.
    var end = 0
    var isOpen = false
    /// Folds: it has members, or it is a text of more than one line.
    var canFold: Bool { count > 0 || kind == .string && (text.utf8.count > 200 || text.contains("\n")) }
  }

  enum Row: Sendable {
    case node(Int)
    /// A line of a text that is open.
    case text(Int, String)
  }

  private(set) var nodes: [Node] = []
  private(set) var rows: [Row] = []
  var cursor = 0
  var top = 0
  /// The value has more nodes than are shown.
  private(set) var isCut = false

  static let longest = 100_000
  private static let longestText = 5000

  /// Containers are open to the second level, or all of them in a small value; `like` gives what was open before.
  init(_ value: JSONValue, like old: JSONTree? = nil) {
    add(value, label: "", depth: 0, parent: -1)
    let isSmall = nodes.count <= 120
    for place in nodes.indices where nodes[place].kind != .string {
      nodes[place].isOpen = isSmall || nodes[place].depth < 2
    }
    if let old {
      let open = Dictionary(old.nodes.indices.map { (old.path($0), old.nodes[$0].isOpen) }) { first, _ in first }
      for place in nodes.indices { if let was = open[path(place)] { nodes[place].isOpen = was } }
      layRows()
      cursor = min(old.cursor, max(0, rows.count - 1))
      top = old.top
    } else {
      layRows()
    }
  }

  private mutating func add(_ value: JSONValue, label: String, depth: Int, parent: Int) {
    guard nodes.count < Self.longest, depth < 200 else {
      isCut = true
      return
    }
    let place = nodes.count
    func node(_ kind: Kind, _ text: String, _ count: Int = 0) -> Node {
      Node(depth: depth, parent: parent, label: label, kind: kind, text: text, count: count)
    }
    switch value {
    case .null: nodes.append(node(.null, "null"))
    case .bool(let value): nodes.append(node(.bool, value ? "true" : "false"))
    case .int, .double: nodes.append(node(.number, JSONTree.text(of: value)))
    case .string(let text): nodes.append(node(.string, text))
    case .array(let elements):
      nodes.append(node(.array, "", elements.count))
      for (index, element) in elements.enumerated() {
        add(element, label: "[\(index)]", depth: depth + 1, parent: place)
      }
    case .object(let object):
      nodes.append(node(.object, "", object.count))
      for (key, member) in object { add(member, label: key, depth: depth + 1, parent: place) }
    }
    nodes[place].end = nodes.count
  }

  private static func text(of value: JSONValue) -> String {
    var json = JSONWriter()
    json.value(value)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private mutating func layRows() {
    rows = []
    // The root has no name: its members stand at the left.
    var place = nodes.count > 1 ? 1 : 0
    while place < nodes.count {
      rows.append(.node(place))
      let node = nodes[place]
      if node.kind == .string, node.isOpen, node.canFold {
        let lines = node.text.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.prefix(Self.longestText) { rows.append(.text(place, String(line.prefix(4096)))) }
        if lines.count > Self.longestText {
          rows.append(.text(place, "… \(lines.count - Self.longestText) lines more; y copies the whole"))
        }
      }
      place = node.count > 0 && !node.isOpen ? node.end : place + 1
    }
    cursor = max(0, min(cursor, rows.count - 1))
  }

  /// The node that a row belongs to.
  func node(atRow row: Int) -> Int? {
    switch rows[safe: row] {
    case .node(let place), .text(let place, _): place
    case nil: nil
    }
  }

  /// `verify[0].output`.
  func path(_ place: Int) -> String {
    var parts: [String] = []
    var at = place
    while at > 0, let node = nodes[safe: at] {
      parts.append(node.label)
      at = node.parent
    }
    return parts.reversed().reduce("") { $0.isEmpty || $1.hasPrefix("[") ? $0 + $1 : $0 + "." + $1 }
  }

  /// What `y` copies: the value under the cursor; of a container its path.
  var copied: String? {
    guard let place = node(atRow: cursor), let node = nodes[safe: place] else { return nil }
    return node.count > 0 || node.kind == .object || node.kind == .array ? path(place) : node.text
  }

  // MARK: Folding

  mutating func toggle() {
    guard let place = node(atRow: cursor), nodes[place].canFold else { return }
    setOpen(place, !nodes[place].isOpen)
  }

  /// Left: folds, or goes to what it is in.
  mutating func fold() {
    guard let place = node(atRow: cursor) else { return }
    if nodes[place].canFold, nodes[place].isOpen {
      setOpen(place, false)
    } else if nodes[place].parent > 0 || nodes.count == 1 {
      go(to: nodes[place].parent)
    }
  }

  /// Right: unfolds, or goes on to the first member.
  mutating func unfold() {
    guard let place = node(atRow: cursor), nodes[place].canFold else { return }
    if nodes[place].isOpen { cursor = min(rows.count - 1, cursor + 1) } else { setOpen(place, true) }
  }

  private mutating func setOpen(_ place: Int, _ isOpen: Bool) {
    nodes[place].isOpen = isOpen
    layRows()
    go(to: place)
  }

  private mutating func go(to place: Int) {
    let found = rows.firstIndex { row in
      if case .node(let node) = row { node == place } else { false }
    }
    if let found { cursor = found }
  }
}
