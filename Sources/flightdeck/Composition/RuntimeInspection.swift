import FoundationEssentials
import Glibc
import Orchestration
import RunModel

/// Asks runtimes of the configuration whether they would take a run now, without an orchestrator.
struct RuntimeInspection: Sendable {
  let configuration: Configuration
  /// The user's.
  let environment: [String: String]
  var patience: Duration = .seconds(60)

  struct Finding: Sendable, JSONWritable {
    var id: RuntimeID
    var kind: String
    var check: RuntimeCheck?
    /// What is wrong and how to mend it; nil when runs can be taken.
    var problem: String?
    var took: Duration

    func write(to json: inout JSONWriter) {
      json.object { json in
        json.member("runtimeId", id.rawValue)
        json.member("kind", kind)
        json.member("ok", problem == nil)
        json.member("problem", problem)
        json.member("milliseconds", took.milliseconds)
        json.member("check", check)
      }
    }
  }

  /// All at once; the findings come in the order of `runtimes`. `onEnd` is called as each is through.
  func inspect(
    _ runtimes: [RuntimeConfiguration], onEnd: @escaping @Sendable (Finding) -> Void = { _ in }
  ) async throws -> [Finding] {
    // A store of its own: the user's may be another orchestrator's, or not be there yet.
    var template = Array("/tmp/flightdeck-check-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Problem(.unavailable, "Cannot make a folder in /tmp: \(String(cString: strerror(errno))).")
    }
    let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Nothing of worth is in it, and the system clears /tmp.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let setup = RuntimeSetup(state: folder, environment: environment, configuration: configuration)
    var findings: [(Int, Finding)] = []
    await withTaskGroup(of: (Int, Finding).self) { group in
      for (index, runtime) in runtimes.enumerated() {
        group.addTask {
          let finding = await inspect(runtime, setup)
          onEnd(finding)
          return (index, finding)
        }
      }
      for await finding in group { findings.append(finding) }
    }
    return findings.sorted { $0.0 < $1.0 }.map(\.1)
  }

  private func inspect(_ runtime: RuntimeConfiguration, _ setup: RuntimeSetup) async -> Finding {
    let start = ContinuousClock.now
    var finding = Finding(id: runtime.id, kind: "runtime", took: .zero)
    var made: (any AgentRuntime)?
    do {
      let registration = try setup.registration(runtime)
      finding.kind = registration.kind
      made = registration.runtime
      finding.check = try await withThrowingTaskGroup(of: RuntimeCheck.self) { group in
        group.addTask {
          let made = registration.runtime
          if let checkable = made as? any CheckableRuntime { return try await checkable.check() }
          return RuntimeCheck(capabilities: try await made.getCapabilities())
        }
        group.addTask { [patience] in
          try await Task.sleep(for: patience)
          throw Problem(
            .unavailable, "It did not answer within \(patience.components.seconds) s and was ended. See what keeps it.")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
      }
    } catch { finding.problem = (error as? Problem)?.detail ?? "\(error)" }
    await (made as? any RetirableRuntime)?.retire()
    finding.took = start.duration(to: .now)
    return finding
  }
}

extension RuntimeCheck {
  /// What it is and what it can do, on a line; nil when there is nothing to tell.
  var words: String? {
    let all = [agentWords].compactMap { $0 } + features
    return all.isEmpty ? nil : all.joined(separator: "; ")
  }
}
