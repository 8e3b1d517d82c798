import Foundation
import RunModel
import Testing

@testable import DashboardUI
@testable import flightdeck

@Suite("The dashboard's memory") struct PreferencesFileTests {
  private func with(_ body: (PreferencesFile, _ path: String) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "flightdeck-memory-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // what is left is the system's to sweep
    try await body(
      PreferencesFile(try Paths(environment: ["HOME": folder], state: folder, configuration: nil)),
      folder + "/dashboard.json")
  }

  @Test("What is kept is read again; without a file it is the defaults, and no complaint")
  func keeps() async throws {
    try await with { memory, path in
      #expect(memory.read().complaint == nil)
      var preferences = Preferences()
      preferences.filters = ["status:failed"]
      try await memory.write(preferences)
      #expect(memory.read().preferences.filters == ["status:failed"] && memory.read().complaint == nil)
      #expect(!FileManager.default.fileExists(atPath: path + ".unreadable"))
    }
  }

  @Test(
    "What cannot be read is told of, and put aside before it would be replaced",
    arguments: ["{\"filters\":[\"x", "[]", ""])
  func unreadable(text: String) async throws {
    try await with { memory, path in
      try Data(text.utf8).write(to: URL(filePath: path))
      let read = memory.read()
      let complaint = try #require(read.complaint)
      #expect(complaint.detail.contains(path + ".unreadable"))
      #expect(FileManager.default.contents(atPath: path) == Data(text.utf8))
      var preferences = read.preferences
      for filter in ["a", "b"] {
        preferences.filters = [filter]
        try await memory.write(preferences)
      }
      #expect(FileManager.default.contents(atPath: path + ".unreadable") == Data(text.utf8))
      #expect(memory.read().preferences.filters == ["b"] && memory.read().complaint == nil)
    }
  }
}
