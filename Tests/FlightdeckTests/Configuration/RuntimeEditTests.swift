import RunModel
import Testing

@testable import flightdeck

@Suite("Editing the runtimes of a configuration")
struct RuntimeEditTests {
  private static func edit(_ text: String) throws(Problem) -> RuntimeEdit {
    try RuntimeEdit(path: "/etc/fd/config.yaml", text: text)
  }
  private static let settings = [("id", "new"), ("kind", "local"), ("command", "[my-agent, \"{prompt}\"]")]

  private static func added(to text: String) throws(Problem) -> String {
    try edit(text).adding("new", settings.map { (key: $0.0, value: $0.1) }).text
  }

  @Test(
    "An entry is put after the last, at its depth, and every other byte stays",
    arguments: [
      (
        "theme: auto  # mine\nruntimes:\n  # the first\n  - id: a\n    kind: simulated   # odd   spaces\n\n# the rest\nmouse: true\n",
        "theme: auto  # mine\nruntimes:\n  # the first\n  - id: a\n    kind: simulated   # odd   spaces\n  - id: new\n    kind: local\n    command: [my-agent, \"{prompt}\"]\n\n# the rest\nmouse: true\n"
      ),
      (
        "runtimes:\n- {id: a, kind: simulated}",
        "runtimes:\n- {id: a, kind: simulated}\n- id: new\n  kind: local\n  command: [my-agent, \"{prompt}\"]\n"
      ),
      (
        "runtimes: [{id: a, kind: simulated}]  # one\nmouse: true\n",
        "runtimes: [{id: a, kind: simulated}, {id: new, kind: local, command: [my-agent, \"{prompt}\"]}]  # one\nmouse: true\n"
      ),
      (
        "runtimes:\r\n    -   id: a\r\n        kind: simulated\r\nmouse: true\r\n",
        "runtimes:\r\n    -   id: a\r\n        kind: simulated\r\n    - id: new\r\n      kind: local\r\n      command: [my-agent, \"{prompt}\"]\r\nmouse: true\r\n"
      ),
      (
        "runtimes:\n  - id: a\n    kind: local\n    command:\n      - sh\n      - -c\n      - |\n        # no comment\n        - id: b\n\n    # of a\nmouse: true\n",
        "runtimes:\n  - id: a\n    kind: local\n    command:\n      - sh\n      - -c\n      - |\n        # no comment\n        - id: b\n\n    # of a\n  - id: new\n    kind: local\n    command: [my-agent, \"{prompt}\"]\nmouse: true\n"
      ),
    ])
  func adds(_ before: String, _ after: String) throws {
    #expect(try Self.added(to: before) == after)
  }

  @Test(
    "Without a list, what is there by itself is written down beside the new one",
    arguments: ["", "# mine\nmouse: true"])
  func keepsDefaults(_ before: String) throws {
    let after = try Self.added(to: before)
    #expect(after.hasPrefix(before))
    let runtimes = try ConfigurationFile(path: "/c.yaml").parse(after).runtimes
    #expect(Array(runtimes.dropLast()) == RuntimeConfiguration.defaults && runtimes.last?.id == "new")
  }

  @Test("An id that is there, a setting that is none and a file that cannot be read change nothing and are said")
  func refuses() throws {
    let taken = #expect(throws: Problem.self) { try Self.added(to: "runtimes: [{id: new, kind: simulated}]") }
    #expect(taken?.detail.contains("already") == true)
    let wrong = #expect(throws: Problem.self) {
      try Self.edit("runtimes: [{id: a, kind: simulated}]").adding(
        "new", [("id", "new"), ("kind", "local"), ("command", "[a, \"{promt}\"]")])
    }
    #expect(wrong?.detail.contains("Did you mean {prompt}?") == true)
    let broken = #expect(throws: Problem.self) { try Self.edit("mouse: maybe") }
    #expect(broken?.detail.contains("Mend this first") == true)
  }

  @Test(
    "An entry goes with the comment right above it, and every other byte stays",
    arguments: [
      (
        "runtimes:\n  - id: x\n    kind: simulated\n  # about a\n  - id: a\n    kind: simulated\n\n  # about b\n  - id: b\n    kind: simulated\nmouse: true\n",
        "runtimes:\n  - id: x\n    kind: simulated\n  # about b\n  - id: b\n    kind: simulated\nmouse: true\n"
      ),
      (
        "runtimes:\n- {id: x, kind: simulated}\n- {id: a, kind: simulated}\n\n# the rest\nmouse: true\n",
        "runtimes:\n- {id: x, kind: simulated}\n\n# the rest\nmouse: true\n"
      ),
      (
        "runtimes: [{id: a, kind: simulated}, {id: x, kind: simulated}] # two\n",
        "runtimes: [{id: x, kind: simulated}] # two\n"
      ),
      (
        "runtimes: [{id: x, kind: simulated}, {id: a, kind: local, command: [\"a}\", 'b''}']}]\n",
        "runtimes: [{id: x, kind: simulated}]\n"
      ),
      (
        "theme: auto\nruntimes:\n  - id: a\n    kind: simulated\n# last\nmouse: true\n",
        "theme: auto\n# last\nmouse: true\n"
      ),
    ])
  func removes(_ before: String, _ after: String) throws {
    #expect(try Self.edit(before).removing("a").text == after)
  }

  @Test("What was added and is removed again leaves the file as it was")
  func roundTrip() throws {
    let before = "theme: auto\nruntimes:\n  # one\n  - id: a\n    kind: simulated\n\nmouse: true\n"
    #expect(try Self.edit(Self.added(to: before)).removing("new").text == before)
  }

  @Test("One that is not there is named with what was probably meant")
  func unknown() {
    let problem = #expect(throws: Problem.self) {
      try Self.edit("runtimes: [{id: mini, kind: simulated}]").removing("mnii")
    }
    #expect(problem?.detail.contains("Did you mean \"mini\"?") == true)
    let byItself = #expect(throws: Problem.self) { try Self.edit("").removing("simulated") }
    #expect(byItself?.detail.contains("by themselves") == true)
  }

  @Test(
    "Texts are quoted where they would mean something else",
    arguments: ["a b", "{prompt}", "true", "", "-", "#", "a: b", "'", "~", "3"])
  func quoting(_ text: String) throws {
    let parsed = try ConfigurationFile(path: "/c.yaml").parse(
      "runtimes: [{id: a, kind: local, command: \(YAMLText.list(["x", text]))}]")
    var expected = RuntimeConfiguration.Local()
    expected.command = ["x", text]
    #expect(parsed.runtimes.first?.kind == .local(expected))
  }
}
