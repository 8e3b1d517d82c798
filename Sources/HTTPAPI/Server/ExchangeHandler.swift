import HTTPTypes
import NIOCore
import NIOHTTP1
import RunModel

/// Holds a connection to its limits, and puts into a problem document what Hummingbird answers malformed HTTP with.
///
/// It stands right behind the HTTP decoder, where `ExchangeInstaller` puts it. What the decoder cannot read, and what does
/// not arrive in time, goes on as a parser's error: Hummingbird then answers the requests before it, and the present one
/// with a bare 400, which is replaced here.
final class ExchangeHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Replacing { case nothing, withProblem, withNothing }

  private let limits: ConnectionLimits
  private let bound: ConnectionBound
  private var machine: ExchangeMachine
  private var admission = ConnectionBound.Admission.welcome
  private var replacing = Replacing.nothing
  private var sawPart = false
  private var endsAfterRequest = false
  private var timer: (task: Scheduled<Void>, at: NIODeadline)?
  private var context: ChannelHandlerContext?

  /// Whether bytes that still come are to be thrown away: nobody reads them, and the decoder would pile them up.
  fileprivate private(set) var isDeaf = false

  init(limits: ConnectionLimits, bound: ConnectionBound, now: NIODeadline) {
    self.limits = limits
    self.bound = bound
    machine = ExchangeMachine(limits, now: now)
  }

  // MARK: - Its life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    admission = bound.admit(context.channel, now: .now())
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.task.cancel()
    timer = nil
    self.context = nil
  }

  private func begin(_ context: ChannelHandlerContext) {
    switch admission {
    case .welcome: break
    case .dropped: context.close(promise: nil)
    case .refused:
      isDeaf = true
      guard machine.refuse(.tooManyConnections, at: .now()) else { return }
      writeRefusal(context)
      context.flush()
      context.close(mode: .output, promise: nil)
      machine.outputClosed(at: .now())
    }
    arm(context)
  }

  // MARK: - In

  /// After the decoder has seen some bytes.
  fileprivate func bytesCame() {
    if !sawPart, !isDeaf, let context {
      machine.partCame(at: .now())
      arm(context)
    }
    sawPart = false
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if machine.refusal != nil { return }
    sawPart = true
    var part = unwrapInboundIn(data)
    switch part {
    case .head(var head):
      machine.headCame(at: .now())
      bound.set(idleSince: nil, of: context.channel)
      // The decoder stops at what might be another protocol from here on; it is none, and the connection ends.
      if head.method == .CONNECT || head.headers.contains(name: "upgrade") {
        endsAfterRequest = true
        head.headers.replaceOrAdd(name: "connection", value: "close")
        part = .head(head)
      }
    case .body(let bytes):
      guard machine.bodyCame(bytes.readableBytes) else { return refuse(.bodyTooLarge, context) }
    case .end:
      machine.requestEnded(at: .now())
      isDeaf = endsAfterRequest
    }
    context.fireChannelRead(wrapInboundOut(part))
    arm(context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let error as HTTPParserError: refuse(Refusal(error), context)
    case is ByteToMessageDecoderError: break  // what comes after an error that has been told
    default: context.fireErrorCaught(error)
    }
  }

  private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    guard machine.refuse(refusal, at: .now()) else { return }
    isDeaf = true
    bound.countMalformed()
    context.fireErrorCaught(HTTPParserError.unknown)
    arm(context)
  }

  // MARK: - Out

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if machine.refusal != nil, head.status == .badRequest, !head.headers.contains(name: "content-type") {
        replacing = machine.mayAnswerRefusal ? .withProblem : .withNothing
        promise?.succeed()
        return
      }
      let type = head.headers.first(name: "content-type")
      machine.answerBegan(
        isStream: type == EventFormat.serverSentEvents.contentType || type == EventFormat.jsonLines.contentType)
      context.write(data, promise: promise)
    case .body:
      if replacing == .nothing { context.write(data, promise: promise) } else { promise?.succeed() }
    case .end:
      let now = NIODeadline.now()
      switch replacing {
      case .nothing: context.write(data, promise: promise)
      case .withProblem:
        writeRefusal(context, promise: promise)
        machine.outputClosed(at: now)
      case .withNothing:
        promise?.succeed()
        machine.outputClosed(at: now)
      }
      machine.answerEnded(at: now)
      if !machine.isBusy { bound.set(idleSince: now, of: context.channel) }
      arm(context)
    }
  }

  private func writeRefusal(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
    guard let refusal = machine.refusal else { return }
    let document = Reply.document(refusal.problem, status: refusal.status)
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: refusal.status.code),
      headers: [
        "Content-Type": "application/problem+json", "Content-Length": String(document.count), "Connection": "close",
        "Cache-Control": "no-store",
      ])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: document)))), promise: nil)
    context.write(wrapOutboundOut(.end(nil)), promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // A client that never closes its side would be there for ever.
    if mode == .output {
      machine.outputClosed(at: .now())
      arm(context)
    }
    context.close(mode: mode, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    machine.writabilityChanged(to: context.channel.isWritable, at: .now())
    arm(context)
    context.fireChannelWritabilityChanged()
  }

  // MARK: - Time

  /// A timer that fires early looks again, so that it is set anew only for an earlier deadline.
  private func arm(_ context: ChannelHandlerContext) {
    guard context.channel.isActive, let deadline = machine.deadline else { return }
    if let timer, timer.at <= deadline { return }
    timer?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
      timer = nil
      switch machine.expiry(at: .now()) {
      case nil: arm(context)
      case .close: context.close(promise: nil)
      case .refuse(let refusal): refuse(refusal, context)
      }
    }
    timer = (task, deadline)
  }
}

/// Tells an `ExchangeHandler` of bytes before the decoder gets them, and keeps from it what nobody will read.
private final class BytesHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let exchange: ExchangeHandler

  init(_ exchange: ExchangeHandler) { self.exchange = exchange }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if exchange.isDeaf { return }
    context.fireChannelRead(data)
    exchange.bytesCame()
  }
}

/// Puts an `ExchangeHandler` where it belongs; handlers of ours are otherwise added behind what they are to see.
final class ExchangeInstaller: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private let limits: ConnectionLimits
  private let bound: ConnectionBound

  init(limits: ConnectionLimits, bound: ConnectionBound) {
    self.limits = limits
    self.bound = bound
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    do {
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      let exchange = ExchangeHandler(limits: limits, bound: bound, now: .now())
      try pipeline.addHandler(exchange, position: .after(decoder))
      try pipeline.addHandler(BytesHandler(exchange), position: .before(decoder))
    } catch {
      // Without its limits a connection is not served.
      context.close(promise: nil)
    }
  }
}
