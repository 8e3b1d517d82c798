/// Text that is safe to show, cut into grapheme clusters with their widths in columns. The one way from any text that
/// is not ours to the screen.
///
/// C0, DEL, C1, bidi controls, zero-width characters and what has no known width become visible marks.
package struct DisplayText: Hashable, Sendable {
  package struct Cluster: Hashable, Sendable {
    package var text: String
    /// 1 or 2.
    package var width: UInt8
  }

  package private(set) var clusters: [Cluster] = []
  package private(set) var width = 0

  package init(_ raw: String) {
    for character in raw {  // ASCII only for now; the terminal slice makes this whole
      let cluster = Cluster(text: String(character), width: 1)
      clusters.append(cluster)
      width += 1
    }
  }
}
