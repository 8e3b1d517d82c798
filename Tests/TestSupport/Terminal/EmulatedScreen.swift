import CVTerm

/// A screen without a program: bytes go in, cells come out. What libvterm makes of what a renderer wrote.
package final class EmulatedScreen {
  package private(set) var rows: Int
  package private(set) var columns: Int
  private let vterm: OpaquePointer
  private let screen: OpaquePointer

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    vterm = vterm_new(Int32(rows), Int32(columns))
    vterm_set_utf8(vterm, 1)
    screen = vterm_obtain_screen(vterm)
    vterm_screen_enable_altscreen(screen, 1)
    vterm_screen_reset(screen, 1)
  }

  deinit { vterm_free(vterm) }

  package func write(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      _ = vterm_input_write(vterm, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
    }
  }

  package func resize(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    vterm_set_size(vterm, Int32(rows), Int32(columns))
  }

  package func cell(x: Int, y: Int) -> ScreenCell {
    var cell = VTermScreenCell()
    vterm_screen_get_cell(screen, VTermPos(row: Int32(y), col: Int32(x)), &cell)
    return ScreenCell(cell)
  }
}
