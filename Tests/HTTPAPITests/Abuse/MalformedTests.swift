import Foundation
import RunModel
import TestSupport
import Testing

@testable import HTTPAPI

/// Bytes that are no request, or more than one reading of it allows.
@Suite(.timeLimit(.minutes(20))) struct MalformedTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    /// Of every answer; what follows a refusal is not read.
    var statuses: [Int]
    var testDescription: String { name }

    init(_ name: String, _ text: String, _ statuses: Int...) {
      self.name = name
      bytes = Array(text.utf8)
      self.statuses = statuses
    }
  }

  static let host = "Host: localhost\r\n"
  static let cases: [Case] = [
    Case("noise", "\u{1}\u{2}\u{3}hello\r\n\r\n", 400),
    Case("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", 400),
    Case("HTTP/0.9", "GET /healthz\r\n\r\n", 505),
    Case("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    Case("a version that is none", "GET /healthz HTTP/9.9\r\n\(host)\r\n", 505),
    Case("an unknown method", "FROB /healthz HTTP/1.1\r\n\(host)\r\n", 400),
    Case("no target", "GET  HTTP/1.1\r\n\(host)\r\n", 400),
    Case("two lengths", "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    Case(
      "length and chunks",
      "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    Case(
      "chunks that are not last",
      "POST /v1/runs HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    Case("a negative length", "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400),
    Case(
      "a length beyond counting", "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999999\r\n\r\n",
      400),
    Case("a length that is no number", "POST /v1/runs HTTP/1.1\r\n\(host)Content-Length: 0x10\r\n\r\n", 400),
    Case(
      "a chunk without a size", "POST /v1/runs HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", 400),
    Case(
      "a chunk that ends elsewhere",
      "POST /v1/runs HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n", 400),
    Case("a space before the colon", "GET /healthz HTTP/1.1\r\n\(host)Evil : x\r\n\r\n", 400),
    Case("NUL in a field", "GET /healthz HTTP/1.1\r\n\(host)Evil: a\u{0}b\r\n\r\n", 400),
    Case(
      "a field of 100 KB", "GET /healthz HTTP/1.1\r\n\(host)Long: \(String(repeating: "x", count: 100_000))\r\n\r\n",
      431),
    Case("a target of 100 KB", "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\n\(host)\r\n", 431),
    Case(
      "a thousand fields",
      "GET /healthz HTTP/1.1\r\n\(host)" + (0..<1000).map { "F\($0): x\r\n" }.joined() + "\r\n", 431),
    Case("a good request and then noise", "GET /healthz HTTP/1.1\r\n\(host)\r\n\u{1}\u{2}\r\n\r\n", 200, 400),
    Case(
      "two good requests at once",
      "GET /healthz HTTP/1.1\r\n\(host)\r\nGET /v1/runs HTTP/1.1\r\n\(host)Connection: close\r\n\r\n",
      200, 200),
    Case("CONNECT", "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nnot for you", 404),
    Case(
      "another protocol",
      "GET /healthz HTTP/1.1\r\n\(host)Connection: upgrade\r\nUpgrade: websocket\r\n\r\nfurther bytes",
      200),
    Case("TRACE", "TRACE /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 405),
    Case("an absolute target", "GET http://localhost/healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200),
    Case("dots in the path", "GET /v1/../healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 404),
    Case("an encoded slash", "GET /v1%2Fruns HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 404),
    Case("an encoded NUL", "GET /v1/runs/%00 HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 404),
    Case("a target with no path", "GET ?x HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 400),
    Case("OPTIONS of all", "OPTIONS * HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 204),
    Case("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 200),
  ]

  @Test(
    "What is malformed is answered with a problem document, after what came before it, and the server serves on",
    arguments: cases)
  func malformed(_ example: Case) async throws {
    try await TestServer.with(Sample.service()) { server, client in
      let address = server.addresses[0]
      let (statuses, text) = try await onThread {
        let connection = try RawConnection(address)
        connection.send(example.bytes)
        connection.closeOutput()
        let text = try connection.readToEnd()
        return (connection.statuses, text)
      }
      #expect(statuses == example.statuses, "\(text)")
      if let last = statuses.last, last >= 400 {
        let parts = text.components(separatedBy: "\r\n\r\n")
        #expect(parts[parts.count - 2].lowercased().contains("content-type: application/problem+json"), "\(text)")
        let document = try JSONValue(parsing: parts[parts.count - 1])
        #expect(document["status"]?.int == Int64(last))
        #expect(Problem(json: document)?.detail.hasSuffix(".") == true)
      }
      #expect(try await client.ask("GET", "/healthz").status == 200)
    }
  }

  @Test("A request that ends before its body is whole is told so, and does nothing")
  func cutOff() async throws {
    let service = Sample.service()
    try await TestServer.with(service) { server, _ in
      let address = server.addresses[0]
      let text = try await onThread {
        let connection = try RawConnection(address)
        connection.send("POST /v1/runs/1/cancel HTTP/1.1\r\n\(Self.host)Content-Length: 100\r\n\r\n{\"reason\":\"r\"}")
        connection.closeOutput()
        return try connection.readToEnd()
      }
      #expect(text.contains("HTTP/1.1 400") && text.contains("ended before it was whole"), "\(text)")
    }
    #expect(service.calls == [])
  }
}
