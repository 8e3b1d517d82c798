import TerminalKit

/// A stretch of a diff line: its text, whose colour it has, and on whose ground it stands.
struct DiffPiece: Sendable, Equatable {
  var text: String
  var role: Role
  var ground: Role

  func style(_ theme: Theme) -> Style {
    guard role != ground else { return theme[role] }
    let front = theme[role]
    let back = theme[ground]
    return Style(
      foreground: front.foreground, background: back.background, attributes: back.attributes.union(front.attributes))
  }
}

/// What is drawn of one line's text.
struct DiffText {
  var body: Role
  /// Of the bytes of the text; empty without syntax colours.
  var tokens: [SyntaxToken] = []
  /// Byte ranges that changed.
  var changed: [Range<Int>] = []
  var word = Role.diffAddedWord
  var matches: [Range<Int>] = []
  var matchRole = Role.match
  /// Whether white space that git would complain of is to be marked.
  var marksSpace = false
  /// Whether a carriage return at the end is something new.
  var marksReturn = false

  static let tab = 4

  private struct Look: Equatable {
    var role: Role
    var ground: Role
  }

  /// Tabs become arrows up to the next stop; controls, bidi controls and bytes that are no text become marks of their own.
  func pieces(_ bytes: ArraySlice<UInt8>) -> [DiffPiece] {
    let line = Array(bytes)
    let end = textEnd(line)
    var pieces: [DiffPiece] = []
    var run: [UInt8] = []
    var look = Look(role: body, ground: body)
    var column = 0
    var changedLeft = changed[...]
    var matchesLeft = matches[...]
    func flush() {
      guard !run.isEmpty else { return }
      let text = String(decoding: run, as: UTF8.self)
      column += measure(text)
      pieces.append(DiffPiece(text: text, role: look.role, ground: look.ground))
      run.removeAll(keepingCapacity: true)
    }
    func mark(_ text: String, _ role: Role, _ ground: Role) {
      flush()
      column += measure(text)
      pieces.append(DiffPiece(text: text, role: role, ground: ground))
    }
    var at = 0
    while at < line.count {
      while let first = changedLeft.first, first.upperBound <= at { changedLeft.removeFirst() }
      while let first = matchesLeft.first, first.upperBound <= at { matchesLeft.removeFirst() }
      var here = Look(role: body, ground: body)
      if changedLeft.first?.contains(at) == true {
        here = Look(role: word, ground: word)
      } else if at < tokens.count, let role = Self.role(tokens[at]) {
        here.role = role
      }
      if matchesLeft.first?.contains(at) == true { here = Look(role: matchRole, ground: matchRole) }
      if here != look {
        flush()
        look = here
      }
      let byte = line[at]
      let isBadSpace = marksSpace && at >= end
      switch byte {
      case 0x09:
        flush()
        let width = Self.tab - column % Self.tab
        let isBad = isBadSpace
        mark(
          "→" + String(repeating: " ", count: width - 1),
          isBad ? .diffSpace : look.ground == body ? .diffNumber : look.ground, isBad ? .diffSpace : look.ground)
        at += 1
      case 0x20 where isBadSpace || marksSpace && isBeforeTab(line, at):
        mark("·", .diffSpace, .diffSpace)
        at += 1
      case 0x0D where at == line.count - 1:
        mark("^M", marksReturn ? .diffSpace : .diffControl, marksReturn ? .diffSpace : body)
        at += 1
      case ..<0x20, 0x7F:
        mark(Self.caret(byte), .diffControl, body)
        at += 1
      case ..<0x80:
        run.append(byte)
        at += 1
      default:
        let (scalar, length) = Self.scalar(line, at)
        if let scalar {
          if Self.isInvisible(scalar) {
            mark(String(Character(scalar)), .diffControl, body)
          } else {
            run.append(contentsOf: line[at..<at + length])
          }
        } else {
          let digits = String(byte, radix: 16, uppercase: true)
          mark("\\x\(digits)", .diffControl, body)
        }
        at += length
      }
    }
    flush()
    return pieces
  }

  /// Where the white space at the end begins; what a carriage return hides counts too.
  private func textEnd(_ line: [UInt8]) -> Int {
    guard marksSpace else { return line.count }
    var end = line.count
    if line.last == 0x0D { end -= 1 }
    while end > 0, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
    return end
  }

  /// A space in the indentation with a tab after it.
  private func isBeforeTab(_ line: [UInt8], _ at: Int) -> Bool {
    var place = at
    while place < line.count, line[place] == 0x20 { place += 1 }
    guard place < line.count, line[place] == 0x09 else { return false }
    return line[..<at].allSatisfy { $0 == 0x20 || $0 == 0x09 }
  }

  private static func role(_ token: SyntaxToken) -> Role? {
    switch token {
    case .plain: nil
    case .keyword: .syntaxKeyword
    case .string: .syntaxString
    case .comment: .syntaxComment
    case .number: .syntaxNumber
    case .type: .syntaxType
    case .function: .syntaxFunction
    }
  }

  /// `^[` for escape: of two columns also where nothing but ASCII is shown.
  private static func caret(_ byte: UInt8) -> String { "^" + String(Character(Unicode.Scalar(byte ^ 0x40))) }

  /// Controls of C1, bidi controls, joiners and what else has no width: what a reader does not see.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x80..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
      0xE0000...0xE0FFF:
      true
    default: false
    }
  }

  /// The scalar at `at` and its length in bytes; nil and 1 where the bytes are no UTF-8.
  static func scalar(_ line: [UInt8], _ at: Int) -> (Unicode.Scalar?, Int) {
    let lead = line[at]
    let length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 && lead < 0xE0 ? 2 : 0
    guard length > 0, at + length <= line.count else { return (nil, 1) }
    var value = UInt32(lead) & (0xFF >> UInt32(length + 1))
    for place in 1..<length {
      guard line[at + place] & 0xC0 == 0x80 else { return (nil, 1) }
      value = value << 6 | UInt32(line[at + place] & 0x3F)
    }
    guard value >= (length == 2 ? 0x80 : length == 3 ? 0x800 : 0x1_0000) else { return (nil, 1) }
    return Unicode.Scalar(value).map { ($0, length) } ?? (nil, 1)
  }

  /// Where `needle` (lower case) is found, each place once.
  static func matches(_ needle: [UInt8], in line: ArraySlice<UInt8>) -> [Range<Int>] {
    guard !needle.isEmpty, line.count >= needle.count else { return [] }
    var found: [Range<Int>] = []
    line.withUnsafeBufferPointer { bytes in
      var at = 0
      while at + needle.count <= bytes.count {
        var next = 0
        while next < needle.count {
          let byte = bytes[at + next]
          if (byte >= 65 && byte <= 90 ? byte | 32 : byte) != needle[next] { break }
          next += 1
        }
        if next == needle.count {
          found.append(at..<at + needle.count)
          at += needle.count
        } else {
          at += 1
        }
      }
    }
    return found
  }
}

/// Rows of pieces for a text of any width: cut after `width` columns each, or the part from `left` on.
enum DiffFlow {
  struct Cluster {
    var text: String
    var width: Int
    var piece: Int
  }

  static func clusters(_ pieces: [DiffPiece], upTo columns: Int) -> [Cluster] {
    var clusters: [Cluster] = []
    var used = 0
    for (place, piece) in pieces.enumerated() {
      for cluster in DisplayText(piece.text, maxWidth: max(0, columns - used)).clusters {
        clusters.append(Cluster(text: cluster.text, width: Int(cluster.width), piece: place))
        used += Int(cluster.width)
      }
      if used > columns { break }
    }
    return clusters
  }

  static func wrapped(_ pieces: [DiffPiece], width: Int, most: Int) -> [[DiffPiece]] {
    let width = max(2, width)
    var rows: [[DiffPiece]] = []
    var row: [DiffPiece] = []
    var used = 0
    var last = -1
    for cluster in clusters(pieces, upTo: width * most) {
      if used + cluster.width > width {
        rows.append(row)
        row = []
        used = 0
        last = -1
        if rows.count >= most { return rows }
      }
      add(cluster, pieces, &row, &last)
      used += cluster.width
    }
    rows.append(row)
    return rows
  }

  /// Without the first `left` columns. Half of a wide character that is cut is a space.
  static func scrolled(_ pieces: [DiffPiece], by left: Int, width: Int) -> [DiffPiece] {
    guard left > 0 else { return pieces }
    var row: [DiffPiece] = []
    var used = 0
    var last = -1
    for cluster in clusters(pieces, upTo: left + width) {
      if used >= left {
        add(cluster, pieces, &row, &last)
      } else if used + cluster.width > left {
        add(Cluster(text: " ", width: 1, piece: cluster.piece), pieces, &row, &last)
      }
      used += cluster.width
    }
    return row
  }

  private static func add(_ cluster: Cluster, _ pieces: [DiffPiece], _ row: inout [DiffPiece], _ last: inout Int) {
    if cluster.piece == last, !row.isEmpty {
      row[row.count - 1].text += cluster.text
    } else {
      var piece = pieces[cluster.piece]
      piece.text = cluster.text
      row.append(piece)
      last = cluster.piece
    }
  }
}

extension Frame {
  /// Draws pieces from the left; what does not fit is cut with `…`.
  @discardableResult
  mutating func draw(_ pieces: [DiffPiece], x: Int, y: Int, width: Int, _ theme: Theme) -> Int {
    var used = 0
    for (place, piece) in pieces.enumerated() {
      guard used < width else {
        // The edge shows that the line goes on.
        if place < pieces.count, used > 0 {
          put("…", x: x + width - 1, y: y, width: 1, style: piece.style(theme))
        }
        break
      }
      used += put(piece.text, x: x + used, y: y, width: width - used, style: piece.style(theme))
    }
    return used
  }
}
