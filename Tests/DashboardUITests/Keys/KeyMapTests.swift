import RunModel
import Testing
import TerminalKit

@testable import DashboardUI

@Suite struct KeyMapTests {
  @Test("No key means two things in one place")
  func conflicts() { #expect(KeyMap.standard.conflicts().isEmpty) }

  @Test("Every key in the table can be written as it is read")
  func names() {
    for binding in KeyMap.standard.bindings {
      #expect(!binding.keys.isEmpty, "\(binding.action)")
      for key in binding.keys { #expect(Key(name: key.name) == key) }
    }
  }

  @Test("A user's keys replace those of an action, wherever it stands")
  func overrides() throws {
    let keys = try KeyMap(overrides: ["cancel": "K ctrl-k", "help": "f1"])
    #expect(keys.action(for: .character("K"), in: [.runs]) == .cancel)
    #expect(keys.action(for: .ctrl("k"), in: [.run]) == .cancel)
    #expect(keys.action(for: .character("x"), in: [.runs, .everywhere]) == nil)
    #expect(keys.action(for: .function(1), in: [.everywhere]) == .help)
    // A key that its first action was taken away from is free.
    _ = try KeyMap(overrides: ["cancel": "j", "down": "ctrl-j down"])
  }

  @Test(
    "A wrong key file says what is wrong",
    arguments: [
      (["cansel": "x"], "Did you mean \"cancel\"?"), (["cancel": "hyper-x"], "no key \"hyper-x\""),
      (["cancel": "r"], "means both"), (["cancel": "j"], "The key j means both cancel (Runs) and down (Moving)"),
      (["down": "x"], "means both cancel (Runs) and down (Moving)"),
    ])
  func errors(overrides: [String: String], word: String) {
    #expect { try KeyMap(overrides: overrides) } throws: { ($0 as? Problem)?.detail.contains(word) == true }
  }
}
