import ArgumentParser
import FoundationEssentials
import RunClient
import RunModel

/// `--state`, shared by every command, before or after its name.
struct StoreOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store's folder (default: $XDG_STATE_HOME/flightdeck; or FLIGHTDECK_STATE).", valueName: "dir"),
    completion: .directory)
  var state: String?
}

/// `--config`, shared likewise.
struct ConfigurationOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The configuration file (default: $XDG_CONFIG_HOME/flightdeck/config.yaml; or FLIGHTDECK_CONFIG).",
      valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?
}

/// `--connect`, shared likewise.
struct ConnectOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The orchestrator: unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT (or FLIGHTDECK_CONNECT).",
      valueName: "address"))
  var connect: String?

  func validate() throws {
    if let connect { _ = try Self.address(connect) }
  }

  static func address(_ text: String) throws -> ServerAddress {
    do { return try ServerAddress(text) } catch { throw ValidationError(error.detail) }
  }
}

/// What a command that talks to an orchestrator needs.
struct LinkOptions: ParsableArguments {
  @OptionGroup var connection: ConnectOption
  @OptionGroup var store: StoreOption

  /// Runs `body` with a client and lets go of it whatever happens.
  func withClient<Result: Sendable>(_ body: (RunClient) async throws -> Result) async throws -> Result {
    RunClient.useOneThread()
    let environment = ProcessInfo.processInfo.environment
    let paths = try Paths(environment: environment, state: store.state)
    let client = try Link.client(connect: connection.connect, paths: paths, environment: environment)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw Link.explained(error, paths)
    }
  }
}

struct JSONOption: ParsableArguments {
  @Flag(help: "Print one JSON value and nothing else.")
  var json = false
}

/// Which orchestrator, and how to speak to it.
enum Link {
  static func address(connect: String?, paths: Paths, environment: [String: String]) throws -> ServerAddress {
    let named = connect ?? environment["FLIGHTDECK_CONNECT"].flatMap { $0.isEmpty ? nil : $0 }
    return try named.map(ConnectOption.address) ?? paths.address
  }

  static func client(connect: String?, paths: Paths, environment: [String: String]) throws -> RunClient {
    let address = try address(connect: connect, paths: paths, environment: environment)
    if case .unix = address { return RunClient(address) }
    // Only for TCP is there anything in the configuration that a command needs.
    let configuration = try ConfigurationFile.load(paths)
    let known = configuration.orchestrators.first { $0.address == address }
    let token = try token(for: address, TokenPlace(known, paths, environment))
    return RunClient(
      address, token: token, tls: try tls(for: address, configuration.tls, known, environment))
  }

  /// Where a token is looked for, and who said so; nobody did for the store's own, which need not be there.
  struct TokenPlace {
    var file: String
    var namedBy: String?

    /// The environment wins over what the configuration says of this orchestrator, that over the store's own.
    init(_ known: OrchestratorConfiguration?, _ paths: Paths, _ environment: [String: String]) {
      if environment["FLIGHTDECK_TOKEN_FILE"].map({ !$0.isEmpty }) ?? false {
        (file, namedBy) = (paths.token, "FLIGHTDECK_TOKEN_FILE names")
      } else if let known, let own = known.tokenFile {
        (file, namedBy) = (own, "The configuration's tokenFile of \(known.name) is")
      } else {
        file = paths.token
      }
    }
  }

  /// With the way out, where the store knows more than the address tells.
  static func explained(_ error: any Error, _ paths: Paths) -> any Error {
    guard var none = error as? NoOrchestrator else { return error }
    none.wayOut = none.wayOut ?? ListeningNote(state: paths.state).wayOut(from: none.address)
    return none
  }

  /// The environment wins over what the configuration says of this orchestrator, that over what it says of all.
  static func tls(
    for address: ServerAddress, _ settings: TLSSettings, _ known: OrchestratorConfiguration?,
    _ environment: [String: String]
  ) throws -> ClientTLS {
    guard case .https = address else { return .standard }
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let ca = variable("FLIGHTDECK_CA_FILE") ?? known?.ca ?? settings.ca
    var certificate = variable("FLIGHTDECK_CLIENT_CERTIFICATE")
    var key = variable("FLIGHTDECK_CLIENT_KEY")
    if certificate == nil, key == nil {
      (certificate, key) =
        known?.certificate != nil ? (known?.certificate, known?.key) : (settings.clientCertificate, settings.clientKey)
    }
    if ca == nil, certificate == nil, key == nil { return .standard }
    return try ClientTLS.load(ca: ca, certificate: certificate, key: key)
  }

  /// The token for TCP; nil for a Unix socket, which needs none, and when there is no file, where the server will say so.
  /// The store's own, which nobody named, is for this machine: no other is shown it, whoever answers there.
  static func token(for address: ServerAddress, _ place: TokenPlace) throws -> String? {
    if case .unix = address { return nil }
    let file = place.file
    if place.namedBy == nil, !address.isLocal || !FileManager.default.fileExists(atPath: file) { return nil }
    let text: String
    do throws(Problem) { text = String(decoding: try WholeFile.read(file), as: UTF8.self) } catch {
      guard let namedBy = place.namedBy else { throw error }
      throw Problem(
        .invalid,
        "\(namedBy) \(file). \(error.detail) Put your token there, readable for you alone, or name the file that holds it; "
          + "an admin makes one with flightdeck token create.")
    }
    let token = text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    guard let token, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Problem(.invalid, "\(file) does not hold a token.")
    }
    return token
  }
}

extension RunStatus: ExpressibleByArgument {}
extension Capability: ExpressibleByArgument {}
extension Contract.Risk: ExpressibleByArgument {}
