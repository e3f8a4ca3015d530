import HTTPTypes
import NIOCore

/// A WebSocket's side of the pipeline: frames in, frames out, signs of life, and the closing handshake.
/// The HTTP side behind it stays in place, unused, until the connection ends.
final class WebSocketHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = Never
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer
  typealias Messages = NIOAsyncSequenceProducer<
    WebSocketMessage, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, ReadAgain
  >

  /// Called when the reader of messages has caught up, or has gone.
  struct ReadAgain: NIOAsyncSequenceProducerDelegate {
    let handler: NIOLoopBound<WebSocketHandler>
    let eventLoop: any EventLoop

    func produceMore() { eventLoop.execute { handler.value.readAgain() } }
    func didTerminate() { eventLoop.execute { handler.value.readAgain() } }
  }

  private enum State {
    case open
    /// Our close frame is sent, the peer's is awaited.
    case closing
    /// Both have said goodbye, or one has lost the right to: what still comes is thrown away.
    case leaving
  }

  private let limits: TransportLimits
  private let ended: EventLoopPromise<Void>
  private var source: Messages.Source?
  private var context: ChannelHandlerContext?
  private var parser: WebSocketParser
  private var buffer = ByteBuffer()
  private var state = State.open
  /// False while the reader of messages is behind.
  private var isReading = true
  private var unsentBytes = 0
  private var waitingSenders: [EventLoopPromise<Void>] = []
  /// The answer to a ping that came while the peer took no bytes; only the latest counts.
  private var owedPong: ByteBuffer?
  private var lastSign = NIODeadline.now()
  private var heartbeat: Scheduled<Void>?
  private var deadline: Scheduled<Void>?

  init(limits: TransportLimits, eventLoop: any EventLoop) {
    self.limits = limits
    parser = WebSocketParser(limits: limits)
    ended = eventLoop.makePromise()
  }

  /// Starts with the bytes that came behind the handshake. Called once, in the pipeline.
  func begin(
    with early: ByteBuffer, inputHasEnded: Bool, request: HTTPRequest
  ) -> WebSocketConnection? {
    guard let context else { return nil }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let made = Messages.makeSequence(
      backPressureStrategy: .init(lowWatermark: 1, highWatermark: limits.unreadMessages),
      finishOnDeinit: false,
      delegate: ReadAgain(handler: bound, eventLoop: context.eventLoop))
    source = made.source
    buffer = early
    rest(.milliseconds(limits.pingMilliseconds), context)
    process(context)
    if inputHasEnded { context.close(promise: nil) } else { context.read() }
    return WebSocketConnection(
      request: request, messages: WebSocketMessages(base: made.sequence), handler: bound,
      eventLoop: context.eventLoop, ended: ended.futureResult)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastSign = .now()
    guard state != .leaving else { return }
    var bytes = unwrapInboundIn(data)
    if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    process(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if isReading || state != .open { context.read() }
  }

  private func readAgain() {
    guard !isReading, let context else { return }
    isReading = true
    lastSign = .now()
    process(context)
    channelReadComplete(context: context)
  }

  private func process(_ context: ChannelHandlerContext) {
    do throws(WebSocketViolation) {
      while state == .closing || (state == .open && isReading),
        let event = try parser.next(in: &buffer)
      {
        switch event {
        case .message(let message):
          if state == .open, case .stopProducing? = source?.yield(message) { isReading = false }
        case .ping(let payload):
          owedPong = payload
          answerPing(context)
        case .pong: break
        case .close(let code):
          if state == .open { send(EncodedMessage.close(code, ""), context) }
          leave(context)
        }
      }
    } catch {
      if state == .open { send(EncodedMessage.close(error.code, error.reason), context) }
      leave(context)
    }
  }

  private func answerPing(_ context: ChannelHandlerContext) {
    guard state == .open, let payload = owedPong, context.channel.isWritable else { return }
    owedPong = nil
    send(EncodedMessage.pong(payload), context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    answerPing(context)
    context.fireChannelWritabilityChanged()
  }

  // MARK: Sending

  /// Writes a message. The future waits while the peer has too much before it, and fails when the
  /// connection closes.
  func send(_ message: EncodedMessage) -> EventLoopFuture<Void> {
    guard state == .open, let context else {
      return ended.futureResult.eventLoop.makeFailedFuture(WebSocketClosed())
    }
    send(message.frame, context)
    guard unsentBytes > limits.unsentBytes else {
      return context.eventLoop.makeSucceededVoidFuture()
    }
    let sender = context.eventLoop.makePromise(of: Void.self)
    waitingSenders.append(sender)
    return sender.futureResult
  }

  private func send(_ frame: ByteBuffer, _ context: ChannelHandlerContext) {
    unsentBytes += frame.readableBytes
    context.writeAndFlush(wrapOutboundOut(frame)).assumeIsolated().whenComplete { _ in
      self.unsentBytes -= frame.readableBytes
      guard self.unsentBytes <= self.limits.unsentBytes / 2 else { return }
      let senders = self.waitingSenders
      self.waitingSenders = []
      for sender in senders { sender.succeed() }
    }
  }

  /// Says goodbye and waits a while for the peer to do so. The second time it does nothing.
  func close(_ code: WebSocketCloseCode, _ reason: String) {
    guard state == .open, let context else { return }
    state = .closing
    send(EncodedMessage.close(code, reason), context)
    end()
    arm(limits.closeMilliseconds, context)
    // The peer's goodbye may stand behind messages that nobody reads any more.
    process(context)
    context.read()
  }

  /// The HTTP side behind this has nothing more to say, and its end is not the connection's.
  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.ioOnClosedChannel)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .all: context.channel.closeFuture.cascade(to: promise)
    case .input, .output: promise?.succeed()
    }
  }

  func triggerUserOutboundEvent(
    context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
  ) {
    if event is BreakOff { context.close(promise: promise) }
  }

  // MARK: Ending

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      close(.goingAway, "the server shuts down")
    } else if case ChannelEvent.inputClosed = event {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// Closes our side, and the connection once the peer has closed its own.
  private func leave(_ context: ChannelHandlerContext) {
    state = .leaving
    buffer.clear()
    end()
    arm(limits.lingerMilliseconds, context)
    context.close(mode: .output, promise: nil)
    context.read()
  }

  /// No message is delivered or taken from here on.
  private func end() {
    if state == .open { state = .leaving }
    heartbeat?.cancel()
    deadline?.cancel()
    source?.finish()
    source = nil
    let senders = waitingSenders
    waitingSenders = []
    for sender in senders { sender.fail(WebSocketClosed()) }
    ended.succeed()
  }

  private func arm(_ milliseconds: Int64, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
      self.context?.close(promise: nil)
    }
  }

  // MARK: Signs of life

  /// Pings the peer, unless bytes already wait for it, and drops it when it is silent for too long.
  private func beat(_ context: ChannelHandlerContext) {
    guard state == .open else { return }
    // A peer that is not read cannot show that it lives.
    if !isReading { lastSign = .now() }
    let patience = TimeAmount.milliseconds(limits.pingMilliseconds + limits.pongMilliseconds)
    let left = lastSign + patience - .now()
    if left <= .zero { return context.close(promise: nil) }
    if context.channel.isWritable { send(EncodedMessage.ping(), context) }
    rest(min(left, .milliseconds(limits.pingMilliseconds)), context)
  }

  private func rest(_ pause: TimeAmount, _ context: ChannelHandlerContext) {
    heartbeat = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
      if let context = self.context { self.beat(context) }
    }
  }
}
