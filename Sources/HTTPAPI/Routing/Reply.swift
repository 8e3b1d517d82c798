import HTTPTypes
import Hummingbird
import NIOCore
import RunModel

/// The shapes of response that there are.
enum Reply {
  static func json(_ value: some JSONWritable, status: HTTPResponse.Status = .ok) -> Response {
    var json = JSONWriter()
    value.write(to: &json)
    return bytes(json.bytes, type: "application/json", status: status)
  }

  static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// RFC 9457. `status` and `headers` for what `Problem` has no code of its own.
  static func problem(_ problem: Problem, status: HTTPResponse.Status? = nil, headers: HTTPFields = [:]) -> Response {
    let status = status ?? HTTPResponse.Status(code: problem.code.httpStatus)
    var response = bytes(document(problem, status: status), type: "application/problem+json", status: status)
    for field in headers { response.headers.append(field) }
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"flightdeck\"" }
    return response
  }

  /// RFC 9457's document; `status` for what `Problem` has no code of its own.
  static func document(_ problem: Problem, status: HTTPResponse.Status) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "urn:flightdeck:problem:\(problem.code.rawValue)")
      json.member("title", problem.code.rawValue)
      json.member("status", status.code)
      json.member("detail", clipped(problem.detail))
      json.member("code", problem.code.rawValue)
      if let member = problem.member { json.member("member", clipped(member)) }
    }
    return json.bytes
  }

  /// What a client sent may stand in a detail, but not all 16 MB of it.
  private static func clipped(_ text: String) -> String {
    let longest = 4096
    return text.utf8.count <= longest ? text : String(text.unicodeScalars.prefix(longest)) + "…"
  }

  /// A body that `write` makes piece by piece, at the pace of the client.
  static func stream(
    type: String, channel: any Channel,
    _ write: @escaping @Sendable @concurrent (inout PacedWriter) async throws -> Void
  ) -> Response {
    Response(
      status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody { writer in
        var paced = PacedWriter(writer: writer, channel: channel)
        try await write(&paced)
        try await writer.finish(nil)
      })
  }
}
