/// What a cluster becomes on a terminal that has no UTF-8: ASCII of the same width.
package func asciiFallback(_ cluster: String, width: Int = 1) -> String {
  let bytes = cluster.utf8
  if bytes.count == 1, let byte = bytes.first, byte < 0x80 { return cluster }
  if width == 2 { return "??" }
  guard let value = cluster.unicodeScalars.first?.value else { return "" }
  if let known = asciiGlyphs[value] ?? asciiLetter(value) { return known }
  switch value {
  case 0x2500...0x257F: return asciiBox(value)
  case 0x2800: return " "
  case 0x2801...0x28FF: return (value - 0x2800).nonzeroBitCount < 4 ? "." : ":"
  default: return "?"
  }
}

/// The letters of Latin-1 and Latin Extended-A without their marks.
private let asciiLetters = Array(
  ("AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
    + "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUu"
    + "WwYyYZzZzZzs").utf8)

private func asciiLetter(_ value: UInt32) -> String? {
  guard value >= 0xC0, value - 0xC0 < UInt32(asciiLetters.count) else { return nil }
  return String(Unicode.Scalar(asciiLetters[Int(value) - 0xC0]))
}

private func asciiBox(_ value: UInt32) -> String {
  switch value {
  case 0x2500, 0x2501, 0x2504, 0x2505, 0x2508, 0x2509, 0x254C, 0x254D, 0x2574, 0x2576, 0x2578, 0x257A, 0x257C, 0x257E:
    "-"
  case 0x2550: "="
  case 0x2502, 0x2503, 0x2506, 0x2507, 0x250A, 0x250B, 0x254E, 0x254F, 0x2551, 0x2575, 0x2577, 0x2579, 0x257B, 0x257D,
    0x257F:
    "|"
  case 0x2571: "/"
  case 0x2572: "\\"
  case 0x2573: "X"
  default: "+"
  }
}

private let asciiGlyphs: [UInt32: String] = {
  let pairs: [(String, String)] = [
    // The signs of a run's status, kept apart from one another.
    ("▶►▸▷", ">"), ("◀◂◁", "<"), ("◔◷", "."), ("◐◑◒◓◕", "o"), ("✔✓", "+"), ("✖✘✗×", "x"), ("⊘", "/"), ("▲△", "^"),
    ("▼▽▾", "v"), ("▴", "^"), ("●•■◆★", "*"), ("○◦□◇☆", "o"), ("⚠", "!"), ("◌", "o"),
    // Bars and shades.
    ("█▉▊▋▌▐▓▆▇▙▛▜▟", "#"), ("▍▎▏▕", "|"), ("░▒", "."), ("▁▂", "_"), ("▃▄▅", "="), ("▀▔", "\""), ("▖▗▘▝▚▞", ":"),
    // The spinner turns.
    ("⠋⠴", "|"), ("⠙⠦", "/"), ("⠹⠧", "-"), ("⠸⠇", "\\"), ("⠼⠏", "|"),
    // Arrows and keys.
    ("←⇠⇐⏎↵↩", "<"), ("→⇢⇒↪", ">"), ("↑⇡⇧", "^"), ("↓⇣⇩", "v"), ("↔↕", "-"),
    // Punctuation.
    ("…·‥∙", "."), ("–—―‐‑−", "-"), ("‘’‚′", "'"), ("“”„″«»", "\""), ("⟨‹≤", "<"), ("⟩›≥", ">"), ("≈", "~"),
    ("\u{A0}\u{2002}\u{2003}\u{2007}\u{2009}\u{202F}", " "), ("±", "+"), ("÷", "/"), ("⎇", "Y"), ("¦", "|"),
  ]
  var table: [UInt32: String] = [:]
  for (glyphs, ascii) in pairs { for scalar in glyphs.unicodeScalars { table[scalar.value] = ascii } }
  return table
}()
