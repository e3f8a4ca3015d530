import NIOCore

/// Closes a connection at once, whatever its state.
struct BreakOff: Sendable {}

/// How a connection begins, runs out of time, and ends.
extension ConnectionGate {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Holds for a TLS handshake as well, and for a peer that never sends anything.
    arm(limits.headMilliseconds) { $0.headTookTooLong($1) }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    if standing == .unheard { context.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    release()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    release()
    // A connection that broke must not make half a body look whole.
    if phase == .exchange, exchange?.requestIsRead == false {
      context.fireErrorCaught(Refusal.badRequest("The connection ended within the body."))
    }
    context.fireChannelInactive()
  }

  private func release() {
    deadline?.cancel()
    drainDeadline?.cancel()
    // An offer that is under way finds nothing left to settle; no other can come.
    offers.finish()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      drain(context)
    } else if case ChannelEvent.inputClosed = event {
      inputEnded(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// Hummingbird closes its side when it has answered the last request.
  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .all where phase == .leaving: context.channel.closeFuture.cascade(to: promise)
    case .all: context.close(promise: promise)
    case .output:
      leave(context)
      promise?.succeed()
    case .input: promise?.succeed()
    }
  }

  func triggerUserOutboundEvent(
    context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
  ) {
    if event is BreakOff { context.close(promise: promise) }
  }

  private func inputEnded(_ context: ChannelHandlerContext) {
    inputHasEnded = true
    switch phase {
    case .idle, .head, .leaving: context.close(promise: nil)
    case .exchange where exchange?.requestIsRead == false:
      refuse(.badRequest("The connection ended within the body."), context)
    case .exchange:
      // Requests that came before are still served.
      if buffer.readableBytes == 0 { noticeEnd(context) }
    case .asking, .upgraded: break
    }
  }

  /// Tells Hummingbird that no request will follow, by which a stream of events learns that its reader
  /// has gone.
  func noticeEnd(_ context: ChannelHandlerContext) {
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  private func drain(_ context: ChannelHandlerContext) {
    isDraining = true
    switch phase {
    case .idle: return context.close(promise: nil)
    case .head where isBetweenRequests: return context.close(promise: nil)
    case .head, .asking, .exchange, .leaving, .upgraded: break
    }
    drainDeadline = schedule(limits.drainMilliseconds) { $1.close(promise: nil) }
  }

  func leave(_ context: ChannelHandlerContext) {
    guard phase != .leaving, phase != .upgraded else { return }
    phase = .leaving
    linger(context)
  }

  /// Sends what is written, then the end, and waits for the peer's.
  func linger(_ context: ChannelHandlerContext) {
    buffer.clear()
    offers.finish()
    arm(limits.lingerMilliseconds) { $1.close(promise: nil) }
    noticeEnd(context)
    let closed = context.eventLoop.makePromise(of: Void.self)
    closed.futureResult.assumeIsolated().whenComplete { _ in
      if self.inputHasEnded { self.context?.close(promise: nil) }
    }
    context.close(mode: .output, promise: closed)
    // What was read ahead is not wanted, but the peer's end is.
    context.read()
  }

  // MARK: Deadlines

  /// Sets the one deadline of the present phase.
  func arm(
    _ milliseconds: Int64, _ act: @escaping (ConnectionGate, ChannelHandlerContext) -> Void
  ) {
    deadline?.cancel()
    deadline = schedule(milliseconds, act)
  }

  private func schedule(
    _ milliseconds: Int64, _ act: @escaping (ConnectionGate, ChannelHandlerContext) -> Void
  ) -> Scheduled<Void>? {
    context?.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
      if let context = self.context { act(self, context) }
    }
  }

  func headTookTooLong(_ context: ChannelHandlerContext) {
    if isBetweenRequests { return context.close(promise: nil) }
    refuse(.headTimeout, context)
  }

  func checkPatience(_ context: ChannelHandlerContext) {
    guard phase == .exchange, let exchange, !exchange.requestIsRead else { return }
    let left = exchange.patience.left(at: .now(), limits: limits)
    if left <= .zero { return refuse(.bodyTimeout, context) }
    arm(max(left.nanoseconds / 1_000_000, 1)) { $0.checkPatience($1) }
  }
}

/// How long a body was waited for. Time in which its reader was not ready does not count.
struct BodyPatience {
  private var bytes: Int64 = 0
  private var waited = TimeAmount.zero
  private var waitingSince: NIODeadline?

  mutating func waits(since now: NIODeadline) { waitingSince = waitingSince ?? now }

  mutating func received(_ count: Int, at now: NIODeadline) {
    bytes += Int64(count)
    if let since = waitingSince { waited = waited + (now - since) }
    waitingSince = nil
  }

  /// Nothing or less when the peer has used up its time.
  func left(at now: NIODeadline, limits: TransportLimits) -> TimeAmount {
    let total = waited + (waitingSince.map { now - $0 } ?? .zero)
    let earned = bytes * 1_000 / limits.slowestBodyBytesPerSecond
    return .milliseconds(limits.bodyGraceMilliseconds + earned) - total
  }
}
