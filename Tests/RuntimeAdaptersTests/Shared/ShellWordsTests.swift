import RunModel
import TestSupport
import Testing

@testable import Orchestration

@Suite("Words for a shell")
struct ShellWordsTests {
  @Test("Whatever is quoted is one word to a shell, and nothing of it runs")
  func quoting() throws {
    let bench = try Bench()
    let texts =
      HostileText.samples.map { $0.replacing("\0", with: "") } + ["", "-n", "a b", "'", "''", "\\", "$HOME", "*"]
    var script = ""
    for text in texts {
      script += "printf '%s\\0' \(text.quotedForShell) > \(bench.folder)/word-\(script.utf8.count)\n"
    }
    try bench.shell(script)
    let files = try bench.shell("cd ..; ls word-* | sort -t- -k2 -n").split(separator: "\n")
    #expect(files.count == texts.count)
    for (file, text) in zip(files, texts) { #expect(bench.read("\(bench.folder)/\(file)") == text + "\0") }
    #expect(try bench.shell("ls") == "gone.txt\nkept.txt\nmoved.txt\npicture.bin\n")
  }

  @Test("A name that steers or hides makes no command to be copied")
  func visible() {
    for text in ["a", "awf/GH-1-fix-K9Q4MZ", "/home/ana/Ä 日本", "it's"] { #expect(text.isPlainlyVisible) }
    for text in ["a\nb", "a\u{1B}[201~", "a\u{202E}b", "a\u{200B}", "\u{9B}", "a\u{7F}", "\u{E0041}", "a\u{2028}"] {
      #expect(!text.isPlainlyVisible)
    }
  }
}
