import RunModel
import Testing

@testable import Orchestration

@Suite struct TokenRedactionTests {
  @Test(
    "A token in a line is cut to its mark, and all else stays",
    arguments: [
      ("", ""), ("fdt_", "fdt_"), ("no secret", "no secret"), ("fdt_name is a word", "fdt_name is a word"),
      ("a fdt_" + String(repeating: "0f", count: 32) + " b", "a fdt_… b"),
      ("fdt_" + String(repeating: "a", count: 16), "fdt_…"),
      ("fdt_" + String(repeating: "a", count: 15), "fdt_aaaaaaaaaaaaaaa"),
      ("éfdt_" + String(repeating: "1", count: 64) + "fdt_" + String(repeating: "2", count: 64) + "é", "éfdt_…fdt_…é"),
    ])
  func tokens(text: String, expected: String) { #expect(TokenRedaction.tokens(in: text) == expected) }

  @Test(
    "An address loses who it is for",
    arguments: [
      ("https://me:pw@example.org/a@b", "https://example.org/a@b"),
      ("https://example.org/a@b", "https://example.org/a@b"),
      ("https://a@b@example.org?x", "https://example.org?x"), ("/srv/me@home", "/srv/me@home"), ("://@", "://"),
    ])
  func userInfo(text: String, expected: String) { #expect(TokenRedaction.userInfo(in: text) == expected) }

  @Test("A fresh secret is one that is found")
  func fresh() {
    let secret = TokenSecret.make()
    #expect(TokenRedaction.tokens(in: "token: \(secret)") == "token: fdt_…")
  }
}
