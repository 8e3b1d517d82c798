import Foundation
import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct DiffTabTests {
  private let size = Size(width: 120, height: 40)
  private let run = Sample.id(5)

  private func line(_ state: DashboardState) -> String {
    guard let open = state.open, let patch = open.patch else { return "" }
    return String(decoding: patch.bytes(of: open.diff.cursor), as: UTF8.self)
  }

  @Test("The cursor goes from row to row, stays in sight, and skips what does not show", arguments: [false, true])
  func moving(sideBySide: Bool) {
    var state = DiffSample.opened(Size(width: 120, height: 14))
    if sideBySide { state.press("|") }
    var seen: [Int] = []
    for _ in 0..<80 {
      seen.append(state.open?.diff.cursor ?? -1)
      let text = drawDashboard(state).text
      #expect(text.contains("▌"), "\(line(state))")
      state.press("j")
    }
    #expect(Set(seen).count > 30)
    #expect(!seen.contains(2) && !seen.contains(3))
    for _ in 0..<80 { state.press("k") }
    #expect(state.open?.diff.cursor == 0)
    #expect(state.open?.diff.top == 0)
    state.press("G", "g", "ctrl-d", "pgdn", "pgup", "ctrl-u")
    #expect(drawDashboard(state).text.contains("▌"))
  }

  @Test("Hunk and file keys go from one to the next and back")
  func jumps() {
    var state = DiffSample.opened(size)
    state.press("}")
    #expect(line(state).hasPrefix("@@ -8"))
    state.press("}")
    #expect(line(state).hasPrefix("@@ -60"))
    state.press("{")
    #expect(line(state).hasPrefix("@@ -8"))
    state.press(")")
    #expect(line(state).hasPrefix("diff --git a/web"))
    state.press("(")
    #expect(line(state).hasPrefix("diff --git a/Sources"))
  }

  @Test("Two sides need room, say so where there is none, and are remembered")
  func narrow() {
    var state = DiffSample.opened(Size(width: 80, height: 24))
    let effects = state.press("|")
    #expect(effects.contains { if case .keep(let kept) = $0 { kept.diffSideBySide } else { false } })
    #expect(drawDashboard(state).text.contains("needs 100 columns"))
    _ = state.update(.input(.resize(Size(width: 120, height: 30))))
    #expect(drawDashboard(state).text.contains("│"))
  }

  @Test("A reviewed file is folded and the next one shown; when it changes it is unreviewed again")
  func reviewed() {
    var state = DiffSample.opened(size)
    state.press("space")
    #expect(state.open?.diff.folded == ["Sources/Store/Cache.swift"])
    #expect(line(state).hasPrefix("diff --git a/web"))
    #expect(state.open?.files.reviewed == ["Sources/Store/Cache.swift"])
    let changed = DiffSample.code.replacing("capacity = 250", with: "capacity = 300")
    _ = state.update(.patch(run, Array(changed.utf8)))
    #expect(state.open?.files.reviewed.isEmpty == true)
    state.press("Z")
    #expect(state.open?.diff.folded.count == 2)
    state.press("Z")
    #expect(state.open?.diff.folded.isEmpty == true)
  }

  @Test("When the run changes the file, the cursor stays on its line")
  func place() {
    var state = DiffSample.opened(size)
    while !line(state).contains("mutating func evict"), state.open?.diff.cursor ?? 0 < 60 { state.press("j") }
    let before = line(state)
    #expect(before.contains("evict"))
    let more = DiffSample.code.replacing(
      "+  /// How many entries are kept.\n", with: "+  /// How many entries are kept.\n+  /// More.\n+  /// And more.\n"
    ).replacing("@@ -8,19 +8,18 @@", with: "@@ -8,19 +8,20 @@")
    _ = state.update(.patch(run, Array(more.utf8)))
    #expect(line(state) == before)
    #expect(drawDashboard(state).text.contains("evict()"))
  }

  @Test("Context and white space are asked for, what comes too late is dropped, and a refusal keeps what is there")
  func options() {
    var state = DiffSample.opened(size)
    var effects = state.press("+")
    #expect(Self.asked(effects) == PatchOptions(context: 5))
    effects = state.press("W")
    let wanted = PatchOptions(context: 5, ignoresWhiteSpace: true)
    #expect(Self.asked(effects) == wanted)
    _ = state.update(.patch(run, Array(Sample.patch.utf8), PatchOptions(context: 5)))
    #expect(state.open?.patch?.files.count == 2)
    _ = state.update(.failed(Problem(.conflict, "There is one form alone."), .patch(run)))
    #expect(state.open?.diff.wanted == PatchOptions())
    #expect(state.open?.patchProblem == nil)
    #expect(drawDashboard(state).text.contains("one form alone"))
    state.press("-")
    _ = state.update(.patch(run, Array(Sample.patch.utf8), PatchOptions(context: 1)))
    #expect(state.open?.patch?.files.count == 5)
    #expect(drawDashboard(state).text.contains("1 around"))
  }

  private static func asked(_ effects: [Effect]) -> PatchOptions? {
    for effect in effects { if case .fetchPatch(_, let options) = effect { return options } }
    return nil
  }

  @Test("Search counts its matches and goes round")
  func search() {
    var state = DiffSample.opened(size)
    state.press("/")
    state.type("CAPACITY")
    state.press("enter")
    _ = state.update(.tick(Sample.now))
    #expect(line(state).contains("capacity"))
    #expect(drawDashboard(state).text.contains("/CAPACITY 1 of 6"))
    state.press("n")
    #expect(drawDashboard(state).text.contains("2 of 6"))
    state.press("N", "N")
    #expect(drawDashboard(state).text.contains("6 of 6"))
  }

  @Test("A match far to the right of a long line is scrolled into sight")
  func longLine() {
    let long = String(repeating: "x", count: 50_000) + "needle" + String(repeating: "y", count: 50_000)
    let patch = "diff --git a/l b/l\n--- a/l\n+++ b/l\n@@ -1,1 +1,1 @@\n-short\n+\(long)\n"
    var state = DiffSample.opened(size, Array(patch.utf8))
    state.press("/")
    state.type("needle")
    state.press("enter")
    #expect(drawDashboard(state).text.contains("needleyyy"))
  }

  @Test("A copied hunk and a copied file are patches that git apply takes", arguments: ["y", "P"])
  func copies(key: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "diff-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func git(_ arguments: String...) throws -> String {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/git")
      process.arguments = ["-C", folder.path, "-c", "user.name=a", "-c", "user.email=a@b"] + arguments
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardError = pipe
      try process.run()
      let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "git \(arguments): \(String(decoding: output, as: UTF8.self))")
      return String(decoding: output, as: UTF8.self)
    }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    let lines = (1...40).map { "line \($0)" }
    _ = try git("init", "-q")
    try write("a.txt", lines.joined(separator: "\r\n") + "\r\n")
    try write("old.txt", lines.joined(separator: "\n"))
    _ = try git("add", "-A")
    _ = try git("commit", "-qm", "one")
    var changed = lines
    changed[1] = "second"
    changed[30] = "thirty-first"
    changed.append("a new one")
    try write("a.txt", changed.joined(separator: "\r\n") + "\r\n")
    try FileManager.default.removeItem(at: folder.appending(path: "old.txt"))
    try write("new.txt", changed.joined(separator: "\n"))
    _ = try git("add", "-A")
    let patch = try git("diff", "--cached", "--find-renames", "--full-index", "--binary")
    _ = try git("reset", "-q", "--hard")

    var state = DiffSample.opened(size, Array(patch.utf8))
    let files = try #require(state.open?.patch?.files)
    #expect(files.map(\.path) == ["a.txt", "new.txt"])
    for path in files.map(\.path) {
      let head = try #require(state.open?.patch?.files.first { $0.path == path })
      state.goToDiffLine(head.firstLine)
      if key == "y" { state.press("}", "j") }
      let copied = state.press(key).compactMap { effect -> String? in
        if case .copy(let text) = effect { text } else { nil }
      }
      try write("../\(folder.lastPathComponent).patch", try #require(copied.first))
      defer { try? FileManager.default.removeItem(atPath: folder.path + ".patch") }
      _ = try git("apply", "--index", folder.path + ".patch")
      #expect(try git("diff", "--cached", "--name-only").contains(path))
      _ = try git("reset", "-q", "--hard")
    }
  }

  @Test("What is no UTF-8 or too large for a clipboard is refused with another way")
  func refusedCopies() {
    var state = DiffSample.opened(size, DiffSample.odd)
    state.press("G")
    #expect(state.press("y").allSatisfy { if case .copy = $0 { false } else { true } })
    #expect(drawDashboard(state).text.contains("no UTF-8"))
  }

  @Test("A run is compared with another of the same contract, and with itself again")
  func compare() throws {
    var state = DiffSample.opened(size)
    state.press("=")
    #expect(state.layers.isEmpty)
    var runs = Sample.runs
    runs[0].contractId = runs[4].contractId
    _ = state.update(.snapshot(Snapshot(seq: 2000, runs: runs, runtimes: Sample.runtimes)))
    state.press("=")
    #expect(drawDashboard(state).text.contains("Compare with"))
    let wanted = PatchOptions(against: Sample.id(1))
    #expect(Self.asked(state.press("enter")) == wanted)
    _ = state.update(.patch(run, Array(Sample.patch.utf8), wanted))
    #expect(drawDashboard(state).text.contains("against \(Sample.id(1).shortName)"))
    state.press("=")
    #expect(Self.asked(state.press("enter")) == PatchOptions())
  }
}
