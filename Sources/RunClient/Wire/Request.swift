/// One call: GET, or POST when it has a body.
struct Request: Sendable {
  /// Percent-encoded, without the query.
  private(set) var path: String
  private(set) var query = ""
  var accept = "application/json"
  /// Sent when it breaks off and asked again: the last seq that arrived.
  var lastEventID: UInt64?
  var body: [UInt8]?
  var idempotencyKey: String?
  /// How long the orchestrator may take for what it has others do; nil: as for any call.
  var patience: Duration?

  /// The base is a path of ours; the parts are taken literally, whatever is in them.
  init(_ base: String, _ parts: String...) {
    path = ([base] + parts.map(Self.encode)).joined(separator: "/")
  }

  mutating func add(_ name: String, _ value: String) {
    query += "\(query.isEmpty ? "?" : "&")\(name)=\(Self.encode(value))"
  }

  /// Percent-encodes all but RFC 3986's unreserved characters.
  static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes.append(UInt8(ascii: "%"))
        bytes.append(hex[Int(byte >> 4)])
        bytes.append(hex[Int(byte & 15)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let hex = Array("0123456789ABCDEF".utf8)
}
