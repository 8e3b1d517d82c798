import Glibc

@testable import RuntimeAdapters

/// git, as the one who knows what a case is.
enum GitOracle {
  /// What it prints, which goes through the file `output`; nil when it refuses the case, or is not there.
  ///
  /// Files, and no pipes: a program that somebody else starts just then may hold a pipe's end for as long as it runs.
  static func answer(_ arguments: [String], input: String = "/dev/null", output: String) -> [UInt8]? {
    guard CaseFolder.write([], to: output) else { return nil }
    let from = open(input, O_RDONLY | O_CLOEXEC)
    let to = open(output, O_WRONLY | O_CLOEXEC)
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    let child = spawn(
      "/usr/bin/git", ["git"] + arguments,
      environment: ["GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8"], directory: "/",
      input: from, output: to, error: nothing)
    for descriptor in [from, to, nothing] { close(descriptor) }
    var status: CInt = 0
    guard child.failure == 0, waitpid(child.pid, &status, 0) == child.pid, status == 0 else { return nil }
    return CaseFolder.read(output)
  }
}
