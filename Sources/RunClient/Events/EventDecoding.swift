import RunModel

extension RunEvent {
  /// Reads one event; of an output line that nobody looks at, only what a fold needs (`dropped`).
  init(
    parsing bytes: UnsafeRawBufferPointer, wantsOutput: (@Sendable (RunID) -> Bool)?
  ) throws(JSONError) {
    var reader = JSONReader(bytes)
    self = try RunEvent(from: &reader, wantsOutput: wantsOutput)
    try reader.finish()
  }
}
