/// All that is fuzzed.
enum FuzzTargets {
  static let all =
    JSONTargets.all + StreamTargets.all + TerminalTargets.all + PatchTargets.all + IndexTargets.all + SearchTargets.all
    + FileTargets.all
    + LifeTargets.all + ProfileTargets.all + WireTargets.all + ACPTargets.all
    + AuditTargets.all
}
