import AsyncHTTPClient
import Dispatch
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import RunClient
import RunModel

/// HTTP to one agent: calls that end, and streams. Shared by all its runs.
final class A2AWire: Sendable {
  typealias Body = HTTPClientResponse.Body

  /// Bytes of an answer that is no stream, and of a card.
  static let longestAnswer = 64 << 20
  static let longestCard = 1 << 20
  private static let longestTag = 1000

  private let calls: HTTPClient
  private let streams: HTTPClient
  private let configuration: A2ARuntime.Configuration

  init(_ configuration: A2ARuntime.Configuration) throws(A2AFault) {
    self.configuration = configuration
    var client = HTTPClient.Configuration()
    client.httpVersion = .http1Only
    client.redirectConfiguration = .disallow
    client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(64, 2 * configuration.maxParallelTasks)
    client.connectionPool.retryConnectionEstablishment = false
    // Well before servers close what is idle: a message that meets a closing connection may seem to have been taken.
    client.connectionPool.idleTimeout = .seconds(3)
    do { client.tlsConfiguration = try configuration.tls().untyped as? TLSConfiguration } catch {
      throw A2AFault(.notConfigured, "\(error)")
    }
    let connect = min(configuration.callTime, Duration.seconds(5))
    client.timeout = .init(connect: TimeAmount(connect), read: TimeAmount(configuration.quietTime))
    streams = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
    client.timeout.read = TimeAmount(configuration.callTime)
    calls = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
  }

  deinit {
    // It fails only when it is called twice.
    calls.shutdown(queue: .global()) { _ in }
    streams.shutdown(queue: .global()) { _ in }
  }

  /// What is where a card should be.
  enum Card {
    case none
    /// The one that has the tag that was sent.
    case same
    case card([UInt8], tag: String?)
  }

  /// `tag`: of the card that is known from there.
  func card(at address: A2AAddress, unless tag: String?) async throws(A2AFault) -> Card {
    var address = address
    for _ in 0..<4 {
      var request = try request(address, accept: "application/json")
      if let tag { request.headers.add(name: "If-None-Match", value: tag) }
      let response = try await execute(request, at: address, on: calls)
      switch response.status.code {
      case 200:
        let tag = response.headers.first(name: "ETag").flatMap { $0.utf8.count <= Self.longestTag ? $0 : nil }
        return .card(try await whole(response.body, upTo: Self.longestCard, at: address), tag: tag)
      case 304 where tag != nil: return .same
      case 404, 405, 410: return .none
      case 301, 302, 303, 307, 308:
        let target = response.headers.first(name: "Location") ?? ""
        let next =
          target.hasPrefix("/") && !target.hasPrefix("//") ? A2AAddress(address.origin + target) : A2AAddress(target)
        guard let next, next.host == address.host, next.isSecure || !address.isSecure else {
          throw redirected(response, from: address)
        }
        address = next
      default: throw await refusal(response, at: address)
      }
    }
    throw A2AFault(.noCard, "\(address) redirects without an end. Name the agent's own address in \"url\".")
  }

  /// The answer to a call, whole.
  func call(_ body: [UInt8], at address: A2AAddress, version: A2AVersion) async throws(A2AFault) -> [UInt8] {
    let response = try await post(body, at: address, version: version, accept: "application/json", on: calls)
    return try await whole(response.body, upTo: Self.longestAnswer, at: address)
  }

  /// The answer as it comes; `isStream` false when it is one answer and no stream of events.
  func stream(
    _ body: [UInt8], at address: A2AAddress, version: A2AVersion
  ) async throws(A2AFault) -> (body: Body, isStream: Bool) {
    let response = try await post(
      body, at: address, version: version, accept: "text/event-stream, application/json", on: streams)
    let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
    return (response.body, type.hasPrefix("text/event-stream"))
  }

  private func post(
    _ body: [UInt8], at address: A2AAddress, version: A2AVersion, accept: String, on client: HTTPClient
  ) async throws(A2AFault) -> HTTPClientResponse {
    var message = try request(address, accept: accept)
    message.method = .POST
    message.headers.add(name: "Content-Type", value: "application/json")
    message.headers.add(name: "A2A-Version", value: version.rawValue)
    message.body = .bytes(ByteBuffer(bytes: body))
    let response = try await execute(message, at: address, on: client)
    switch response.status.code {
    case 200..<300: return response
    case 300..<400: throw redirected(response, from: address)
    default: throw await refusal(response, at: address)
    }
  }

  private func request(_ address: A2AAddress, accept: String) throws(A2AFault) -> HTTPClientRequest {
    let hasToken = configuration.token != nil
    if let fault = A2ARuntime.Configuration.fault(
      in: address.description, hasToken: hasToken, isInsecure: configuration.isInsecure)
    {
      throw A2AFault(.notConfigured, fault)
    }
    var request = HTTPClientRequest(url: address.path.isEmpty ? address.origin + "/" : address.description)
    request.headers.add(name: "Accept", value: accept)
    request.headers.add(name: "User-Agent", value: "flightdeck")
    guard let read = configuration.token else { return request }
    let token: String
    do { token = try read() } catch { throw A2AFault(.notConfigured, "\(error)") }
    guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw A2AFault(
        .notConfigured,
        "The token for \(address.host) is empty, or has characters in it that no token has. Set it anew.")
    }
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    return request
  }

  private func execute(
    _ request: HTTPClientRequest, at address: A2AAddress, on client: HTTPClient
  ) async throws(A2AFault) -> HTTPClientResponse {
    // The head of a stream must come as soon as any answer; what follows it is bounded by the quiet time.
    let deadline: NIODeadline = client === calls ? .now() + TimeAmount(configuration.callTime) : .distantFuture
    do { return try await client.execute(request, deadline: deadline) } catch { throw fault(error, at: address) }
  }

  func whole(_ body: Body, upTo most: Int, at address: A2AAddress) async throws(A2AFault) -> [UInt8] {
    do { return Array((try await body.collect(upTo: most)).readableBytesView) } catch is NIOTooManyBytesError {
      throw A2AFault(.unreadable, "The answer of \(address) is longer than \(most >> 20) MiB.")
    } catch { throw fault(error, at: address) }
  }

  private func redirected(_ response: HTTPClientResponse, from address: A2AAddress) -> A2AFault {
    let target = A2AAddress.shown(response.headers.first(name: "Location") ?? "nowhere")
    return A2AFault(
      .noCard, "\(address) redirects to \(target), which is not followed. If that is the agent, name it in \"url\".")
  }

  private func refusal(_ response: HTTPClientResponse, at address: A2AAddress) async -> A2AFault {
    let code = Int(response.status.code)
    switch code {
    case 401:
      let way =
        configuration.token == nil
        ? "Give the runtime a \"token\": {env: NAME} or {file: PATH}" : "The token is not one that it takes: renew it"
      return A2AFault(.refused, "\(address.origin) wants to know who asks (401). \(way).")
    case 403:
      return A2AFault(.refused, "\(address.origin) does not let this caller in (403). Ask who runs it for the right.")
    default:
      // An error of JSON-RPC may come with any status; a long body is no error of that kind.
      if let body = try? await response.body.collect(upTo: 1 << 16),
        case .error(let code, let message)? = A2AReader.reply(Array(body.readableBytesView))
      {
        return A2AFault(.rpc(code), "The agent at \(address.origin) answered: \(message) (\(code)).")
      }
      return A2AFault(.http(code), "\(address) answered \(code) \(response.status.reasonPhrase.bounded(80)).")
    }
  }

  func fault(_ error: any Error, at address: A2AAddress) -> A2AFault {
    if let fault = error as? A2AFault { return fault }
    if let tls = TLSFault(error) { return A2AFault(.distrusted, Self.words(tls, address)) }
    switch error {
    case let error as IOError:
      let text = String(cString: strerror(error.errnoCode))
      switch error.errnoCode {
      case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EACCES, EPERM:
        return A2AFault(.unreachable, "Nothing answers at \(address.origin): \(text). Is the agent's server running?")
      default: return A2AFault(.broken, "The link to \(address.origin) broke: \(text).")
      }
    case let error as NIOConnectionError:
      if error.dnsAError != nil, error.dnsAAAAError != nil {
        return A2AFault(.unreachable, "The name \(error.host) is not known. Check \"url\".")
      }
      return A2AFault(.unreachable, "Nothing answers at \(address.origin). Is the agent's server running?")
    case let error as HTTPClientError where error == .connectTimeout:
      return A2AFault(.unreachable, "\(address.origin) does not answer to a connection.")
    case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
      return A2AFault(.broken, "\(address.origin) took the call and said nothing in time.")
    case let error as HTTPClientError:
      return A2AFault(.broken, "The link to \(address.origin) broke: \(error.shortDescription).")
    case is CancellationError: return A2AFault(.broken, "The call was given up.")
    default: return A2AFault(.broken, "The link to \(address.origin) broke: \("\(error)".bounded(200)).")
    }
  }

  private static func words(_ fault: TLSFault, _ address: A2AAddress) -> String {
    let why =
      switch fault {
      case .untrusted:
        "its certificate is not trusted: it was signed by nobody known here, or has expired. For an authority of your own "
          + "name its file in \"ca\""
      case .otherName: "its certificate was made for another name. Use the name in the certificate"
      case .wantsCertificate:
        "it wants a certificate of yours that it trusts. Name the files in \"certificate\" and \"key\""
      case .plain: "it does not speak TLS"
      case .old: "it speaks no TLS 1.2 or newer"
      }
    return "There is no trust between here and \(address.origin): \(why)."
  }
}
