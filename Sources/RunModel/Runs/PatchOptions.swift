/// How a run's diff is made.
package struct PatchOptions: Sendable, Hashable {
  /// Unchanged lines around each change, 0…`mostContext`.
  package var context: Int
  /// Lines that differ in white space alone count as the same; such a patch is to be read, not applied.
  package var ignoresWhiteSpace: Bool
  /// The changes from this run's result to the other's, instead of from its own base.
  package var against: RunID?

  package static let usualContext = 3
  package static let mostContext = 1000

  package init(context: Int = usualContext, ignoresWhiteSpace: Bool = false, against: RunID? = nil) {
    self.context = context
    self.ignoresWhiteSpace = ignoresWhiteSpace
    self.against = against
  }
}
