import Foundation

/// An authority and what it has signed, made anew by openssl for each test: no key lies in the repository.
package struct Certificates: Sendable {
  package let folder: String

  /// Files that are there: `ca.pem`, `server.pem` and `.key` (for localhost and 127.0.0.1), `client.pem` and `.key`, `old.pem`
  /// (which has expired; its key is `old.key`), `stranger.pem` and `.key` (signed by nobody but itself).
  package init(in folder: String) throws {
    self.folder = folder
    let script = """
      set -e; cd "$1"; umask 077
      new() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj /CN=$1; }
      sign() { openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out $1.pem -extfile $2; }
      self() {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem -days 30 \\
          -subj /CN=$1 -addext subjectAltName=DNS:localhost
      }
      self ca; self stranger
      printf 'subjectAltName=DNS:localhost,DNS:*.wild.example,IP:127.0.0.1,IP:::1\\n' > server.ext
      printf 'extendedKeyUsage=clientAuth\\n' > client.ext
      new server; sign server server.ext; new client; sign client client.ext; new old
      printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\nserial=ser\\ndefault_md=sha256\\npolicy=p\\n' > ca.cnf
      printf 'new_certs_dir=.\\n[p]\\ncommonName=supplied\\n' >> ca.cnf
      : > index; echo 01 > ser
      openssl ca -batch -config ca.cnf -in old.csr -out old.pem -notext -keyfile ca.key -cert ca.pem \\
        -startdate 20200101000000Z -enddate 20200102000000Z
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", script, "certificates", folder]
    let log = folder + "/openssl.log"
    guard FileManager.default.createFile(atPath: log, contents: nil) else {
      throw Failure(description: "No file can be made in \(folder).")
    }
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "openssl: \(try String(contentsOfFile: log, encoding: .utf8))")
    }
  }

  package struct Failure: Error, CustomStringConvertible { package let description: String }

  package func path(_ name: String) -> String { "\(folder)/\(name)" }
}
