import Glibc
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import RunModel

/// HTTP/1.1 over a Unix socket or TCP, with the errors of the layers below put into ours.
final class Wire: Sendable {
  let address: ServerAddress
  /// For calls that end, which a server that falls silent midway must not hold up for ever.
  private let calls: HTTPClient
  private let streams: HTTPClient
  private let origin: String
  private let token: String?

  /// How long a call that is no stream may take as a whole.
  static let patience: Duration = .seconds(30)
  private let patience: TimeAmount
  /// Bytes of an answer that is read as a whole, or of one line; more comes from something else than an orchestrator.
  static let longestAnswer = Bounds.answer

  init(address: ServerAddress, token: String?, tls: ClientTLS, patience: Duration = Wire.patience) {
    self.patience = TimeAmount(patience)
    self.address = address
    self.token = token
    switch address {
    case .unix(let path): origin = "http+unix://\(Request.encode(path))"
    case .http, .https: origin = address.description
    }
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.timeout = .init(connect: .seconds(3), read: nil)
    // A stream holds its connection: past the soft limit the next call would wait for one to end.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.redirectConfiguration = .disallow
    configuration.tlsConfiguration = tls.configuration
    streams = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    configuration.timeout.read = self.patience
    calls = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func shutdown() async {
    // It fails only when it is called twice, and then there is nothing left to do.
    try? await calls.shutdown()
    try? await streams.shutdown()  // as above
  }

  /// The whole body of a call that succeeded.
  func bytes(_ request: Request) async throws -> [UInt8] {
    var attempt = 1
    while true {
      do {
        let body = try await stream(request, ends: true)
        var chunks = body.makeAsyncIterator()
        var bytes: [UInt8] = []
        while let chunk = try await next(&chunks) {
          bytes.append(contentsOf: chunk.readableBytesView)
          if bytes.count > Self.longestAnswer { throw tooLong(request.path) }
        }
        return bytes
      } catch let error as LinkBroken {
        // A kept connection may have ended just as it was used; what must not be done twice carries a key.
        let repeatable = request.body == nil || request.idempotencyKey != nil
        guard repeatable, attempt < 3 else { throw error }
        attempt += 1
      }
    }
  }

  /// The body of a call that succeeded, as it arrives; reading slowly slows the sender down. `ends`: it comes to an end of
  /// its own, and soon.
  func stream(_ request: Request, ends: Bool = false) async throws -> HTTPClientResponse.Body {
    var message = HTTPClientRequest(url: origin + request.path + request.query)
    message.headers.add(name: "Accept", value: request.accept)
    message.headers.add(name: "User-Agent", value: "flightdeck")
    if let token { message.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let seq = request.lastEventID { message.headers.add(name: "Last-Event-ID", value: String(seq)) }
    if let key = request.idempotencyKey { message.headers.add(name: "Idempotency-Key", value: key) }
    if let body = request.body {
      message.method = .POST
      message.headers.add(name: "Content-Type", value: "application/json")
      message.body = .bytes(ByteBuffer(bytes: body))
    }
    let response = try await answer(to: message, ends: ends, patience: request.patience)
    guard (200..<300).contains(response.status.code) else { throw await problem(in: response) }
    return response.body
  }

  /// A kept connection may end just as it is used: what only reads is asked again on another.
  private func answer(
    to message: HTTPClientRequest, ends: Bool, patience own: Duration?
  ) async throws -> HTTPClientResponse {
    try checkPeer()
    let patience = own.map { TimeAmount($0) } ?? patience
    let deadline: NIODeadline = ends ? .now() + patience : .distantFuture
    // The calls' client gives up a connection that says nothing for as long as any call may take.
    let client = ends && own == nil ? calls : streams
    var attempt = 1
    while true {
      do {
        return try await client.execute(message, deadline: deadline)
      } catch {
        let error = translated(error, patience)
        guard error is LinkBroken, message.method == .GET, attempt < 3 else { throw error }
        attempt += 1
      }
    }
  }

  /// A token must not travel in the clear, and a socket that another user has put there is no orchestrator of ours.
  private func checkPeer() throws(Problem) {
    switch address {
    case .unix(let path):
      // What is not there is told of by the attempt to connect.
      guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
        let owner = facts[.ownerAccountID] as? UInt, owner != UInt(geteuid())
      else { return }
      throw Problem(
        .forbidden,
        "The socket \(path) belongs to another user (uid \(owner)), so what answers there is not yours. Start an "
          + "orchestrator of your own, or name one with --connect.")
    case .http:
      guard !address.isLocal else { return }
      throw Problem(
        .forbidden,
        "\(address) is on another machine, where plain HTTP would show your token to everybody between. Use https://, or "
          + "ssh -L.")
    case .https: return
    }
  }

  func next(_ chunks: inout HTTPClientResponse.Body.AsyncIterator) async throws -> ByteBuffer? {
    do { return try await chunks.next(isolation: #isolation) } catch { throw translated(error) }
  }

  /// An answer that cannot be read: another version's, or not an orchestrator at all.
  func unreadable(_ error: any Error, _ path: String) -> Problem {
    Problem(
      .internal,
      "The answer to \(path) from \(address) cannot be read (\(error)). "
        + "Client and orchestrator may be of different versions: see flightdeck doctor.")
  }

  func tooLong(_ path: String) -> Problem {
    Problem(
      .internal,
      "The answer to \(path) from \(address) has no end. Is that an orchestrator? See flightdeck doctor.")
  }

  private func problem(in response: HTTPClientResponse) async -> any Error {
    let code = Problem.Code.allCases.first { $0.httpStatus == Int(response.status.code) } ?? .internal
    let unexplained =
      response.status.code == 401
      ? Problem(.unauthorized, "\(address) wants a token. Name the file that holds yours in FLIGHTDECK_TOKEN_FILE.")
      : Problem(code, "\(address) answered \(response.status.code) \(response.status.reasonPhrase).")
    // What is no problem document, or a page of more than a megabyte, comes from something else than an orchestrator.
    let body: ByteBuffer
    do { body = try await response.body.collect(upTo: 1 << 20) } catch is NIOTooManyBytesError {
      return unexplained
    } catch { return translated(error) }
    if let json = try? JSONValue(parsing: body.readableBytesView), let problem = Problem(json: json) { return problem }
    return unexplained
  }

  private func translated(_ error: any Error, _ own: TimeAmount? = nil) -> any Error {
    if case .https = address, let words = TLSWords.explain(error, at: address) { return words }
    switch error {
    case is CancellationError: return error
    case let error as IOError:
      switch error.errnoCode {
      case ECONNREFUSED, ENOENT, ENOTSOCK, ENOTDIR: return NoOrchestrator(address: address)
      case EACCES, EPERM, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL:
        return NoOrchestrator(address: address, cause: String(cString: strerror(error.errnoCode)))
      default: return LinkBroken(address: address, cause: String(cString: strerror(error.errnoCode)))
      }
    case let error as NIOConnectionError:
      if error.dnsAError != nil, error.dnsAAAAError != nil {
        return NoOrchestrator(address: address, cause: "the name \(error.host) is not known")
      }
      return NoOrchestrator(address: address)
    case let error as HTTPClientError where error == .connectTimeout:
      return NoOrchestrator(address: address, cause: "no answer in 3 s")
    case let error as HTTPClientError where error == .cancelled: return CancellationError()
    case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
      return Problem(
        .unavailable,
        "The orchestrator at \(address) has not answered within \((own ?? patience).nanoseconds / 1_000_000_000) s.")
    case let error as HTTPClientError: return LinkBroken(address: address, cause: error.shortDescription)
    default: return LinkBroken(address: address, cause: "\(error)")
    }
  }
}

extension RunClient {
  /// Makes one event-loop thread serve the whole process, which is what a short command needs; called before the first
  /// client is made, and not in a process that also serves.
  package static func useOneThread() { oneThread }

  /// Set once: a second time is a fault to NIO, and a command may make several clients.
  private static let oneThread: Void = { NIOSingletons.groupLoopCountSuggestion = 1 }()
}
