import Orchestration
import RunClient
import RunModel

/// The audit trail as the dashboard shows it: read from its first record on, every link and hash checked here and not
/// taken from the orchestrator's word.
enum AuditReading {
  /// With a run, that run's records; else the whole trail's. The latest `limit` of them are kept.
  static func read(_ client: RunClient, run: RunID?, limit: Int) async throws -> AuditTrail {
    var trail = AuditTrail()
    var verifier = AuditChain.Verifier()
    for try await lines in try await client.audit(run: run?.description) {
      for line in lines {
        if trail.broken == nil {
          do { try verifier.check(line.json) } catch {
            trail.broken = error.reason
            trail.brokenAt = error.seq
          }
        }
        if let record = line.record { trail.records.append(record) }
      }
      if trail.records.count > 2 * limit { trail.records.removeFirst(trail.records.count - limit) }
    }
    if trail.records.count > limit { trail.records.removeFirst(trail.records.count - limit) }
    trail.checked = verifier.count
    return trail
  }
}
