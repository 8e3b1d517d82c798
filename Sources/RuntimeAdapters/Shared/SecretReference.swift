package import RunModel
import Glibc

/// Where a secret is: what is configured, shown and recorded instead of the secret, which is read when it is needed.
package enum SecretReference: Sendable, Hashable {
  /// A variable of the orchestrator's environment.
  case environment(String)
  /// A file of its own, by absolute path; line ends after the secret are not part of it.
  case file(String)

  private static let longest = 65_536

  /// The secret as it is now. Throws a `Problem` that names the place and never what is there.
  package func read(environment: [String: String]) throws(Problem) -> String {
    let found: String
    switch self {
    case .environment(let name):
      guard let value = environment[name] else {
        throw Problem(
          .invalid,
          "The variable \(name), which holds a secret, is not set where the orchestrator runs. Export it there, or name a file with {file: PATH}."
        )
      }
      found = value
    case .file(let path):
      guard let bytes = try Files.read(path, limit: Self.longest + 1) else {
        throw Problem(.invalid, "The file \(path), which is to hold a secret, is not there.")
      }
      guard bytes.count <= Self.longest else {
        throw Problem(.invalid, "The file \(path), which is to hold a secret, is longer than 64 KiB.")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Problem(.invalid, "The file \(path), which is to hold a secret, does not hold text.")
      }
      found = text
    }
    let secret = found.drop(while: \.isNewline).reversed().drop(while: \.isNewline).reversed()
    guard !secret.isEmpty else { throw Problem(.invalid, "The secret in \(place) is empty.") }
    guard !secret.contains("\0") else { throw Problem(.invalid, "The secret in \(place) holds a NUL character.") }
    return String(secret)
  }

  /// What is doubtful about the place, and how to mend it: others may read the file.
  package var warning: String? {
    guard case .file(let path) = self else { return nil }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
    return "Others may read \(path), which holds a secret: chmod 600 '\(path)'."
  }

  /// As a person reads it: `the variable NAME`, `the file PATH`.
  package var place: String {
    switch self {
    case .environment(let name): "the variable \(name)"
    case .file(let path): "the file \(path)"
    }
  }
}

/// What a variable of an agent's environment is set to.
package enum EnvironmentValue: Sendable, Hashable, ExpressibleByStringInterpolation {
  case text(String)
  case secret(SecretReference)

  package init(stringLiteral value: String) { self = .text(value) }

  package func read(environment: [String: String]) throws(Problem) -> String {
    switch self {
    case .text(let text): text
    case .secret(let reference): try reference.read(environment: environment)
    }
  }
}

extension [String: EnvironmentValue] {
  /// The values, secrets read now. `environment` is the operator's.
  package func read(environment: [String: String]) throws(Problem) -> [String: String] {
    var values: [String: String] = [:]
    for (name, value) in self {
      do { values[name] = try value.read(environment: environment) } catch {
        throw Problem(error.code, "\(name) of \"env\" cannot be set. \(error.detail)")
      }
    }
    return values
  }

  /// What is doubtful about the places of the secrets, a sentence each.
  package var warnings: [String] {
    sorted { $0.key < $1.key }.compactMap {
      if case .secret(let reference) = $0.value { reference.warning } else { nil }
    }
  }
}
