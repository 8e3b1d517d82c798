import RunModel

/// The audit screen: the part of the trail that is read, and where the person is in it.
struct AuditPage: Sendable {
  var cursor = 0
}
