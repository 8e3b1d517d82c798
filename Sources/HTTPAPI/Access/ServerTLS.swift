import Glibc
package import NIOSSL
import Orchestration
package import RunModel

/// What a server needs for TLS, read and checked: a problem shows at the start, not with the first client.
package struct ServerTLS: Sendable {
  package let configuration: TLSConfiguration
  /// For which the certificate was made.
  package let names: [String]
  package let expires: Timestamp
  /// Whether clients must show a certificate.
  package let isMutual: Bool

  /// Paths of PEM files. Throws a `Problem` that names the file and the way out.
  package static func load(
    certificate: String, key: String, clientCA: String?, now: Timestamp = .now
  ) throws(Problem) -> ServerTLS {
    let chain = try certificates(certificate)
    guard let own = chain.first else {
      throw Problem(.invalid, "\(certificate) holds no certificate. It must be PEM, the server's own first.")
    }
    let expires = Timestamp(milliseconds: Int64(own.notValidAfter) * 1000)
    guard expires > now else {
      throw Problem(.invalid, "The certificate in \(certificate) expired at \(expires). Put a new one there.")
    }
    guard Timestamp(milliseconds: Int64(own.notValidBefore) * 1000) <= now else {
      throw Problem(.invalid, "The certificate in \(certificate) is not valid yet. Look at this machine's clock.")
    }
    let secret = try privateKey(key)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if let clientCA {
      let authorities = try certificates(clientCA)
      guard !authorities.isEmpty else { throw Problem(.invalid, "\(clientCA) holds no certificate. It must be PEM.") }
      configuration.trustRoots = .certificates(authorities)
      // A client has no name to be checked; its chain is.
      configuration.certificateVerification = .noHostnameVerification
    }
    do { _ = try NIOSSLContext(configuration: configuration) } catch {
      throw Problem(
        .invalid, "The key in \(key) does not belong to the certificate in \(certificate), or TLS cannot use them.")
    }
    return ServerTLS(
      configuration: configuration, names: names(of: own), expires: expires, isMutual: clientCA != nil)
  }

  private static func certificates(_ path: String) throws(Problem) -> [NIOSSLCertificate] {
    guard access(path, R_OK) == 0 else { throw unreadable("certificate", path) }
    do { return try NIOSSLCertificate.fromPEMFile(path) } catch {
      throw Problem(.invalid, "\(path) holds no certificate that can be read. It must be PEM.")
    }
  }

  private static func privateKey(_ path: String) throws(Problem) -> NIOSSLPrivateKey {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable("key", path) }
    defer { close(descriptor) }
    guard let status = FileStatus(descriptor: descriptor), status.kind == .file else {
      throw Problem(.invalid, "The key \(path) is not a file.")
    }
    // A key of the system's that a group may read, as Debian's ssl-cert, is kept well; one of our own is ours alone.
    let others: UInt32 = status.owner == getuid() ? 0o077 : 0o027
    guard status.mode & others == 0 else {
      throw Problem(.forbidden, "Others may read the key \(path). Run chmod 600 \(path).")
    }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &bytes, bytes.count)
    do { return try NIOSSLPrivateKey(bytes: Array(bytes.prefix(max(0, count))), format: .pem) } catch {
      throw Problem(.invalid, "\(path) holds no key that can be read. It must be PEM, without a passphrase.")
    }
  }

  private static func unreadable(_ what: String, _ path: String) -> Problem {
    Problem(
      .invalid, "The \(what) \(path) cannot be read: \(String(cString: strerror(errno))). See \"tls\" in config.yaml.")
  }

  /// DNS names and addresses.
  private static func names(of certificate: NIOSSLCertificate) -> [String] {
    certificate._subjectAlternativeNames().compactMap { name in
      let bytes = Array(name.contents)
      switch (name.nameType, bytes.count) {
      case (.dnsName, _): return String(decoding: bytes, as: UTF8.self)
      case (.ipAddress, 4): return bytes.map(String.init).joined(separator: ".")
      case (.ipAddress, 16):
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      default: return nil
      }
    }
  }
}
