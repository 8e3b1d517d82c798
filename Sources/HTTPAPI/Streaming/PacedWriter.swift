import Hummingbird
import NIOCore
import RunModel

/// Writes to a response no faster than the client takes it, piece by piece, and lets go of one that takes nothing.
///
/// A write alone does not wait: off the event loop it only queues, and a producer that outruns a busy loop grows to
/// gigabytes. So after each write the loop is waited for once; the next write then sees whether the socket is full.
/// `@concurrent` throughout, as Hummingbird's writers are not Sendable and its functions run there.
struct PacedWriter {
  private var writer: any ResponseBodyWriter
  private let channel: any Channel
  private let patience: TimeAmount
  private let stalls: Stalls?

  /// `patience`: how long a client may take for one piece before its connection is closed, which `stalls` counts.
  init(
    writer: any ResponseBodyWriter, channel: any Channel, patience: Duration = Bounds.stall, stalls: Stalls? = nil
  ) {
    self.writer = writer
    self.channel = channel
    self.patience = .milliseconds(patience.milliseconds)
    self.stalls = stalls
  }

  @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
    var rest = buffer
    while let piece = rest.readSlice(length: min(Bounds.piece, rest.readableBytes)), piece.readableBytes > 0 {
      let overdue = channel.eventLoop.scheduleTask(in: patience) { [channel, stalls] in
        stalls?.add()
        channel.close(promise: nil)
      }
      defer { overdue.cancel() }
      try await writer.write(piece)
      try await channel.eventLoop.submit {}.get()
    }
  }
}
