import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Between a socket and Hummingbird. Bytes become checked requests, of which the next is looked at only
/// once the one before is answered; responses become bytes. Whatever takes too long, is too much or
/// malformed is answered here.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = ByteBuffer

  enum Phase {
    /// Nothing of the next request has come.
    case idle
    /// Some of its head has, or shall soon: a connection begins here.
    case head
    /// It wants a WebSocket, and whether it may is being asked.
    case asking
    /// It is with its responder.
    case exchange
    /// The last response is written; what still comes is thrown away.
    case leaving
    case upgraded
  }

  /// The request at hand and its response.
  struct Exchange {
    let request: CheckedRequest
    var requestIsRead = false
    var responseIsWritten = false
    var encoder: ResponseEncoder
    var patience = BodyPatience()

    init(_ request: CheckedRequest) {
      self.request = request
      encoder = ResponseEncoder(to: request)
    }
  }

  /// What the number of open connections leaves for this one.
  enum Standing {
    case served
    /// One too many: it is only here to be told so.
    case turnedAway
    /// Far too many: it is closed unheard.
    case unheard
  }

  let limits: TransportLimits
  let origin: Origin
  let standing: Standing
  let offers: AsyncStream<UpgradeOffer>.Continuation

  var context: ChannelHandlerContext?
  private var parser: RequestParser
  var buffer = ByteBuffer()
  var phase = Phase.head
  var exchange: Exchange?
  var deadline: Scheduled<Void>?
  var drainDeadline: Scheduled<Void>?
  var isDraining = false
  var inputHasEnded = false
  /// A read that was asked for while the peer was too far ahead of its responses.
  private var owesRead = false
  private var lingeredBytes = 0

  init(
    limits: TransportLimits, origin: Origin, standing: Standing,
    offers: AsyncStream<UpgradeOffer>.Continuation
  ) {
    self.limits = limits
    self.origin = origin
    self.standing = standing
    self.offers = offers
    parser = RequestParser(limits: limits, isSecure: origin.isSecure)
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch phase {
    case .leaving:
      lingeredBytes += bytes.readableBytes
      if lingeredBytes > limits.lingerBytes { context.close(promise: nil) }
    case .upgraded: break
    case .idle, .head, .asking, .exchange:
      exchange?.patience.received(bytes.readableBytes, at: .now())
      if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
      parse(context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    // Hummingbird reads no more then, but what is not read before the end resets the connection.
    if phase == .leaving { context.read() }
  }

  /// While a response is owed, only so much is read ahead that a peer's leaving is noticed.
  func read(context: ChannelHandlerContext) {
    if isConsuming {
      exchange?.patience.waits(since: .now())
    } else if phase != .leaving, buffer.readableBytes >= limits.pipelinedBytes {
      owesRead = true
      return
    }
    context.read()
  }

  /// Whether nothing has come that was not answered, or is being.
  var isBetweenRequests: Bool { buffer.readableBytes == 0 && parser.isBetweenRequests }

  private var isConsuming: Bool {
    switch phase {
    case .idle, .head: true
    case .exchange: exchange?.requestIsRead == false
    case .asking, .leaving, .upgraded: false
    }
  }

  private func parse(_ context: ChannelHandlerContext) {
    do throws(Refusal) {
      while isConsuming, let part = try parser.next(in: &buffer) {
        switch part {
        case .head(let request): judge(request, context)
        case .body(let bytes): context.fireChannelRead(wrapInboundOut(.body(bytes)))
        case .end: requestWasRead(context)
        }
      }
    } catch {
      refuse(error, context)
    }
    if phase == .idle, !isBetweenRequests {
      phase = .head
      arm(limits.headMilliseconds) { $0.headTookTooLong($1) }
    }
  }

  private func judge(_ request: CheckedRequest, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    var request = request
    let fields = request.request.headerFields
    request.request.headerFields[.passedOn] = fields[.forwardedFor] == nil ? nil : "yes"
    request.request.headerFields[.forwardedFor] = origin.peer(of: fields)
    exchange = Exchange(request)
    if standing == .turnedAway {
      refuse(.tooManyConnections(retryAfterSeconds: limits.retryAfterSeconds), context)
    } else if request.asksForWebSocket, !isDraining {
      phase = .asking
      arm(limits.admissionMilliseconds) { $0.refuse(.admissionTimeout, $1) }
      offers.yield(offer(for: request.request, context))
    } else {
      passOn(request, context)
    }
  }

  private func passOn(_ request: CheckedRequest, _ context: ChannelHandlerContext) {
    phase = .exchange
    if request.expectsContinue {
      context.writeAndFlush(wrapOutboundOut(ResponseEncoder.goOn), promise: nil)
    }
    context.fireChannelRead(wrapInboundOut(.head(request.request)))
    if request.hasBody {
      exchange?.patience.waits(since: .now())
      arm(limits.bodyGraceMilliseconds) { $0.checkPatience($1) }
    }
  }

  private func requestWasRead(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelRead(wrapInboundOut(.end(nil)))
    exchange?.requestIsRead = true
    if inputHasEnded, buffer.readableBytes == 0 { noticeEnd(context) }
    if exchange?.responseIsWritten == true { proceed(context) }
  }

  /// The exchange is complete: on to the next one.
  private func proceed(_ context: ChannelHandlerContext) {
    exchange = nil
    phase = .idle
    if isDraining { return leave(context) }
    arm(limits.idleMilliseconds) { $1.close(promise: nil) }
    resume(context)
    if inputHasEnded, phase == .idle || phase == .head { leave(context) }
  }

  /// Goes on with what was read ahead, outside of a read.
  private func resume(_ context: ChannelHandlerContext) {
    parse(context)
    context.fireChannelReadComplete()
    if owesRead {
      owesRead = false
      context.read()
    }
  }

  // MARK: Writing

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard phase == .exchange, var exchange, !exchange.responseIsWritten else {
      // The request was refused meanwhile; its responder need not know.
      promise?.succeed()
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(let response):
      let bytes = exchange.encoder.head(response, isLast: isDraining)
      self.exchange = exchange
      context.write(wrapOutboundOut(bytes), promise: promise)
    case .body(let content):
      context.write(wrapOutboundOut(exchange.encoder.body(content)), promise: promise)
    case .end:
      exchange.responseIsWritten = true
      self.exchange = exchange
      context.writeAndFlush(wrapOutboundOut(exchange.encoder.end()), promise: promise)
      if !exchange.encoder.keepsAlive {
        leave(context)
      } else if exchange.requestIsRead {
        proceed(context)
      }
    }
  }

  /// Answers the request at hand, or the bytes that are none, and leaves. A response that has begun
  /// cannot be taken back: then the connection just breaks off.
  func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    guard phase != .leaving, phase != .upgraded else { return }
    let wasPassedOn = phase == .exchange
    phase = .leaving
    // Whoever reads the body must not take it for whole.
    if wasPassedOn { context.fireErrorCaught(refusal) }
    if let exchange, exchange.encoder.hasBegun {
      return exchange.responseIsWritten ? linger(context) : context.close(promise: nil)
    }
    var encoder = ResponseEncoder(to: exchange?.request)
    let (head, body) = refusal.response
    context.write(wrapOutboundOut(encoder.head(head, isLast: true)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(encoder.body(ByteBuffer(bytes: body))), promise: nil)
    linger(context)
  }

  // MARK: Upgrading

  /// Performs what was decided about the request that wants a WebSocket.
  ///
  /// - Returns: nil when there is no connection to upgrade any more, or the request was answered.
  func settle(admitted: Bool) -> WebSocketConnection? {
    guard phase == .asking, let context, let request = exchange?.request else { return nil }
    deadline?.cancel()
    guard admitted else {
      passOn(request, context)
      resume(context)
      return nil
    }
    do {
      let accept = try WebSocketHandshake.accept(request.request.headerFields)
      return try upgrade(request.request, accept, context)
    } catch let refusal as Refusal {
      refuse(refusal, context)
    } catch {
      context.fireErrorCaught(error)
      context.close(promise: nil)
    }
    return nil
  }

  /// Hummingbird is told that no more requests come; it then waits for the connection's end.
  private func upgrade(
    _ request: HTTPRequest, _ accept: HTTPFields, _ context: ChannelHandlerContext
  ) throws -> WebSocketConnection? {
    let head = ResponseEncoder.bytes(.switchingProtocols, accept)
    context.writeAndFlush(wrapOutboundOut(head), promise: nil)
    try context.channel.syncOptions?.setOption(.autoRead, value: false)
    phase = .upgraded
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    let handler = WebSocketHandler(limits: limits, eventLoop: context.eventLoop)
    let pipeline = context.pipeline.syncOperations
    try pipeline.addHandler(handler, position: .after(self))
    let (early, inputHasEnded) = (buffer, inputHasEnded)
    pipeline.removeHandler(self, promise: nil)
    return handler.begin(with: early, inputHasEnded: inputHasEnded, request: request)
  }
}
