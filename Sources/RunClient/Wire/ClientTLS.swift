import Glibc
import NIOPosix
import NIOSSL
package import RunModel

/// Whom a client trusts, and what it shows of itself.
package struct ClientTLS: Sendable {
  /// For the HTTP clients of this package, a `TLSConfiguration`. It has not that type here, as NIO's modules would come with
  /// it into all that keep one of these, and take the system's C types over from Glibc there.
  package let untyped: any Sendable

  private init(_ configuration: TLSConfiguration) { untyped = configuration }

  /// Nothing else is ever put in.
  var configuration: TLSConfiguration { untyped as? TLSConfiguration ?? Self.minimal }

  /// The system's authorities, and no certificate of one's own.
  package static let standard = ClientTLS(minimal)

  private static var minimal: TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    return configuration
  }

  /// Paths of PEM files: `ca` takes the place of the system's authorities. Throws a `Problem` that names the file.
  package static func load(ca: String?, certificate: String?, key: String?) throws(Problem) -> ClientTLS {
    var configuration = minimal
    if let ca { configuration.trustRoots = .certificates(try certificates(ca)) }
    switch (certificate, key) {
    case (nil, nil): break
    case (let certificate?, let key?):
      configuration.certificateChain = try certificates(certificate).map { .certificate($0) }
      guard access(key, R_OK) == 0 else { throw unreadable(key) }
      do { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)) } catch {
        throw Problem(.invalid, "\(key) holds no key that can be read. It must be PEM, without a passphrase.")
      }
    default: throw Problem(.invalid, "A client's certificate and its key go together: name both files.")
    }
    do { _ = try NIOSSLContext(configuration: configuration) } catch {
      throw Problem(
        .invalid,
        "The key in \(key ?? "") does not belong to the certificate in \(certificate ?? ca ?? ""), or TLS "
          + "cannot use them.")
    }
    return ClientTLS(configuration)
  }

  private static func certificates(_ path: String) throws(Problem) -> [NIOSSLCertificate] {
    guard access(path, R_OK) == 0 else { throw unreadable(path) }
    let found: [NIOSSLCertificate]
    do { found = try NIOSSLCertificate.fromPEMFile(path) } catch {
      throw Problem(.invalid, "\(path) holds no certificate that can be read. It must be PEM.")
    }
    guard !found.isEmpty else { throw Problem(.invalid, "\(path) holds no certificate. It must be PEM.") }
    return found
  }

  private static func unreadable(_ path: String) -> Problem {
    Problem(.invalid, "\(path) cannot be read: \(String(cString: strerror(errno))).")
  }
}

/// What went wrong with TLS.
package enum TLSFault: Sendable, Hashable {
  case untrusted, otherName, wantsCertificate, plain, old

  /// Nil for an error that is none of TLS's, or that says nothing a person could mend.
  package init?(_ error: any Error) {
    // async-http-client tells of a failed handshake as of a failed connection.
    if let error = error as? NIOConnectionError {
      guard let fault = error.connectionErrors.lazy.compactMap({ TLSFault($0.error) }).first else { return nil }
      self = fault
      return
    }
    guard error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError else { return nil }
    let text = "\(error)".uppercased()
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    if says("CERTIFICATE_VERIFY_FAILED", "SELF_SIGNED") {
      self = .untrusted
    } else if says("HOSTNAME", "IMPOSSIBLE") {
      self = .otherName
    } else if says("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_EXPIRED")
    {
      self = .wantsCertificate
    } else if says("WRONG_VERSION_NUMBER", "HTTP_REQUEST") {
      self = .plain
    } else if says("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL") {
      self = .old
    } else {
      return nil
    }
  }
}

/// What went wrong with TLS, as a person would say it.
enum TLSWords {
  /// Nil for an error that is none of TLS's.
  static func explain(_ error: any Error, at address: ServerAddress) -> Problem? {
    guard let fault = TLSFault(error) else { return nil }
    let why =
      switch fault {
      case .untrusted:
        "its certificate is not trusted: it was signed by nobody known here, or has expired. For an authority of your own "
          + "name its file in FLIGHTDECK_CA_FILE, or in tls.ca of config.yaml"
      case .otherName: "its certificate was made for another name. Use the name in the certificate"
      case .wantsCertificate:
        "it wants a certificate of yours that it trusts. Name the files in FLIGHTDECK_CLIENT_CERTIFICATE and "
          + "FLIGHTDECK_CLIENT_KEY, or in tls of config.yaml"
      case .plain: "it does not speak TLS. Use http:// on this machine, or let it listen on https://"
      case .old: "it speaks no TLS 1.2 or newer"
      }
    return Problem(.unauthorized, "There is no trust between here and \(address): \(why).")
  }
}
