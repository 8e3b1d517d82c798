import Hummingbird
import NIOCore

/// Writes to a response no faster than the client takes it.
///
/// A write alone does not wait: off the event loop it only queues, and a producer that outruns a busy loop grows to
/// gigabytes. So after each write the loop is waited for once; the next write then sees whether the socket is full.
/// `@concurrent` throughout, as Hummingbird's writers are not Sendable and its functions run there.
struct PacedWriter {
  private var writer: any ResponseBodyWriter
  private let channel: any Channel

  init(writer: any ResponseBodyWriter, channel: any Channel) {
    self.writer = writer
    self.channel = channel
  }

  @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
    if buffer.readableBytes == 0 { return }
    try await writer.write(buffer)
    try await channel.eventLoop.submit {}.get()
  }
}
