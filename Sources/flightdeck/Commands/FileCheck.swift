import ArgumentParser
import RunModel

/// What `themes check` and `profiles check` do: look at each file, name what is wrong, exit 1 if anything is.
enum FileCheck {
  /// `files` are those that a path stands for; `issues` what is wrong with a file's text.
  static func run(
    _ paths: [String], json: Bool, files: (String) throws -> [String],
    issues: (_ text: String, _ file: String) -> [String]
  ) throws {
    var reports: [JSONValue] = []
    var broken = false
    for path in paths {
      for file in try files(path) {
        let found: [String]
        do throws(Problem) {
          found = issues(String(decoding: try WholeFile.read(file), as: UTF8.self), file)
        } catch { found = [error.detail] }
        broken = broken || !found.isEmpty
        reports.append(
          ["path": .string(file), "ok": .bool(found.isEmpty), "issues": .array(found.map { .string($0) })])
        if json { continue }
        if found.isEmpty { Console.print("\(Plain.line(file)): ok") }
        for issue in found { Console.print(Plain.line("\(file): \(issue)")) }
      }
    }
    if json { Console.print(JSONValue.array(reports)) }
    if broken { throw ExitCode(ExitStatus.failed) }
  }
}
