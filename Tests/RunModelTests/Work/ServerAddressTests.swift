import RunModel
import Testing

@Suite struct ServerAddressTests {
  @Test(
    "Addresses read back",
    arguments: [
      ("unix:/run/user/1000/flightdeck/s", ServerAddress.unix(path: "/run/user/1000/flightdeck/s")),
      ("unix:s", .unix(path: "s")), ("http://127.0.0.1:8080", .http(host: "127.0.0.1", port: 8080)),
      ("http://localhost:0", .http(host: "localhost", port: 0)), ("http://[::1]:80", .http(host: "[::1]", port: 80)),
      ("https://example.org:65535", .https(host: "example.org", port: 65535)),
    ])
  func reads(text: String, address: ServerAddress) throws {
    #expect(try ServerAddress(text) == address)
    #expect(address.description == text)
  }

  @Test("A slash at the end is allowed")
  func slash() throws {
    #expect(try ServerAddress("http://127.0.0.1:80/") == .http(host: "127.0.0.1", port: 80))
  }

  @Test(
    "What is no address is refused with what one looks like",
    arguments: [
      "", "unix:", "/run/s", "http://", "http://127.0.0.1", "http://:80", "http://127.0.0.1:", "http://127.0.0.1:x",
      "http://127.0.0.1:65536", "http://127.0.0.1:-1", "http://127.0.0.1:+80", "http://127.0.0.1:80/v1", "ftp://a:1",
      "127.0.0.1:80", "HTTP://127.0.0.1:80",
    ])
  func refused(text: String) {
    let problem = #expect(throws: Problem.self) { try ServerAddress(text) }
    #expect(problem?.code == .invalid && problem?.detail.contains("unix:PATH") == true)
  }

  @Test("A socket's path has as much room as the system gives it")
  func long() throws {
    #expect(try ServerAddress("unix:" + String(repeating: "x", count: 103)).description.count == 108)
    let problem = #expect(throws: Problem.self) { try ServerAddress("unix:" + String(repeating: "x", count: 104)) }
    #expect(problem?.detail.contains("103 bytes") == true)
  }
}
