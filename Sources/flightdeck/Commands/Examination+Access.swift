import Glibc
import HTTPAPI
import RunClient
import RunModel

/// Who can come in, and by what.
extension Examination {
  /// What the orchestrator serves, as it says itself.
  func listening(_ addresses: [String]) -> [Finding] {
    guard !addresses.isEmpty else { return [] }
    let words = addresses.map { text -> String in
      // What cannot be read is shown as it is.
      switch try? ServerAddress(text) {
      case .unix?: "\(text) (this user alone)"
      case .http?: "\(text) (this machine, with a token)"
      case .https?: "\(text) (TLS, with a token)"
      case nil: text
      }
    }
    return [Finding("listens", .fine, words.joined(separator: ", "))]
  }

  func doors(_ paths: Paths, _ configuration: Configuration) -> [Finding] {
    var findings: [Finding] = []
    do throws(Problem) {
      if try TokenFile(paths.token).read() != nil {
        findings.append(Finding("token", .fine, "\(paths.token), yours alone"))
      }
    } catch  where error.code == .forbidden && paths.token != paths.state + "/token" {
      // One that somebody gave us does not come back when it is removed.
      findings.append(
        Finding(
          "token", .wrong, "FLIGHTDECK_TOKEN_FILE names \(paths.token), which is not yours alone",
          remedy: "chmod 600 \(paths.token)"))
    } catch { findings.append(Finding("token", .wrong, error.detail)) }
    if let complaint = openConfiguration(paths, configuration) { findings.append(complaint) }
    findings += certificates(configuration.tls)
    return findings
  }

  private func certificates(_ tls: TLSSettings, now: Timestamp = .now) -> [Finding] {
    var findings: [Finding] = []
    if let certificate = tls.certificate, let key = tls.key {
      do throws(Problem) {
        let loaded = try ServerTLS.load(certificate: certificate, key: key, clientCA: tls.clientCA, now: now)
        let days = (loaded.expires - now).components.seconds / 86_400
        findings.append(
          Finding(
            "certificate", days < 21 ? .doubtful : .fine,
            "\(certificate), good for \(days) days, to \(loaded.expires)"
              + (loaded.isMutual ? "; clients must show one too" : ""),
            remedy: days < 21 ? "Put a new one there and restart flightdeck serve; agents go on meanwhile" : nil))
      } catch { findings.append(Finding("certificate", .wrong, error.detail)) }
    }
    let ca = surroundings.variable("FLIGHTDECK_CA_FILE") ?? tls.ca
    let certificate = surroundings.variable("FLIGHTDECK_CLIENT_CERTIFICATE") ?? tls.clientCertificate
    let key = surroundings.variable("FLIGHTDECK_CLIENT_KEY") ?? tls.clientKey
    if ca != nil || certificate != nil || key != nil {
      do throws(Problem) {
        _ = try ClientTLS.load(ca: ca, certificate: certificate, key: key)
        findings.append(
          Finding("client TLS", .fine, [ca, certificate].compactMap { $0 }.joined(separator: ", ")))
      } catch { findings.append(Finding("client TLS", .wrong, error.detail)) }
    }
    return findings
  }

  /// A configuration that gives agents variables, keys to services among them, is the user's alone.
  private func openConfiguration(_ paths: Paths, _ configuration: Configuration) -> Finding? {
    let hasVariables = configuration.runtimes.contains { runtime in
      switch runtime.kind {
      case .local(let local): !local.env.isEmpty
      case .acp(let acp): !acp.env.isEmpty
      case .bridge(let bridge): !bridge.env.isEmpty
      default: false
      }
    }
    var status = stat()
    guard hasVariables, stat(paths.configuration, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
    return Finding(
      "configuration", .doubtful, "others may read \(paths.configuration), which sets variables for agents",
      remedy: "If any is a secret: chmod 600 \(paths.configuration)")
  }
}
