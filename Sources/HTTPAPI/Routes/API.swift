import Glibc
import HTTPTypes
import Hummingbird
import Orchestration
import RunModel
import Synchronization

/// What the routes stand on.
struct API: Sendable {
  let service: any RunService
  let access: AccessControl
  let version: String
  let figures: HTTPFigures
  let listening: Listening
  /// Absolute path of the file that it was started with, whether or not it is there.
  let configuration: String?

  func run(_ request: APIRequest) async throws -> RunID { try await service.resolve(request.parameter("id")) }

  func health(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    let seq = await service.lastSeq()
    let outage = service.outage
    var health: JSONObject = [
      "status": outage == nil ? "ok" : "degraded", "version": .string(version), "pid": .int(Int64(getpid())),
      "seq": .int(Int64(clamping: seq)),
      "listening": .array(listening.addresses.map { .string("\($0)") }),
    ]
    if request.caller.token != nil { health.append("role", .string(request.caller.role.rawValue)) }
    // Paths of this machine are of no use to who asks from another.
    if request.caller.token == nil, let configuration { health.append("configuration", .string(configuration)) }
    if let store = await service.storeID() { health.append("store", .string(store.description)) }
    // Our own JSON parses.
    if let outage { health.append("outage", (try? JSONValue(parsing: outage.jsonBytes)) ?? .null) }
    if let problem = await service.configurationProblem() { health.append("configurationProblem", .string(problem)) }
    return Reply.json(JSONValue.object(health))
  }

  /// Prometheus' text format.
  func metrics(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    var page = MetricsPage()
    page.gauge("flightdeck_build_info", "Which version this is.", [.init(1, ["version": version])])
    page.append(await service.metrics())
    page.append(figures.metrics(lastSeq: await service.lastSeq()))
    page.counter(
      "flightdeck_subscribers_stalled_total", "Clients let go, as they took nothing for a minute.",
      Double(request.streams.stalls.count))
    page.append(ProcessFigures.metrics())
    return Reply.bytes(Array(page.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// The key of a request that is to be done once.
  func idempotencyKey(_ request: APIRequest) throws(Problem) -> String? {
    guard let name = HTTPField.Name("Idempotency-Key") else { return nil }
    let keys = request.request.headers[values: name]
    guard keys.count <= 1 else { throw Problem(.invalid, "The request has several Idempotency-Keys. Send one.") }
    guard let key = keys.first else { return nil }
    guard (1...255).contains(key.utf8.count) else {
      throw Problem(.invalid, "The Idempotency-Key must have from 1 to 255 characters.")
    }
    return key
  }

  /// Throws when a cursor was given out with the name of another store: its seq may exist here and mean something else.
  func checkStore(_ query: Query) async throws {
    guard let text = try query.text("store") else { return }
    guard let given = StoreID(text) else {
      throw Problem(.invalid, "\"store\" must be the name of a store, as the snapshot tells it.")
    }
    if let own = await service.storeID(), own != given {
      throw Problem(
        .conflict,
        "The cursor comes from another record: that was store \(given), this is \(own). Take a new snapshot and follow from there."
      )
    }
  }

  func openAPI(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.bytes(Array(OpenAPI.document(version: version).utf8), type: "application/json")
  }

  func runtimes(_ request: APIRequest) async throws -> Response {
    _ = try request.query()
    return Reply.json(await service.runtimes())
  }
}

/// The addresses at which clients are served now.
final class Listening: Sendable {
  private let state = Mutex<[ServerAddress]>([])
  var addresses: [ServerAddress] { state.withLock { $0 } }
  func add(_ address: ServerAddress) { state.withLock { $0.append(address) } }
}
