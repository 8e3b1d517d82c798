/// Holds what few runs have out of line, so that 100,000 runs without it stay small.
@propertyWrapper
package struct Rare<Value: Sendable & Hashable>: Sendable, Hashable {
  /// At most one.
  private var values: [Value] = []

  package init() {}
  package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  package var wrappedValue: Value? {
    get { values.first }
    set { values = newValue.map { [$0] } ?? [] }
  }
}
